package lmtp

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

// generation is one of the servers of a socket, with an engine of its own.
type generation struct {
	*Server
	*listen.Listener
	desk   *desk
	served chan error
}

func begin(n int, l *listen.Listener) generation {
	d := &desk{known: map[string]smsengine.MessageID{}}
	g := generation{
		New(Options{Desk: d, Phones: phones, Trusted: true, Host: fmt.Sprintf("mx%d.example.org", n), Log: slog.New(slog.DiscardHandler)}),
		l, d, make(chan error, 1),
	}
	go func() { g.served <- g.Server.Serve(l) }()
	return g
}

// mails hands in so many mails in one session, and gives the name of the server
// that took them; took is told of each.
func mails(t *testing.T, l *listen.Listener, name string, count int, took func()) (host string) {
	conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(command, want string) string {
		if _, err := conn.Write([]byte(command)); err != nil {
			t.Errorf("%q: %v", command, err)
		}
		for {
			line, err := in.ReadString('\n')
			if err != nil || !strings.HasPrefix(line, want) {
				t.Errorf("%q: got %q, %v", command, line, err)
				return ""
			}
			if line[3] == ' ' {
				return line
			}
		}
	}
	host = strings.Fields(say("", "220") + " nobody nobody")[1]
	say("LHLO mta.example.org\r\n", "250")
	for n := range count {
		say("MAIL FROM:<john@example.org>\r\n", "250")
		say("RCPT TO:<+15555550101@sms.example.org>\r\n", "250")
		say("DATA\r\n", "354")
		say(fmt.Sprintf("Message-ID: <%s-%d@example.org>\r\n\r\nHello\r\n.\r\n", name, n), "250 2.0.0 OK: queued")
		took()
	}
	say("QUIT\r\n", "221")
	return host
}

// However often the socket is handed over, each session has one server from its
// greeting to its end, and none is refused.
func TestSessionsStayWithTheirServer(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for _, spec := range []string{"inet:127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")} {
		l, err := listen.Open(spec, listen.Options{Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		now := begin(0, l)
		all := []generation{now}
		var mu sync.Mutex
		served := map[string]string{} // by session, the host that greeted
		taken, done := make(chan struct{}), make(chan struct{})
		var clients sync.WaitGroup
		for client := range 6 {
			clients.Go(func() {
				for session := 0; ; session++ {
					select {
					case <-done:
						return
					default:
					}
					name := fmt.Sprintf("%d.%d", client, session)
					host := mails(t, l, name, 1+5*client, func() {
						select {
						case taken <- struct{}{}:
						case <-done:
						}
					})
					mu.Lock()
					served[name] = host
					mu.Unlock()
				}
			})
		}
		for n := range 50 {
			for range 10 {
				<-taken
			}
			heir, err := now.Heir(listen.Options{Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			if err := <-now.served; err != nil {
				t.Errorf("Serve = %v", err)
			}
			now = begin(n+1, heir)
			all = append(all, now)
		}
		close(done)
		clients.Wait()

		got := 0
		for n, g := range all {
			if n < 50 {
				<-g.Left()
			}
			if err := g.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			for _, m := range g.desk.mails {
				got++
				session, _, _ := strings.Cut(m.Source.MessageID, "-")
				if host := served[session]; host != g.Host {
					t.Errorf("%s took a mail of a session that %s greeted", g.Host, host)
				}
			}
		}
		want := 0
		for session := range served {
			client := int(session[0] - '0')
			want += 1 + 5*client
		}
		if got != want || len(served) < 50 {
			t.Errorf("%s: %d mails of %d sessions came, want %d", spec, got, len(served), want)
		}
		if f := now.Figures(); f.Open != 0 || f.Taken != uint64(len(served)) || f.Full != 0 {
			t.Errorf("%s: %+v of %d sessions", spec, f, len(served))
		}
	}
}

// A client has no more connections after a handover than before.
func TestPlacesAreFollowed(t *testing.T) {
	l, err := listen.Open("inet:127.0.0.1:0", listen.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	old := begin(0, l)
	first := connect(t, old.Server, l.Addr())
	first.talk("< 220 mx0")
	heir, err := l.Heir(listen.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := old.Options
	o.MaxPerClient = 1
	young := New(o)
	young.Follow(old.Server)
	served := make(chan error, 1)
	go func() { served <- young.Serve(heir) }()
	connect(t, young, l.Addr()).talk("< 421 4.7.0 too many connections")
	first.talk("> QUIT\n< 221")
	<-l.Left()
	if err := young.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
