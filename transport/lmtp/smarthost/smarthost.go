// Package smarthost hands mail on to another mail server, which delivers it: a
// client of SMTP that keeps nothing.
//
// A [Transfer] is one mail. It is begun when the client of ours names its first
// recipient that is no phone, so that the smarthost's word on each recipient
// reaches the client as the reply to that recipient, and ends with Send, whose
// answer is the client's answer. There is no queue: what the smarthost did not
// take, the client keeps.
//
// Errors are replies for the client (*smtp.SMTPError): the smarthost's own, but
// for those that are about us and not about the mail.
package smarthost

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Security is how the way to the smarthost is protected.
type Security string

// The ways. With StartTLS and TLS a smarthost without TLS, or with a certificate
// that is not its own, gets no mail.
const (
	Plain    Security = "none"
	StartTLS Security = "starttls"
	TLS      Security = "tls" // from the first octet
)

// Options are what a Host is made of.
type Options struct {
	Address  string         // "smtp:host:port" or "smtp:unix:/path"
	Security Security       // "": Plain
	Roots    *x509.CertPool // who vouches for its certificate; nil: the system's
	User     string         // "": no login
	Password string
	Name     string        // ours, for EHLO; "": localhost
	Timeout  time.Duration // for connecting and for each command; 0: 1 minute
	Final    time.Duration // for the answer to a mail; 0: 5 minutes
}

// Host is a smarthost. It is safe for concurrent use.
type Host struct {
	o                Options
	network, address string
	name             string // in its certificate
}

// New makes a Host. It connects when there is mail.
func New(o Options) (*Host, error) {
	h := &Host{o: o, network: "tcp"}
	h.o.Name = cmp.Or(o.Name, "localhost")
	h.o.Timeout = cmp.Or(o.Timeout, time.Minute)
	h.o.Final = cmp.Or(o.Final, 5*time.Minute)
	h.o.Security = cmp.Or(o.Security, Plain)
	switch h.o.Security {
	case Plain, StartTLS, TLS:
	default:
		return nil, fmt.Errorf("smarthost: security %q is none of none, starttls, tls", o.Security)
	}
	address, ok := strings.CutPrefix(o.Address, "smtp:")
	if path, isUnix := strings.CutPrefix(address, "unix:"); ok && isUnix && filepath.IsAbs(path) {
		h.network, h.address, h.name = "unix", path, "localhost"
		return h, nil
	}
	host, port, err := net.SplitHostPort(address)
	if !ok || err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("smarthost %q: want smtp:host:port or smtp:unix:/path", o.Address)
	}
	h.address, h.name = address, host
	return h, nil
}

// String is the address of the smarthost.
func (h *Host) String() string { return h.o.Address }

// conn is a connection to the smarthost that is ready for a mail.
type conn struct {
	*smtp.Client
	raw net.Conn
}

// dial connects, secures the connection and logs in. The connection is cut when
// ctx ends.
func (h *Host) dial(ctx context.Context) (*conn, error) {
	dialer := net.Dialer{Timeout: h.o.Timeout}
	raw, err := dialer.DialContext(ctx, h.network, h.address)
	if err != nil {
		return nil, unreachable
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	c, err := h.greet(raw)
	if err != nil {
		_ = raw.Close()
		return nil, about(err)
	}
	return c, nil
}

func (h *Host) greet(raw net.Conn) (*conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: h.name, RootCAs: h.o.Roots}
	c := &conn{raw: raw}
	if err := raw.SetDeadline(time.Now().Add(h.o.Timeout)); err != nil {
		return nil, err
	}
	switch h.o.Security {
	case TLS:
		secure := tls.Client(raw, config)
		if err := secure.Handshake(); err != nil {
			return nil, err
		}
		c.Client = smtp.NewClient(secure)
	case StartTLS:
		client, err := smtp.NewClientStartTLS(raw, config)
		if err != nil {
			return nil, err
		}
		c.Client = client
	default:
		c.Client = smtp.NewClient(raw)
	}
	c.CommandTimeout, c.SubmissionTimeout = h.o.Timeout, h.o.Final
	if err := c.Hello(h.o.Name); err != nil {
		return nil, err
	}
	if h.o.User == "" {
		return c, nil
	}
	return c, c.Auth(sasl.NewPlainClient("", h.o.User, h.o.Password))
}

// What the client hears of trouble between us and the smarthost. But for
// addresses that the smarthost cannot take, nothing is wrong with its mail, and
// it is to try again.
var (
	unreachable = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 1}, Message: "the server for other mail cannot be reached, try again later"}
	lost        = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "the connection to the server for other mail was lost, try again later"}
	asciiOnly   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "the server for other mail takes addresses in ASCII only"}
	unsuitable  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 5}, Message: "the server for other mail does not work with this one; its administrator must look into it"}
)

// about is what a failure before the first mail means: it is about us.
func about(err error) error {
	if _, isReply := errors.AsType[*smtp.SMTPError](err); isReply {
		return unsuitable
	}
	if _, isName := errors.AsType[*tls.CertificateVerificationError](err); isName {
		return unsuitable
	}
	return lost
}

// answer is what a failure after a command of a mail means: the smarthost's own
// words. 421 would close the connection to our client, who has nothing to do
// with theirs; 530 is about our login.
func answer(err error) error {
	reply, ok := errors.AsType[*smtp.SMTPError](err)
	switch {
	case !ok, reply.Code/100 != 4 && reply.Code/100 != 5:
		return lost
	case reply.Code == 530:
		return unsuitable
	}
	r := *reply
	if r.Code == 421 {
		r.Code = 451
	}
	if class := r.Code / 100; r.EnhancedCode[0] != class {
		r.EnhancedCode = smtp.EnhancedCode{class, 0, 0}
	}
	return &r
}
