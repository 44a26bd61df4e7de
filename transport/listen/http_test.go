package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// web is an HTTP server that answers with its name and what it was sent.
type web struct {
	HTTP
	slow chan struct{} // a request for /slow waits for it twice
}

func newWeb(name string, secure func() *tls.Config) *web {
	w := &web{slow: make(chan struct{})}
	w.Server = http.Server{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-w.slow
				<-w.slow
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			fmt.Fprintf(out, "%s %s", name, body)
		}),
	}
	if secure != nil {
		w.TLSConfig = secure()
	}
	return w
}

// serve lets the server answer, and says when Serve ended.
func (w *web) serve(t *testing.T, l net.Listener) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Serve(l); err != nil {
			t.Errorf("Serve = %v", err)
		}
	}()
	return ended
}

// browser is a client that keeps its connections.
func browser(t *testing.T, l *Listener, secure bool) *http.Client {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, l.Addr().Network(), l.Addr().String())
	}
	if secure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		transport.ForceAttemptHTTP2 = true
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func post(c *http.Client, path, body string) (answer string, r *http.Response, err error) {
	scheme := "http"
	if c.Transport.(*http.Transport).ForceAttemptHTTP2 {
		scheme = "https"
	}
	if r, err = c.Post(scheme+"://example.org"+path, "text/plain", strings.NewReader(body)); err != nil {
		return "", nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), r, err
}

func TestHeirOfHTTP(t *testing.T) {
	chain, key := certify(t, t.TempDir(), 1)
	certificate, err := LoadCertificate(chain, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, secure := range []func() *tls.Config{nil, certificate.Config} {
		l := open(t, "inet:127.0.0.1:0", Options{})
		old := newWeb("old", secure)
		ended := old.serve(t, Direct(l))
		c := browser(t, l, secure != nil)
		ask := func(path, want string) {
			t.Helper()
			if got, _, err := post(c, path, "x"); got != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
		ask("/", "old x")
		var long sync.WaitGroup
		long.Go(func() { ask("/slow", "old x") })
		old.slow <- struct{}{}
		idle := browser(t, l, secure != nil)
		if _, _, err := post(idle, "/", "x"); err != nil {
			t.Fatal(err)
		}

		young := newWeb("young", secure)
		h := heir(t, l, Options{})
		<-ended
		youngEnded := young.serve(t, h)
		// One more answer of the old server on the connection that waits, and none after it.
		if got, r, err := post(idle, "/", "y"); got != "old y" || secure == nil && !r.Close {
			t.Errorf("%q, %v", got, err)
		}
		move(t, idle)
		old.slow <- struct{}{}
		long.Wait()
		move(t, c)
		<-l.Left()
		if err := old.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		ask("/", "young x")
		if err := young.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		<-youngEnded
	}
}

// move makes requests until the client has heard that it should connect anew. In
// HTTP/2 it hears so besides the answers.
func move(t *testing.T, c *http.Client) {
	t.Helper()
	for range 1000 {
		got, _, err := post(c, "/", "y")
		if err != nil {
			t.Fatal(err)
		}
		if got == "young y" {
			return
		}
	}
	t.Fatal("it stays with the old server")
}

// Clients that keep their connections and send what must not be sent twice lose
// no request, however often the socket is handed over.
func TestNoRequestIsLost(t *testing.T) {
	chain, key := certify(t, t.TempDir(), 1)
	certificate, err := LoadCertificate(chain, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range sockets(t) {
		handOverRequests(t, open(t, spec, Options{}), nil)
	}
	handOverRequests(t, open(t, "inet:127.0.0.1:0", Options{}), certificate.Config)
}

func handOverRequests(t *testing.T, l *Listener, secure func() *tls.Config) {
	servers, generations := []*web{newWeb("server", secure)}, []*Listener{l}
	servers[0].serve(t, l)
	answered, done := make(chan struct{}), make(chan struct{})
	var clients sync.WaitGroup
	var browsers []*http.Client
	for range 4 {
		c := browser(t, l, secure != nil)
		browsers = append(browsers, c)
		for n := range 3 { // requests at a time, which share a connection in HTTP/2
			clients.Go(func() {
				body := strings.Repeat("x", 1+n*20_000)
				for {
					if got, _, err := post(c, "/", body); err != nil || got != "server "+body {
						t.Errorf("%s: %d octets, %v", l.Addr(), len(got), err)
					}
					select {
					case answered <- struct{}{}:
					case <-done:
						return
					}
				}
			})
		}
	}
	for n := range 50 {
		for range 10 {
			<-answered
		}
		w, h := newWeb("server", secure), heir(t, generations[n], Options{})
		w.serve(t, h)
		servers, generations = append(servers, w), append(generations, h)
	}
	close(done)
	clients.Wait()
	for _, c := range browsers {
		c.CloseIdleConnections()
	}
	for _, l := range generations[:50] {
		<-l.Left()
	}
	for _, w := range servers {
		w.Close()
	}
}
