package lmtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/listen"
	"github.com/postel-mail/postel/transport/lmtp/smarthost"
)

// Options are what a Server is made of.
type Options struct {
	Desk    smsengine.Desk
	Phones  *phone.Parser        // says which recipients are phones
	Tickets *mailbridge.Sealer   // opens the milter's tickets; nil: none are believed
	Letters mailbridge.Letterbox // reads the mails; its Phones are those above

	// Trusted and Networks say whose word is taken without a ticket: that of
	// everybody who may connect, or of the clients in the networks. The sender is
	// then who the envelope says.
	Trusted  bool
	Networks []netip.Prefix

	// LocalUsers takes the word of the mail server that a mail was handed in by a
	// program of this machine, and as which user it ran (see localUser). It is
	// taken on unix sockets and from loopback addresses only. Any program that can
	// connect can say so of any user: the socket must be the mail server's alone.
	LocalUsers bool

	Host          string        // our name in the greeting; "": localhost
	MaxSize       int64         // of a mail in octets; 0: 32 MiB
	MaxRecipients int           // of a mail; 0: 1000
	MaxPerClient  int           // connections of one address at a time; 0: any number
	Timeout       time.Duration // for the Desk or the Authenticator to answer; 0: 1 minute

	SMTP bool // speak SMTP instead of LMTP: one answer for all recipients
	Submission

	Log *slog.Logger     // nil: slog.Default()
	Now func() time.Time // nil: time.Now
}

// Submission makes an SMTP server one for people and programs, who prove who
// they are by a password.
type Submission struct {
	TLS      *tls.Config // nil: the server has no certificate
	Implicit bool        // TLS from the first octet (RFC 8314 §3) instead of STARTTLS

	// Authenticator is asked who somebody is. If it is set, nobody sends a mail who
	// has not logged in, but for the Networks and Clients.
	Authenticator Authenticator
	// PlainAuth takes passwords outside of TLS too, on unix sockets and from
	// loopback addresses only.
	PlainAuth   bool
	MaxFailures int           // logins that may fail in a connection, the next gets 421; 0: 3
	LoginTime   time.Duration // from connecting to having logged in; 0: 1 minute
	// Clients need not log in: who they are is their address
	// (smsengine.MethodClient).
	Clients []netip.Prefix

	// Relay takes mail for other recipients than phones, from those who logged in
	// and from the Networks; nil: it is refused.
	Relay *smarthost.Host
}

// Server answers mail servers.
type Server struct {
	Options
	door string // Source.Door
	smtp *smtp.Server

	listeners listen.Group
	clients   *clients
}

// New makes a server. It answers nobody until Serve.
func New(o Options) *Server {
	o.Host = cmp.Or(o.Host, "localhost")
	o.MaxSize = cmp.Or(o.MaxSize, 32<<20)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 1000)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	o.MaxFailures = cmp.Or(o.MaxFailures, 3)
	o.LoginTime = cmp.Or(o.LoginTime, time.Minute)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Letters.Phones = o.Phones
	s := &Server{Options: o, door: "lmtp", clients: new(clients)}
	switch {
	case o.Authenticator != nil:
		s.door = "submission"
	case o.SMTP:
		s.door = "smtp"
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.LMTP = !o.SMTP
	s.smtp.Domain = o.Host
	s.smtp.MaxMessageBytes = o.MaxSize
	s.smtp.MaxRecipients = o.MaxRecipients
	s.smtp.MaxLineLength = 0 // of mails: lines bounds those of commands
	s.smtp.EnableDSN = true
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.AllowInsecureAuth = true // the session knows better: see mayLogIn
	s.smtp.ErrorLog = errorLog{o.Log}
	return s
}

// Follow has the connections of another server count among a client's too: that
// of the listener before it was handed over. It comes before Serve.
func (s *Server) Follow(before *Server) { s.clients = before.clients }

// Serve answers the listener's connections until Shutdown or until it is handed
// over, and returns nil then. Connections that are open go on.
func (s *Server) Serve(l *listen.Listener) error {
	if !s.listeners.Add(l) {
		return nil
	}
	err := s.smtp.Serve(repairing{l, s})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown stops listening, ends connections between commands with 421, lets
// mails that are being received come to their answer, and cuts what is left
// when ctx ends; its error is returned then.
func (s *Server) Shutdown(ctx context.Context) error { return s.listeners.Drain(ctx) }

// repairing puts lines around each connection.
type repairing struct {
	*listen.Listener
	server *Server
}

func (r repairing) Accept() (net.Conn, error) {
	for {
		c, err := r.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l := r.server.greet(&lines{Conn: c.(*listen.Conn)}); l != nil {
			return l, nil
		}
	}
}

// errorLog is go-smtp's log: broken connections and panics.
type errorLog struct{ log *slog.Logger }

func (e errorLog) Printf(format string, v ...any) { e.Println(fmt.Sprintf(format, v...)) }
func (e errorLog) Println(v ...any)               { e.log.Warn(phone.Redact(fmt.Sprint(v...))) }
