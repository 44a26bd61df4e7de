package sasl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var peer = netip.MustParseAddr("192.0.2.7")

// serve answers each connection to a socket of its own, and gives its path.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				answer(c)
			})
		}
	})
	return path
}

func open(t *testing.T, socket string, o Options) *Checker {
	t.Helper()
	c, err := New(socket, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// wantUnsure demands a temporary failure that keeps the password to itself.
func wantUnsure(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*smsengine.Error](err)
	if !ok || e.Class != smsengine.Temporary || e.Code != "4.7.0" {
		t.Errorf("got %v, want a temporary error", err)
	} else if strings.Contains(e.Error(), "hunter2") || strings.Contains(e.Error(), base64.StdEncoding.EncodeToString([]byte("\x00john\x00hunter2"))) {
		t.Errorf("the password is in %q", e)
	}
}

const greeting = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t17\nCUID\t3\nCOOKIE\tabc\nDONE\n"

// dovecotSays is a Dovecot that answers each question with words; %s is its
// number.
func dovecotSays(t *testing.T, words string) *Checker {
	return open(t, "dovecot:"+serve(t, func(c net.Conn) {
		in := bufio.NewScanner(c)
		io.WriteString(c, greeting)
		for in.Scan() {
			if f := strings.Split(in.Text(), "\t"); f[0] == "AUTH" {
				io.WriteString(c, strings.ReplaceAll(words, "%s", f[1]))
			}
		}
	}), Options{Timeout: 5 * time.Second})
}

func TestDovecotAnswers(t *testing.T) {
	for words, want := range map[string]error{
		"OK\t%s\tuser=john\n":   nil,
		"OK\t%s\n":              nil,
		"FAIL\t%s\tuser=john\n": ErrDenied,
		"FAIL\t%s\tuser=john\tcode=user_disabled\n":            ErrDenied,
		"FAIL\t%s\tuser=john\tuser_disabled\treason=hunter2\n": ErrDenied,
		"FAIL\t%s\tuser=john\tpass_expired\n":                  ErrDenied,
		"FAIL\t%s\tuser=john\tauthz\n":                         ErrDenied,
	} {
		c := dovecotSays(t, words)
		for range 3 { // on one connection
			if err := c.Verify(t.Context(), "john", "hunter2", peer, true); !errors.Is(err, want) || err != nil && want == nil {
				t.Errorf("%q: got %v, want %v", words, err, want)
			}
		}
	}
	for _, words := range []string{
		"FAIL\t%s\tuser=john\ttemp\n", "FAIL\t%s\tcode=temp_fail\n", "CONT\t%s\t\n", "OK\t77\tuser=john\n", "OK\n", "\n",
		"hunter2\t%s\thunter2\n", strings.Repeat("x", 2*maxLine) + "\n",
	} {
		wantUnsure(t, dovecotSays(t, words).Verify(t.Context(), "john", "hunter2", peer, true))
	}
}

func TestDovecotQuestion(t *testing.T) {
	asked := make(chan string, 1)
	c := open(t, "dovecot:unix:"+serve(t, func(c net.Conn) {
		in := bufio.NewScanner(c)
		io.WriteString(c, greeting)
		for in.Scan() {
			if strings.HasPrefix(in.Text(), "AUTH") {
				asked <- in.Text()
				io.WriteString(c, "OK\t1\n")
			}
		}
	}), Options{Service: "postel"})
	if err := c.Verify(t.Context(), "jürgen", "a\tb\nc", netip.MustParseAddr("::ffff:192.0.2.7"), true); err != nil {
		t.Fatal(err)
	}
	want := "AUTH\t1\tPLAIN\tservice=postel\tnologin\tsecured\trip=192.0.2.7\tresp=" +
		base64.StdEncoding.EncodeToString([]byte("\x00jürgen\x00a\tb\nc"))
	if got := <-asked; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if got := string(authLine(7, "smtp", question{user: "a", password: "b"})); strings.Contains(got, "secured") || strings.Contains(got, "rip=") || !strings.Contains(got, "\tno-penalty\t") {
		t.Errorf("without TLS and address: %q", got)
	}
}

// A name or password that cannot be asked for is wrong, and is not asked for.
func TestUnaskable(t *testing.T) {
	c := open(t, "dovecot:/nowhere", Options{})
	for _, bad := range []string{"", "a\x00b", strings.Repeat("x", maxSecret+1)} {
		for _, pair := range [][2]string{{bad, "secret"}, {"john", bad}} {
			if err := c.Verify(t.Context(), pair[0], pair[1], peer, true); !errors.Is(err, ErrDenied) {
				t.Errorf("%.20q: %v", pair, err)
			}
		}
	}
	wantUnsure(t, c.Verify(t.Context(), "john", "hunter2", peer, true))
}

func TestDovecotHandshakes(t *testing.T) {
	for name, words := range map[string]string{
		"hangs up":     "",
		"version 2":    "VERSION\t2\t0\nMECH\tPLAIN\nDONE\n",
		"no version":   "MECH\tPLAIN\nDONE\n",
		"no PLAIN":     "VERSION\t1\t1\nMECH\tGSSAPI\nDONE\n",
		"endless":      "VERSION\t1\t1\n" + strings.Repeat("MECH\tX\n", 2*maxHandshake),
		"endless line": strings.Repeat("x", 3*maxLine),
		"half a line":  "VERSION\t1",
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, "dovecot:"+serve(t, func(c net.Conn) { io.WriteString(c, words) }), Options{Timeout: 5 * time.Second})
			wantUnsure(t, c.Verify(t.Context(), "john", "hunter2", peer, true))
		})
	}
}

// Dovecot was restarted between two questions: nobody notices.
func TestDovecotRestart(t *testing.T) {
	c := open(t, "dovecot:"+serve(t, func(c net.Conn) {
		in := bufio.NewScanner(c)
		io.WriteString(c, greeting)
		for in.Scan() {
			if strings.HasPrefix(in.Text(), "AUTH") {
				io.WriteString(c, "OK\t1\n")
				return
			}
		}
	}), Options{Timeout: 10 * time.Second})
	for range 5 {
		if err := c.Verify(t.Context(), "john", "hunter2", peer, true); err != nil {
			t.Fatal(err)
		}
	}
}

// A service that accepts and says nothing costs a question its time limit, and
// a question beyond the limit of connections makes none.
func TestSilence(t *testing.T) {
	for _, kind := range []string{"dovecot", "saslauthd"} {
		accepted := make(chan bool, 10)
		socket := kind + ":" + serve(t, func(c net.Conn) {
			accepted <- true
			io.Copy(io.Discard, c)
		})
		hasty := open(t, socket, Options{Timeout: 50 * time.Millisecond})
		wantUnsure(t, hasty.Verify(t.Context(), "john", "hunter2", peer, true))
		<-accepted

		c := open(t, socket, Options{Timeout: time.Hour, Max: 1})
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { first <- c.Verify(ctx, "john", "hunter2", peer, true) }()
		<-accepted
		soon, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := c.Verify(soon, "john", "hunter2", peer, true)
		stop()
		wantUnsure(t, err)
		if !strings.Contains(err.Error(), "busy") || len(accepted) > 0 {
			t.Errorf("%s: %v", kind, err)
		}
		cancel()
		wantUnsure(t, <-first)
	}
}

// Questions side by side get their own answers.
func TestDovecotSideBySide(t *testing.T) {
	c := open(t, "dovecot:"+serve(t, func(c net.Conn) {
		in := bufio.NewScanner(c)
		io.WriteString(c, greeting)
		for in.Scan() {
			f := strings.Split(in.Text(), "\t")
			if f[0] != "AUTH" {
				continue
			}
			resp, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(f[len(f)-1], "resp="))
			if bytes.HasSuffix(resp, []byte("\x00right")) {
				fmt.Fprintf(c, "OK\t%s\n", f[1])
			} else {
				fmt.Fprintf(c, "FAIL\t%s\n", f[1])
			}
		}
	}), Options{Max: 4})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			password, want := "right", error(nil)
			if i%3 == 0 {
				password, want = "wrong", ErrDenied
			}
			if err := c.Verify(t.Context(), "john", password, peer, true); !errors.Is(err, want) || err != nil && want == nil {
				t.Errorf("%s: %v", password, err)
			}
		})
	}
	all.Wait()
}

// saslauthdSays is a saslauthd that keeps the question and gives the answer.
func saslauthdSays(t *testing.T, answer string, asked chan<- []byte) *Checker {
	return open(t, "saslauthd:"+serve(t, func(c net.Conn) {
		var question []byte
		for range 4 {
			var n [2]byte
			if _, err := io.ReadFull(c, n[:]); err != nil {
				return
			}
			part := make([]byte, int(n[0])<<8|int(n[1]))
			io.ReadFull(c, part)
			question = append(append(question, part...), '|')
		}
		if asked != nil {
			asked <- question
		}
		io.WriteString(c, answer)
	}), Options{Timeout: 5 * time.Second})
}

func TestSaslauthd(t *testing.T) {
	asked := make(chan []byte, 1)
	c := saslauthdSays(t, "\x00\x02OK", asked)
	if err := c.Verify(t.Context(), "john@example.org", "hunter2", peer, true); err != nil {
		t.Fatal(err)
	}
	if got := string(<-asked); got != "john|hunter2|smtp|example.org|" {
		t.Errorf("asked %q", got)
	}
	for _, no := range []string{"\x00\x02NO", "\x00\x09NO reason", "\x00\x03NO\x00"} {
		if err := saslauthdSays(t, no, nil).Verify(t.Context(), "john", "hunter2", peer, true); !errors.Is(err, ErrDenied) {
			t.Errorf("%q: %v", no, err)
		}
	}
	for _, odd := range []string{"", "\x00", "\x00\x02O", "\x00\x00", "\x00\x01O", "\xff\xff", "\x00\x03OKO", "\x00\x02XX", "\x00\x07hunter2"} {
		wantUnsure(t, saslauthdSays(t, odd, nil).Verify(t.Context(), "john", "hunter2", peer, true))
	}
}

func TestNew(t *testing.T) {
	for _, bad := range []string{"", "dovecot", "dovecot:relative", "pam:/run/x", "/run/x", "dovecot:unix:", "saslauthd:"} {
		if c, err := New(bad, Options{}); err == nil {
			t.Errorf("%q made %v", bad, c)
		}
	}
	if _, err := New("dovecot:/run/x", Options{Service: "a\tb"}); err == nil {
		t.Error("a service name may be two parameters")
	}
}

// FuzzReply: only a line "OK" with the number of the question lets anybody in.
func FuzzReply(f *testing.F) {
	f.Add("OK\t1\tuser=john")
	f.Add("FAIL\t1\ttemp")
	f.Add("FAIL\t1\tcode=temp_fail")
	f.Add("CONT\t1\t")
	f.Add("OK\t01")
	f.Fuzz(func(t *testing.T, line string) {
		got, err := parseReply(line, 1)
		if in := line == "OK\t1" || strings.HasPrefix(line, "OK\t1\t"); (got == right) != in {
			t.Fatalf("%q gives %v", line, got)
		}
		if err != nil && got != unsure {
			t.Fatalf("%q gives %v and %v", line, got, err)
		}
		if err != nil && len(line) > 20 && strings.Contains(err.Error(), line) {
			t.Fatalf("the error repeats %q", line)
		}
		var h handshake
		h.take(line)
	})
}

// FuzzAnswer: only "OK" lets anybody in, whatever the length before it says.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x00\x02OK"))
	f.Add([]byte("\x00\x0aNO because"))
	f.Add([]byte("\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readAnswer(bytes.NewReader(b))
		if got == right && (len(b) < 4 || string(b[2:4]) != "OK") {
			t.Fatalf("%q lets in", b)
		}
		if err != nil && got != unsure {
			t.Fatalf("%q gives %v and %v", b, got, err)
		}
	})
}
