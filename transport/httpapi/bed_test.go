package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

// office is something mounted: it wants a login, and reads all of the body.
type office struct {
	mu   sync.Mutex
	seen []string // paths
	errs []error  // of reading
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	login, err := Authenticate(r, users{})
	if err != nil {
		ProblemOf(err).WriteText(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	o.mu.Lock()
	o.seen, o.errs = append(o.seen, r.URL.Path), append(o.errs, err)
	o.mu.Unlock()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if bytes.Contains(body, []byte("panic")) {
		panic("hush: what a handler has in its hands")
	}
	VisitOf(r).Did("", "m1", "m2")
	_, _ = io.WriteString(w, "hello "+login.User)
}

func (o *office) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.seen)
}

// users are john, whose password is hush, and a token.
type users struct{}

var errWrong = smsengine.Fail("login", smsengine.Permanent, "5.7.8", "wrong user name or password", errors.New("hush"))

func (users) Password(_ context.Context, names []string, password string, from smsengine.Identity) (Login, error) {
	if names[0] != "john" || password != "hush" {
		return Login{}, errWrong
	}
	from.Method, from.User = smsengine.MethodPassword, "john"
	return Login{Identity: from, Account: "john", Scopes: smsengine.ScopeSend}, nil
}

func (users) Token(_ context.Context, token string, from smsengine.Identity) (Login, error) {
	if token != "hush-token" {
		return Login{}, errWrong
	}
	from.Method, from.User = smsengine.MethodKey, "shop"
	return Login{Identity: from, Account: "shop", Scopes: smsengine.ScopeRead}, nil
}

type bed struct {
	server *Server
	office *office
	log    *bytes.Buffer
}

func newBed(t testing.TB, change func(o *Options)) *bed {
	t.Helper()
	b := &bed{office: &office{}, log: &bytes.Buffer{}}
	o := Options{
		Mounts: map[string]http.Handler{
			"/office/": b.office, "/office/deep/": http.NotFoundHandler(), "/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		},
		PlainAuth: true, Rate: -1,
		Log: slog.New(slog.NewTextHandler(&locked{w: b.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	b.server = New(o)
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

// ask makes a request as john.
func (b *bed) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://sms.example.org/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	r.RemoteAddr = "192.0.2.7:4711"
	r.SetBasicAuth("john", "hush")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

// serve opens the listener on a real socket.
func (b *bed) serve(t testing.TB, most int) string {
	t.Helper()
	l, err := listen.Open("inet:127.0.0.1:0", listen.Options{Max: most, Log: slog.New(slog.DiscardHandler)})
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

// dial connects from one of this machine's addresses.
func dial(t testing.TB, from, address string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// another is a client with an address of its own, which must be served whatever
// others do.
func another(t testing.TB, address string) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
	client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second}
	req, _ := http.NewRequest(http.MethodPost, "http://"+address+"/office/", strings.NewReader("hello"))
	req.SetBasicAuth("john", "hush")
	res, err := client.Do(req)
	if err != nil {
		t.Errorf("another client: %v", err)
		return
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "hello john" {
		t.Errorf("another client: %d %s", res.StatusCode, body)
	}
}
