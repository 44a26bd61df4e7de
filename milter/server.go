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

// Mode is who queues the texts.
type Mode string

// The modes.
const (
	Stamp Mode = "stamp" // the mail goes on to the transport, with a ticket
	Take  Mode = "take"  // the milter does, and its phones are recipients no more
)

// Scrub is whose headers lose the secrets of phones' addresses.
type Scrub string

// What may be scrubbed.
const (
	ScrubPhone Scrub = "phone" // mail with a phone among its recipients
	ScrubAll   Scrub = "all"   // any mail
	ScrubNone  Scrub = "none"
)

// Options are what a Server is made of.
type Options struct {
	Desk    smsengine.Desk
	Phones  *phone.Parser        // says which recipients are phones
	Tickets *mailbridge.Sealer   // seals the tickets; the transport has the same key
	Letters mailbridge.Letterbox // reads the mails that are taken; its Phones are those above
	Mode    Mode                 // "": Stamp
	Scrub   Scrub                // "": ScrubPhone
	MaxSize int64                // of a mail that is taken, in octets; 0: 10 MiB
	Seen    *Presence            // knows of the mails that it looks at; nil: one of its own
	Timeout time.Duration        // for the Desk to answer at RCPT; 0: 8 s, below the command_timeout in contrib/postfix
	Log     *slog.Logger         // nil: slog.Default()
	Now     func() time.Time     // nil: time.Now
}

// Server is a milter for Postfix and Sendmail.
type Server struct {
	Options
	listeners listen.Group
}

// New makes a milter. It answers nobody until Serve.
func New(o Options) *Server {
	o.Mode, o.Scrub = cmp.Or(o.Mode, Stamp), cmp.Or(o.Scrub, ScrubPhone)
	o.MaxSize, o.Timeout = cmp.Or(o.MaxSize, 10<<20), cmp.Or(o.Timeout, 8*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Seen == nil {
		o.Seen = new(Presence)
	}
	o.Letters.Phones = o.Phones
	return &Server{Options: o}
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
		Actions:   actions, Protocol: s.events(),
		SymList: map[milter.Stage][]string{
			milter.StageMailFrom: {macroUser, macroAddress, macroPort, macroTLS},
			milter.StageRcptTo:   {macroQueue},
			milter.StageEOM:      {macroQueue},
		},
	}
	_ = one.Serve(&single{conn: &wire{Conn: c, session: session}})
}

const actions = milter.OptAddHeader | milter.OptChangeHeader | milter.OptSetSymList |
	milter.OptAddRcpt | milter.OptAddRcptWithArgs | milter.OptRemoveRcpt

// events are those that the MTA need not tell, or not wait for an answer to:
// each costs other mail a packet there and one back.
func (s *Server) events() milter.OptProtocol {
	no := milter.OptNoConnect | milter.OptNoHelo | milter.OptNoEOH | milter.OptNoBody
	if s.Scrub == ScrubAll {
		no = no&^milter.OptNoEOH | milter.OptNoHeaderReply
	}
	if s.Mode == Take {
		no &^= milter.OptNoBody
	}
	return no
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

// wire is a connection that lets the session's tap see what go-milter reads, and
// whose end go-milter need not log: it calls every end but io.EOF an error.
type wire struct {
	*listen.Conn
	session *session
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.session.tap.see(p[:n])
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
