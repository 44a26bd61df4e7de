package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/transport/listen"
)

const base = "https://sms.example.org"

var key = []byte("the key of the site in the tests")

// seen is what a hook got.
type seen struct {
	mu   sync.Mutex
	urls []string
	body []string
	errs []error
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	s.mu.Lock()
	s.urls, s.body, s.errs = append(s.urls, r.URL.String()+" "+r.Host), append(s.body, string(b)), append(s.errs, err)
	s.mu.Unlock()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.urls)
}

type bed struct {
	server *Server
	office *seen
	log    *bytes.Buffer
}

func newBed(t *testing.T, change func(o *Options)) *bed {
	t.Helper()
	b := &bed{office: &seen{}, log: &bytes.Buffer{}}
	o := Options{
		Base: base,
		Hooks: []Hook{
			{"office", Secret(key, "office"), b.office},
			{"ha us/2", Secret(key, "ha us/2"), http.NotFoundHandler()},
		},
		Log: slog.New(slog.NewTextHandler(&locked{w: b.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	var err error
	if b.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	return b
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (b *bed) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:4711"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

func officePath() string { return strings.TrimPrefix(URL(base, "office", Secret(key, "office")), base) }

func TestFound(t *testing.T) {
	b := newBed(t, nil)
	if w := b.ask("POST", officePath()+"?a=%2Bb&c", "text", "Content-Type", "text/plain"); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if want := base + officePath() + "?a=%2Bb&c sms.example.org"; b.office.urls[0] != want || b.office.body[0] != "text" {
		t.Errorf("the hook got %q, %q", b.office.urls, b.office.body)
	}
}

// Whatever is wrong, a stranger hears the same.
func TestNotFound(t *testing.T) {
	b := newBed(t, nil)
	right := officePath()
	answers := map[string]int{}
	for _, p := range []string{
		"/", "/hooks", "/hooks/", "/hooks/office", "/hooks/office/", right + "/", right + "x", right[:len(right)-1],
		strings.ToUpper(right), "/x" + right, right + "%00", "/hooks//" + Secret(key, "office"),
		"/hooks/home/" + Secret(key, "home"), "/hooks/home/" + strings.Repeat("-", secretLength), "/hooks/office/" + strings.Repeat("-", secretLength),
		"/hooks/office/" + Secret(key, "ha us/2"), "/hooks/office/../office/" + Secret(key, "office"),
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD"} {
			w := b.ask(method, p, "text")
			if w.Code != http.StatusNotFound || w.Header().Get("Connection") != "close" {
				t.Errorf("%s %s: %d", method, p, w.Code)
			}
			answers[w.Body.String()]++
		}
	}
	if len(answers) != 1 || b.office.count() != 0 {
		t.Errorf("the answers differ: %v, the hook got %q", answers, b.office.urls)
	}
}

func TestSecrets(t *testing.T) {
	a := Secret(key, "office")
	if len(a) != secretLength || a != Secret(key, "office") || a == Secret(key, "office2") || a == Secret([]byte("other"), "office") {
		t.Errorf("secret %q", a)
	}
	if got := URL("https://sms.example.org/sub/", "ha us/2", a); got != "https://sms.example.org/sub/hooks/ha%20us%2F2/"+a {
		t.Errorf("address %s", got)
	}
	if _, err := New(Options{Base: base, Hooks: []Hook{{"office", "short", http.NotFoundHandler()}}, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a short secret is taken")
	}
	for _, bad := range []string{"", "sms.example.org", "ftp://sms.example.org", "https://", "https://u:p@sms.example.org", "https://sms.example.org/?a", "https://sms.example.org/#a", "https:sms"} {
		if u, err := ParseBase(bad); err == nil {
			t.Errorf("%q is taken: %v", bad, u)
		}
	}
}

func TestBaseWithPath(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Base = base + "/sub/" })
	if w := b.ask("POST", "/sub"+officePath(), ""); w.Code != http.StatusNoContent || b.office.urls[0] != base+"/sub"+officePath()+" sms.example.org" {
		t.Errorf("%d %q", w.Code, b.office.urls)
	}
	if w := b.ask("POST", officePath(), ""); w.Code != http.StatusNotFound {
		t.Errorf("outside of it: %d", w.Code)
	}
}

func TestLargeBody(t *testing.T) {
	b := newBed(t, func(o *Options) { o.MaxBody = 1000 })
	if w := b.ask("POST", officePath(), strings.Repeat("x", 1000)); w.Code != http.StatusNoContent {
		t.Errorf("1000 octets: %d", w.Code)
	}
	if w := b.ask("POST", officePath(), strings.Repeat("x", 1001)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("1001 octets: %d", w.Code)
	}
}

func TestRate(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Rate, o.Burst = 2, 3 })
	clock := time.Now()
	b.server.calls.Now = func() time.Time { return clock }
	codes := func(n int, client string) (all []int) {
		for range n {
			r := httptest.NewRequest(http.MethodPost, officePath(), nil)
			r.RemoteAddr = client
			w := httptest.NewRecorder()
			b.server.ServeHTTP(w, r)
			all = append(all, w.Code)
		}
		return all
	}
	for _, step := range []struct {
		wait   time.Duration
		client string
		want   string
	}{
		{0, "192.0.2.7:1", "[204 204 204 429 429]"},
		{0, "192.0.2.8:1", "[204 204 204 429 429]"},
		{time.Second, "192.0.2.7:2", "[204 204 429 429 429]"},
		{time.Hour, "192.0.2.7:2", "[204 204 204 429 429]"},
		{0, "[2001:db8::1]:1", "[204 204 204 429 429]"},
		{0, "[2001:db8::2]:1", "[429 429 429 429 429]"}, // the same network
		{0, "[2001:db8:0:1::2]:1", "[204 204 204 429 429]"},
	} {
		clock = clock.Add(step.wait)
		if got := fmt.Sprint(codes(5, step.client)); got != step.want {
			t.Errorf("%s after %s: %s, want %s", step.client, step.wait, got, step.want)
		}
	}
	// Strangers cost the provider nothing: they are not counted.
	for range 100 {
		b.ask("POST", "/hooks/office/guess", "")
	}
	if got := fmt.Sprint(codes(1, "192.0.2.99:1")); got != "[204]" {
		t.Error(got)
	}
}

// The server of a listener that was handed over and that of its heir count
// together.
func TestFollow(t *testing.T) {
	few := func(o *Options) { o.Rate, o.Burst = 0.001, 1 }
	old, young := newBed(t, few), newBed(t, few)
	young.server.Follow(old.server)
	old.ask("POST", officePath(), "")
	if w := young.ask("POST", officePath(), ""); w.Code != http.StatusTooManyRequests || young.server.Limited() != 1 {
		t.Errorf("%d, %d requests were limited", w.Code, young.server.Limited())
	}
}

// The log has neither the secret part of an address nor anything of a request.
func TestLogTellsNothing(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Burst = 2; o.Rate = 0.001 })
	for _, p := range []string{officePath(), officePath() + "x", officePath() + "?text=hush&From=%2B15555550123"} {
		for range 3 {
			b.ask("POST", p, "Body=hush&From=%2B15555550123", "Authorization", "Bearer hush", "Cookie", "hush")
		}
	}
	if b.log.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, word := range []string{"hush", "5550123", Secret(key, "office"), Secret(key, "office")[:10]} {
		if strings.Contains(b.log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, b.log)
		}
	}
}

// serve opens the door on a real socket.
func (b *bed) serve(t *testing.T, max int) string {
	t.Helper()
	l, err := listen.Open("inet:127.0.0.1:0", listen.Options{Max: max, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- b.server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = b.server.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A client that sends its request an octet at a time is cut off, in the header as
// in the body, while others are served.
func TestSlowClients(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Time = 400 * time.Millisecond })
	address := b.serve(t, 0)
	head := "POST " + officePath() + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
	for name, begin := range map[string]string{"header": head + "X-Slow: ", "body": head + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, address)
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { // trickles until it is cut off
				defer close(ended)
				for {
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}()
			res, err := http.Post("http://"+address+officePath(), "text/plain", strings.NewReader("meanwhile"))
			if err != nil || res.StatusCode != http.StatusNoContent {
				t.Errorf("another client: %v, %v", res, err)
			} else {
				res.Body.Close()
			}
			_, _ = io.Copy(io.Discard, c) // ends when the server ends the connection
			<-ended
		})
	}
}

// Connections over the limit are closed, and room is free again when others end.
func TestManyConnections(t *testing.T) {
	b := newBed(t, nil)
	address := b.serve(t, 20)
	var idle []net.Conn
	for range 20 {
		c := dial(t, address)
		if _, err := io.WriteString(c, "POST /hooks"); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	c := dial(t, address) // those before it were accepted in their order
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !strings.Contains(fmt.Sprint(err), "reset") {
		t.Errorf("the connection over the limit: %v", err)
	}
	for _, c := range idle {
		c.Close()
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		res, err := client.Post("http://"+address+officePath(), "text/plain", strings.NewReader("x"))
		if err == nil {
			res.Body.Close()
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// A body that ends before its length is no request.
func TestBodyCutOff(t *testing.T) {
	b := newBed(t, nil)
	address := b.serve(t, 0)
	c := dial(t, address)
	_, err := io.WriteString(c, "POST "+officePath()+" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	if err == nil {
		err = c.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c)
	b.office.mu.Lock()
	defer b.office.mu.Unlock()
	if len(b.office.errs) != 1 || !errors.Is(b.office.errs[0], io.ErrUnexpectedEOF) {
		t.Errorf("the hook was told %v", b.office.errs)
	}
}

func TestUnixSocket(t *testing.T) {
	b := newBed(t, nil)
	path := t.TempDir() + "/hooks"
	l, err := listen.Open("unix:"+path, listen.Options{Peers: []string{fmt.Sprint(os.Getuid())}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = b.server.Serve(l) }()
	defer func() { _ = b.server.Shutdown(context.Background()) }()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Post("http://proxied.example.net"+officePath(), "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent || !strings.HasPrefix(b.office.urls[0], base) {
		t.Errorf("%d, the hook got %q", res.StatusCode, b.office.urls)
	}
}

func FuzzFind(f *testing.F) {
	for _, p := range []string{"/hooks/office/x", officePath(), "/hooks//", "//", "/hooks/ha us/2/x"} {
		f.Add(p)
	}
	s, err := New(Options{Base: base, Hooks: []Hook{{"office", Secret(key, "office"), http.NotFoundHandler()}}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if h, ok := s.find(&url.URL{Path: p}); ok && p != officePath() {
			t.Errorf("%q finds %q", p, h.Gateway)
		}
	})
}
