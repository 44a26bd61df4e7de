// Package mailbox opens mailboxes on IMAP servers (RFC 9051, RFC 3501), and adds
// to go-imap what it leaves to whoever uses it: verified TLS by default, an end
// to every wait, folders that may be missing, moves on servers that know no MOVE,
// and what an error means.
//
// [Server.Open] gives a [Session]; its commands are go-imap's own, run inside of
// [Session.Do].
package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/postel-mail/postel/smsengine/phone"
)

// Security is how the way to a server is protected.
type Security string

// The ways. With Implicit and StartTLS a server without TLS, or with a
// certificate that is not its own, is told no password.
const (
	Implicit Security = "implicit" // TLS from the first octet (RFC 8314)
	StartTLS Security = "starttls"
	Plain    Security = "none"
)

// Server is how an IMAP server is reached.
type Server struct {
	Address  string         // host:port; the host is the name in its certificate
	Security Security       // "": Implicit
	Roots    *x509.CertPool // who vouches for its certificate; nil: the system's
	// Patience is how long the server may be silent while something is expected of
	// it; 0: 1 minute.
	Patience time.Duration
}

// Open connects and logs in. news hears what the server says of its own accord
// about the folder that is selected; it may be nil. A login that the server
// refuses is an error that [LoginRefused] knows.
func (s Server) Open(ctx context.Context, user string, password phone.Secret, news *imapclient.UnilateralDataHandler) (*Session, error) {
	l, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	n := &Session{line: l}
	err = n.Do(ctx, func() error {
		if err := n.greet(s, news); err != nil {
			return err
		}
		return n.login(user, password)
	})
	if err != nil {
		n.cut()
		return nil, err
	}
	return n, nil
}

func (s Server) dial(ctx context.Context) (*line, error) {
	patience := cmp.Or(s.Patience, time.Minute)
	raw, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	return &line{Conn: raw, patience: patience}, nil
}

// greet begins TLS, where it is wanted, and waits for the greeting.
func (n *Session) greet(s Server, news *imapclient.UnilateralDataHandler) error {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: s.Roots}
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: news}
	switch cmp.Or(s.Security, Implicit) {
	case Plain:
		n.Client = imapclient.New(n.line, options)
	case StartTLS:
		if n.Client, err = imapclient.NewStartTLS(n.line, options); err != nil {
			return err
		}
	case Implicit:
		secure := tls.Client(n.line, config)
		if err := secure.Handshake(); err != nil {
			return err
		}
		n.Client = imapclient.New(secure, options)
	default:
		return fmt.Errorf("security %q is none of implicit, starttls, none", s.Security)
	}
	return n.WaitGreeting()
}

// login says who we are: by SASL PLAIN where the server offers it, which takes
// any octets, else by LOGIN.
func (n *Session) login(user string, password phone.Secret) error {
	caps := n.Caps()
	var err error
	switch {
	case n.State() == imap.ConnStateAuthenticated: // PREAUTH
	case caps.Has(imap.AuthCap(sasl.Plain)):
		err = n.Authenticate(sasl.NewPlainClient("", user, password.Reveal()))
	case caps.Has(imap.CapLoginDisabled):
		return fmt.Errorf("the server takes no password over this connection")
	default:
		err = n.Login(user, password.Reveal()).Wait()
	}
	if err != nil {
		return refusedLogin(err)
	}
	// Until it is asked for, a server of both revisions speaks the older one, whose
	// folder names are written otherwise; go-imap takes it for the newer.
	if caps := n.Caps(); caps.Has(imap.CapIMAP4rev2) && caps.Has(imap.CapIMAP4rev1) {
		_, err = n.Enable(imap.CapIMAP4rev2).Wait()
	}
	return err
}
