package lmtp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

// FuzzLines sends a mail as DATA and as a chunk, in packets of any size, and
// then anything. The mail must arrive octet by octet as it was sent, no matter
// that commands may hide in it, and every conversation must end.
func FuzzLines(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\nhello\r\n"), uint8(0), []byte("NOOP\r\nQUIT\r\n"))
	f.Add([]byte("RCPT TO:<sms:+1@d>\r\n.\r\nMAIL FROM:<a:b@c>\r\n"), uint8(1), []byte("RCPT TO:<@:@>\r\nDATA\r\nBDAT 5\r\nRCPT BDAT 1 LAST\r\n"))
	f.Add([]byte("\r\r\n.\r\n\n.\n.\r\r\n..\r\n"), uint8(3), []byte("MAIL FROM:<\"a\r\nRCPT TO:<x@d> ORCPT=utf-8;\\x{\r\nRSET\r\n"))
	f.Add([]byte("x\n.\r\nRCPT TO:<a:b@c>\r\n"), uint8(0), []byte(nil)) // a bare LF ends no line
	f.Add([]byte("x\r\r\n.\r\nRCPT TO:<a:b@c>\r\n"), uint8(0), []byte(nil))
	f.Add([]byte(".\r\n"), uint8(7), bytes.Repeat([]byte("x"), 20000))
	f.Add([]byte(".\rx\r\n.\r"), uint8(2), []byte("BDAT 99999999999\r\nBDAT 3 LAST LAST\r\nBDAT -1\r\nAUTH PLAIN\r\nSTARTTLS\r\n"))
	f.Add([]byte("x"), uint8(2), []byte("BDAT 3\r\nabcRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"))

	const hello = "LHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<sms:+15551234567@example.org>\r\n"
	f.Fuzz(func(t *testing.T, mail []byte, packet uint8, after []byte) {
		as := func(stream string) [][]byte { return converse(t, []byte(stream), int(packet)).mails }

		// DATA: as go-smtp alone sees it, given an address that it can read.
		data := "DATA\r\n" + string(mail) + "\r\n.\r\n"
		plain := strings.Replace(hello, "<sms:", `<"sms:`, 1)
		plain = strings.Replace(plain, "567@", `567"@`, 1)
		want := alone(t, []byte(plain+data)).mails
		got := as(hello + data)
		if first(got) != first(want) {
			t.Fatalf("as DATA: got %q, want %q", got, want)
		}

		chunk := "BDAT " + strconv.Itoa(len(mail)) + " LAST\r\n"
		got = as(hello + chunk + string(mail) + "NOOP\r\n")
		if len(got) == 0 || !bytes.Equal(got[0], mail) {
			t.Fatalf("as chunk: got %q, want %q", got, mail)
		}

		as(hello + string(after))
		as(string(after))
	})
}

// first is the first mail; "none" cannot be one, for it has no line end.
func first(mails [][]byte) string {
	if len(mails) == 0 {
		return "none"
	}
	return string(mails[0])
}

// collector is a backend that keeps what it is given.
type collector struct {
	mu    sync.Mutex
	mails [][]byte
	rcpts []string
}

func (c *collector) NewSession(*smtp.Conn) (smtp.Session, error) { return c, nil }
func (c *collector) Reset()                                      {}
func (c *collector) Logout() error                               { return nil }
func (c *collector) Mail(string, *smtp.MailOptions) error        { return nil }
func (c *collector) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rcpts = append(c.rcpts, to)
	return nil
}
func (c *collector) Data(r io.Reader) error {
	mail, err := io.ReadAll(r)
	if err == nil {
		c.mu.Lock()
		c.mails = append(c.mails, mail)
		c.mu.Unlock()
	}
	return err
}
func (c *collector) LMTPData(r io.Reader, _ smtp.StatusCollector) error { return c.Data(r) }

// converse lets the server hear the stream through lines, and gives what it
// took.
func converse(t *testing.T, stream []byte, packet int) *collector {
	wire := &wire{in: stream, packet: packet, closed: make(chan struct{})}
	once := &once{conn: wire, done: make(chan struct{})}
	return serve(t, wire, repairing{listen.Wrap(once, listen.Options{Log: slog.New(slog.DiscardHandler)}), &Server{clients: new(clients)}})
}

// alone does the same without lines.
func alone(t *testing.T, stream []byte) *collector {
	wire := &wire{in: stream, closed: make(chan struct{})}
	return serve(t, wire, &once{conn: wire, done: make(chan struct{})})
}

func serve(t *testing.T, w *wire, l net.Listener) *collector {
	c := &collector{}
	s := smtp.NewServer(c)
	s.LMTP, s.EnableDSN, s.EnableSMTPUTF8, s.MaxLineLength = true, true, true, 0
	s.ErrorLog = errorLog{slog.New(slog.DiscardHandler)}
	go s.Serve(l)
	defer l.Close()
	select {
	case <-w.closed:
	case <-time.After(20 * time.Second):
		t.Fatalf("the conversation does not end; so far\n%s", w.out.Bytes())
	}
	c.mu.Lock() // a mail that broke off may still be on its way
	defer c.mu.Unlock()
	return &collector{mails: c.mails, rcpts: c.rcpts}
}

// once is a listener with one connection.
type once struct {
	conn net.Conn
	done chan struct{}
	end  sync.Once
}

func (o *once) Accept() (net.Conn, error) {
	if c := o.conn; c != nil {
		o.conn = nil
		return c, nil
	}
	<-o.done
	return nil, net.ErrClosed
}
func (o *once) Close() error   { o.end.Do(func() { close(o.done) }); return nil }
func (o *once) Addr() net.Addr { return &net.UnixAddr{Name: "once"} }

// wire is a connection whose client has said all it will say.
type wire struct {
	in     []byte
	packet int // octets a Read gives, 0: all
	out    bytes.Buffer
	closed chan struct{}
	end    sync.Once
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.in) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(w.in))
	if w.packet > 0 {
		n = min(n, w.packet)
	}
	n = copy(p, w.in[:n])
	w.in = w.in[n:]
	return n, nil
}
func (w *wire) Write(p []byte) (int, error)      { return w.out.Write(p) }
func (w *wire) Close() error                     { w.end.Do(func() { close(w.closed) }); return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// FuzzRepair: any command line stays one line, and a repaired line needs no
// repair.
func FuzzRepair(f *testing.F) {
	f.Add(`RCPT TO:<sms:+1@d> ORCPT=rfc822;a+C3+A4`)
	f.Add(`MAIL FROM:<@a:"b\"c"@d>`)
	f.Add(`RCPT TO: "x y" @d ORCPT=utf-8;\x{110000}`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") {
			t.Skip()
		}
		got, _, _ := repair(line + "\r\n")
		if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\r\n") {
			t.Fatalf("%q became %q", line, got)
		}
		if again, _, _ := repair(got); again != got {
			t.Fatalf("%q became %q and then %q", line, got, again)
		}
	})
}

// FuzzSubmission: whatever is said to a submission server, it comes to an end,
// and nothing is taken from who did not log in.
func FuzzSubmission(f *testing.F) {
	const mail = "MAIL FROM:<john@example.org>\r\nRCPT TO:<+15551234567@sms.example.org>\r\nDATA\r\n\r\nx\r\n.\r\n"
	f.Add("EHLO x\r\n"+plain("john@example.org", "hunter2")+"\r\n"+mail, uint8(0))
	f.Add("EHLO x\r\n"+plain("john@example.org", "guess")+"\r\n"+mail, uint8(3))
	f.Add("EHLO x\r\nAUTH LOGIN\r\n"+b64("john@example.org")+"\r\n"+b64("hunter2")+"\r\n"+mail, uint8(1))
	f.Add("EHLO x\r\nAUTH PLAIN\r\n*\r\nAUTH PLAIN =\r\nAUTH LOGIN DATA\r\n.\r\n"+mail, uint8(0))
	f.Add("EHLO x\r\nSTARTTLS\r\nEHLO y\r\n"+mail, uint8(9))
	f.Add("EHLO x\r\nRCPT TO:<mary@example.net>\r\nBDAT 3 LAST\r\nabc"+mail, uint8(0))
	f.Fuzz(func(t *testing.T, stream string, packet uint8) {
		d := &desk{known: map[string]smsengine.MessageID{}}
		o := Options{Desk: d, Phones: phones, Log: slog.New(slog.DiscardHandler)}
		submission(&o)
		o.PlainAuth = true
		watch := &watched{Authenticator: anywhere(everybody)}
		o.Authenticator = watch
		w := &wire{in: []byte(stream), packet: int(packet), closed: make(chan struct{})}
		once := &once{conn: w, done: make(chan struct{})}
		go New(o).Serve(listen.Wrap(once, listen.Options{Log: o.Log}))
		defer once.Close()
		select {
		case <-w.closed:
		case <-time.After(20 * time.Second):
			t.Fatalf("the conversation does not end; so far\n%s", w.out.Bytes())
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.mails) > 0 && !watch.right.Load() {
			t.Fatalf("%q: taken without a login", stream)
		}
	})
}

// anywhere are users whose peer is not looked at.
type anywhere users

func (a anywhere) Authenticate(ctx context.Context, user, password string, _ netip.Addr) (smsengine.Identity, error) {
	return users(a).Authenticate(ctx, user, password, netip.MustParseAddr("127.0.0.1"))
}

// watched notes whether somebody logged in.
type watched struct {
	Authenticator
	right atomic.Bool
}

func (w *watched) Authenticate(ctx context.Context, user, password string, peer netip.Addr) (smsengine.Identity, error) {
	id, err := w.Authenticator.Authenticate(ctx, user, password, peer)
	if err == nil {
		w.right.Store(true)
	}
	return id, err
}
