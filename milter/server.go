package milter

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/listen"
)

// Options are what a Server is made of.
type Options struct {
	Desk    smsengine.Desk
	Phones  *phone.Parser      // says which recipients are phones
	Tickets *mailbridge.Sealer // seals the tickets; the transport has the same key
	Timeout time.Duration      // for the Desk to answer; 0: 8 s, below the command_timeout in contrib/postfix
	Log     *slog.Logger       // nil: slog.Default()
	Now     func() time.Time   // nil: time.Now
}

// Server is a milter for Postfix and Sendmail.
type Server struct {
	Options
	presence presence

	listeners listen.Group
}

// New makes a milter. It answers nobody until Serve.
func New(o Options) *Server {
	o.Timeout = cmp.Or(o.Timeout, 8*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{Options: o, presence: presence{mails: map[string]int{}}}
}

// Serve answers the listener's connections until Shutdown, and returns nil then.
// Each connection is an SMTP session of the MTA.
func (s *Server) Serve(l *listen.Listener) error { return s.listeners.Serve(l, s.answer) }

// Shutdown stops listening, ends connections between mails, lets mails under
// way come to their end, and cuts what is left when ctx ends; its error is
// returned then.
func (s *Server) Shutdown(ctx context.Context) error { return s.listeners.Drain(ctx) }

// answer lets go-milter answer one connection. Each has a go-milter server of
// its own, because that is the only way to give a session its connection.
func (s *Server) answer(c *listen.Conn) {
	c.SetIdle(true)
	session := &session{Server: s, conn: c}
	one := milter.Server{
		NewMilter: func() milter.Milter { return session },
		Actions:   milter.OptAddHeader | milter.OptChangeHeader | milter.OptSetSymList,
		Protocol:  milter.OptNoConnect | milter.OptNoHelo | milter.OptNoEOH | milter.OptNoBody,
		SymList: map[milter.Stage][]string{
			milter.StageMailFrom: {macroUser, macroAddress, macroPort},
			milter.StageRcptTo:   {"i"},
			milter.StageEOM:      {"i"},
		},
	}
	_ = one.Serve(&single{conn: &wire{Conn: c, session: session}})
}

// single is a listener with one connection.
type single struct{ conn net.Conn }

func (l *single) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *single) Close() error   { return nil }
func (l *single) Addr() net.Addr { return nil }

// wire is a connection whose end go-milter need not log: it calls every end
// but io.EOF an error.
type wire struct {
	*listen.Conn
	session *session
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, listen.ErrDrain) && !errors.Is(err, net.ErrClosed) {
		w.session.Log.Info("milter connection ended", "err", err)
	}
	return n, io.EOF
}

// Close ends the session with its connection.
func (w *wire) Close() error {
	w.session.end()
	return w.Conn.Close()
}
