package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
)

// attack is what hostile clients do: over conns connections at a time of each
// address they do the same again and again.
type attack struct {
	name  string
	conns int
	do    func(a *attack, from string)

	*site
	to    string        // host and port
	pace  time.Duration // between two things that it does; the test's own machine has to do both
	did   atomic.Int64  // how often
	ended chan struct{}
	all   sync.WaitGroup
}

// begin lets addresses attack, over so many connections of each at a time.
func (a *attack) begin(s *site, url string, addresses []string, conns int, pace time.Duration) {
	a.pace = pace
	a.site, a.to, a.ended = s, "127.0.0.1"+url[strings.LastIndexByte(url, ':'):], make(chan struct{})
	for _, from := range addresses {
		for range conns {
			a.all.Go(func() {
				for !a.over() {
					a.do(a, from)
					time.Sleep(20 * a.pace)
				}
			})
		}
	}
}

// bites waits until the attack does something.
func (a *attack) bites() {
	a.t.Helper()
	a.wait("the attack", func() error {
		if n := a.did.Load(); n < 10 {
			return fmt.Errorf("%s: %d", a.name, n)
		}
		return nil
	})
}

// end ends it.
func (a *attack) end() {
	close(a.ended)
	a.all.Wait()
	a.t.Logf("%s: %d times", a.name, a.did.Load())
}

// dial connects from an address of this machine, with TLS if protocols are named.
func (a *attack) dial(from string, protocols ...string) net.Conn {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.Dial("tcp4", a.to)
	if err != nil {
		return nil
	}
	if len(protocols) == 0 {
		return c
	}
	s := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	_ = c.SetDeadline(time.Now().Add(patience))
	if err := s.Handshake(); err != nil {
		c.Close()
		return nil
	}
	_ = c.SetDeadline(time.Time{})
	return s
}

// once counts one thing that was done, and rests.
func (a *attack) once() {
	a.did.Add(1)
	time.Sleep(a.pace)
}

// over is whether the attack is to end.
func (a *attack) over() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// trickle writes an octet now and then, until it is cut off.
func (a *attack) trickle(c net.Conn, begin string) {
	defer c.Close()
	if _, err := io.WriteString(c, begin); err != nil {
		return
	}
	for !a.over() {
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		a.did.Add(1)
		select {
		case <-a.ended:
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// pour writes the same again and again, and reads no answer, until it is cut off.
func (a *attack) pour(c net.Conn, begin, more string) {
	defer c.Close()
	if _, err := io.WriteString(c, begin); err != nil {
		return
	}
	for !a.over() {
		_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(c, more); err != nil {
			return
		}
		a.once()
	}
}

const posting = "POST /sms/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"

// attacks are all that are known here. Each is made once at a time.
var attacks = []*attack{
	{name: "connections", conns: 500, do: func(a *attack, from string) {
		if c := a.dial(from); c != nil {
			defer c.Close()
			a.did.Add(1)
			_, _ = c.Read(make([]byte, 1)) // until it is cut off, or all is over
		}
	}},
	{name: "slow headers", conns: 60, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.trickle(c, "GET /sms/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		}
	}},
	{name: "slow bodies", conns: 60, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.trickle(c, posting+"Content-Length: 1000000\r\n\r\nnumber=")
		}
	}},
	{name: "huge bodies", conns: 4, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.pour(c, posting+"Content-Length: 100000000000\r\n\r\ndata=", strings.Repeat("x", 1<<14))
		}
	}},
	{name: "endless chunks", conns: 4, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.pour(c, posting+"Transfer-Encoding: chunked\r\n\r\n", "4000\r\n"+strings.Repeat("x", 1<<14)+"\r\n")
		}
	}},
	{name: "huge headers", conns: 4, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.pour(c, "GET /sms/ HTTP/1.1\r\nHost: localhost\r\n", strings.Repeat("X-Huge: "+strings.Repeat("x", 100)+"\r\n", 10))
		}
	}},
	{name: "many parameters", conns: 4, do: func(a *attack, from string) {
		c := a.dial(from, "http/1.1")
		if c == nil {
			return
		}
		body := strings.Repeat("number=%2B1555123456&", 40000)
		a.pour(c, "", fmt.Sprintf(posting+"Content-Length: %d\r\n\r\n%s", len(body), body))
	}},
	{name: "pipelines", conns: 4, do: func(a *attack, from string) {
		if c := a.dial(from, "http/1.1"); c != nil {
			a.pour(c, "", strings.Repeat("GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 20))
		}
	}},
	{name: "wrong passwords", conns: 8, do: func(a *attack, from string) {
		shop := a.program("https://localhost" + strings.TrimPrefix(a.to, "127.0.0.1")).from(from)
		for n := 0; !a.over(); n++ {
			a.once()
			_, _ = shop.form("/sms/", "user", "shop", "pass", fmt.Sprint("guess-", n), "number", alice, "data", "zwieback-stolen")
		}
	}},
	{name: "rapid reset", conns: 4, do: func(a *attack, from string) { a.http2(from, rapidReset) }},
	{name: "continuation", conns: 4, do: func(a *attack, from string) { a.http2(from, continuation) }},
	{name: "streams", conns: 4, do: func(a *attack, from string) { a.http2(from, manyStreams) }},
	{name: "pings and settings", conns: 4, do: func(a *attack, from string) { a.http2(from, pings) }},
}

// attackers are the addresses that they come from. The interface knows none of
// them for a proxy.
var attackers = []string{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"}

// While hostile clients do what they can, mail becomes texts, answers become mail,
// and other programs are served; and when they are gone nothing of them is left.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	shop := s.program(s.openHTTPS("max_per_client = 20\nmax_connections = 150\n"))
	s.withShop()
	s.traffic(shop, 0, 2)
	before := s.measure()
	for i, a := range attacks { // each from an address of its own: none takes another's connections
		a.begin(s, shop.base, []string{fmt.Sprintf("127.0.0.%d", 10+i)}, 3+a.conns/4, 5*time.Millisecond)
	}
	for _, a := range attacks {
		a.bites()
	}
	s.traffic(shop, 1, 2)
	s.bounded("all of them", before, 150)
	for _, a := range attacks {
		a.end()
	}
	s.recovered(before)
}

// hostile is the same with one kind of them after the other, with all that they
// have.
func hostile(t *testing.T) {
	s := newSite(t, "")
	shop := s.program(s.openHTTPS(""))
	s.withShop()
	s.traffic(shop, 0, 2)
	before := s.measure()
	for i, a := range attacks {
		a.begin(s, shop.base, attackers, a.conns, 0)
		a.bites()
		s.traffic(shop, i+1, 2)
		s.bounded(a.name, before, 1000)
		a.end()
	}
	s.recovered(before)
}

// bounded wants that an attack costs no more files than there may be connections,
// and no memory without end: the race detector alone takes several times what
// Postel does.
func (s *site) bounded(attack string, before resources, connections int) {
	s.t.Helper()
	now := s.measure()
	s.t.Logf("%s: Postel has %s, and had %s", attack, now, before)
	if now.files > before.files+connections+20 || now.memory > before.memory+(2<<30) {
		s.t.Errorf("%s: Postel has %s, and had %s", attack, now, before)
	}
}

// recovered waits until nothing is left of an attack, and looks what it did.
func (s *site) recovered(before resources) {
	s.t.Helper()
	s.wait("the connections to end", func() error {
		if now := s.measure(); now.files > before.files+20 {
			return fmt.Errorf("Postel has %s, and had %s", now, before)
		}
		return nil
	})
	for _, text := range append(s.inbox(alice, 1), s.inbox(bob, 1)...) {
		if strings.Contains(text.Text, "zwieback") {
			s.t.Error("a guess has sent a text")
		}
	}
}

// traffic is n mails that become texts, n answers that become mails, and n texts
// of a program. All of them have to arrive.
func (s *site) traffic(shop *program, round, n int) {
	s.t.Helper()
	c := s.control()
	defer c.Close()
	for i := range n {
		text := fmt.Sprintf("mail %d-%d", round, i)
		s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write(fmt.Sprintf("m%d-%d", round, i), "x@example.org", "", text))
		status, words := shop.form("/sms/", "user", "shop", "pass", serverPassword, "number", bob, "data", text)
		if status != 200 {
			s.t.Errorf("a program is answered %d %s", status, words)
		}
	}
	all := (round + 1) * n
	s.inbox(bob, all)
	s.inbox(alice, all)
	for i := range n {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if err := c.SimSend(ctx, alice, ourNumber, fmt.Sprintf("answer %d-%d", round, i)); err != nil {
			s.t.Errorf("an answer: %v", err)
		}
		cancel()
	}
	s.dovecot.WaitInbox(testbed.John, all)
}

// resources are what a process holds.
type resources struct{ files, memory int }

func (r resources) String() string {
	return fmt.Sprintf("%d open files and %d MiB", r.files, r.memory>>20)
}

// measure says what Postel holds now.
func (p *postel) measure() (r resources) {
	p.t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(p.pid))
	open, err := os.ReadDir(dir + "/fd")
	if err != nil {
		p.t.Fatal(err)
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		p.t.Fatal(err)
	}
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	_, _ = fmt.Sscan(rss, &r.memory)
	r.files, r.memory = len(open), r.memory<<10
	return r
}
