package lmtp

import (
	"cmp"
	"context"
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
)

// Options are what a Server is made of.
type Options struct {
	Desk    smsengine.Desk
	Phones  *phone.Parser      // says which recipients are phones
	Tickets *mailbridge.Sealer // opens the milter's tickets; nil: none are believed

	// Trusted and Networks say whose word is taken without a ticket: that of
	// everybody who may connect, or of the clients in the networks. The sender is
	// then who the envelope says.
	Trusted  bool
	Networks []netip.Prefix

	SMTP          bool          // speak SMTP instead of LMTP: one answer for all recipients
	Host          string        // our name in the greeting; "": localhost
	MaxSize       int64         // of a mail in octets; 0: 32 MiB
	MaxRecipients int           // of a mail; 0: 1000
	Timeout       time.Duration // for the Desk to answer; 0: 1 minute

	Log *slog.Logger     // nil: slog.Default()
	Now func() time.Time // nil: time.Now
}

// Server answers mail servers.
type Server struct {
	Options
	door string // Source.Door
	smtp *smtp.Server

	listeners listen.Group
}

// New makes a server. It answers nobody until Serve.
func New(o Options) *Server {
	o.Host = cmp.Or(o.Host, "localhost")
	o.MaxSize = cmp.Or(o.MaxSize, 32<<20)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 1000)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, door: "lmtp"}
	if o.SMTP {
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
	s.smtp.ErrorLog = errorLog{o.Log}
	return s
}

// Serve answers the listener's connections until Shutdown, and returns nil then.
func (s *Server) Serve(l *listen.Listener) error {
	if !s.listeners.Add(l) {
		return nil
	}
	err := s.smtp.Serve(repairing{l})
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
type repairing struct{ *listen.Listener }

func (r repairing) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lines{Conn: c.(*listen.Conn)}, nil
}

// errorLog is go-smtp's log: broken connections and panics.
type errorLog struct{ log *slog.Logger }

func (e errorLog) Printf(format string, v ...any) { e.Println(fmt.Sprintf(format, v...)) }
func (e errorLog) Println(v ...any)               { e.log.Warn(phone.Redact(fmt.Sprint(v...))) }
