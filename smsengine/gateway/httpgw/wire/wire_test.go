package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bed is a transport, and how many connections it has made.
type bed struct {
	Transport
	dials atomic.Int32
}

func newBed(t *testing.T) *bed {
	b := &bed{Transport: Transport{
		ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 1 << 10,
		MaxIdleConns: 8, IdleConnTimeout: 10 * time.Second,
	}}
	b.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		b.dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	t.Cleanup(b.CloseIdleConnections)
	return b
}

// get makes a request and reads its answer.
func (b *bed) get(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := b.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	return string(said), err
}

func (b *bed) waiting() int {
	b.pool.mu.Lock()
	defer b.pool.mu.Unlock()
	return len(b.pool.idle)
}

// serve does to each connection what a test wants.
func serve(t *testing.T, do func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				do(c, bufio.NewReader(c))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func says(answers ...string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		for _, a := range answers {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			io.WriteString(c, a)
		}
		io.Copy(io.Discard, r)
	}
}

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"

// Connections are used again, by plain HTTP and TLS, and each request gets its own
// answer.
func TestConnectionsAreKept(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, said)
	})
	plain, secure := httptest.NewServer(echo), httptest.NewTLSServer(echo)
	defer plain.Close()
	defer secure.Close()
	b := newBed(t)
	b.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	b.TLSHandshakeTimeout = 10 * time.Second
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() {
			for i := range 20 {
				base, body := plain.URL, fmt.Sprintf("body %d.%d", n, i)
				if n%2 > 0 {
					base = secure.URL
				}
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("%s/%d.%d", base, n, i), strings.NewReader(body))
				answer, err := b.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				said, err := io.ReadAll(answer.Body)
				if want := fmt.Sprintf("POST /%d.%d %s", n, i, body); err != nil || string(said) != want {
					t.Errorf("%q, want %q, %v", said, want, err)
				}
			}
		})
	}
	all.Wait()
	if n := b.dials.Load(); n > 6 {
		t.Errorf("120 requests, 6 at a time, over %d connections", n)
	}
}

// What the far side did after an answer makes the next request go over another
// connection, before anything of it is written.
func TestConnectionThatIsNoGood(t *testing.T) {
	for name, serving := range map[string]func(net.Conn, *bufio.Reader){
		"hung up":         func(c net.Conn, r *bufio.Reader) { http.ReadRequest(r); io.WriteString(c, fine) },
		"said more":       says(fine + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"),
		"wants it closed": says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine"),
		"is HTTP/1.0":     says("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfine"),
	} {
		t.Run(name, func(t *testing.T) {
			b, url := newBed(t), serve(t, serving)
			for n := range int32(3) {
				if said, err := b.get(t.Context(), url); said != "fine" || err != nil {
					t.Fatalf("%q, %v", said, err)
				}
				waitFor(t, func() bool { // until what it did is here
					b.pool.mu.Lock()
					defer b.pool.mu.Unlock()
					return len(b.pool.idle) == 0 || !silent(b.pool.idle[0].Conn)
				})
				if got := b.dials.Load(); got != n+1 {
					t.Errorf("%d requests over %d connections", n+1, got)
				}
			}
		})
	}
}

// A request is never made twice: the far side reads the second one and hangs up.
func TestNothingIsRepeated(t *testing.T) {
	var requests atomic.Int32
	b, url := newBed(t), serve(t, func(c net.Conn, r *bufio.Reader) {
		for n := 0; ; n++ {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			if requests.Add(1); n > 0 {
				return
			}
			io.WriteString(c, fine)
		}
	})
	if said, err := b.get(t.Context(), url); said != "fine" || err != nil {
		t.Fatalf("%q, %v", said, err)
	}
	if said, err := b.get(t.Context(), url); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", said, err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("there were %d requests", n)
	}
}

// What takes too long or too much ends, and its connection is not used again.
func TestBounds(t *testing.T) {
	endless := "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfine"
	for name, c := range map[string]struct {
		answer string
		want   string
		end    bool // the context ends when the header is there, or would be
	}{
		"context, header":    {"", "context canceled", true},
		"context, body":      {endless, "context canceled", true},
		"header is late":     {"", "no answer in 50ms", false},
		"header is too long": {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2000) + "\r\n\r\n", errHeader.Error(), false},
		"nonsense":           {"220 mail.example.org ESMTP\r\n", "malformed HTTP", false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b, url := newBed(t), serve(t, func(conn net.Conn, r *bufio.Reader) {
				http.ReadRequest(r)
				io.WriteString(conn, c.answer)
				if c.end {
					cancel()
				}
				io.Copy(io.Discard, conn)
			})
			if name == "header is late" {
				b.ResponseHeaderTimeout = 50 * time.Millisecond
			}
			if said, err := b.get(ctx, url); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q, %v, want %q", said, err, c.want)
			}
			if n := b.waiting(); n > 0 {
				t.Errorf("%d connections wait", n)
			}
		})
	}
}

// A body that nobody reads ends with its connection; an answer that says "wait"
// is none.
func TestAnswers(t *testing.T) {
	b, url := newBed(t), serve(t, says("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfine"))
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	answer, err := b.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); b.waiting() > 0 {
		t.Error("the connection waits with half a body in it")
	}
	url = serve(t, says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+fine))
	if said, err := b.get(t.Context(), url); said != "fine" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	url = serve(t, says("HTTP/1.1 204 No Content\r\n\r\n", fine))
	for _, want := range []string{"", "fine"} {
		if said, err := b.get(t.Context(), url); said != want || err != nil {
			t.Errorf("%q, %v", said, err)
		}
	}
	if n := b.dials.Load(); n != 3 {
		t.Errorf("there were %d connections", n)
	}
}

// Connections that wait are closed in time.
func TestIdleConnectionsEnd(t *testing.T) {
	gone := make(chan struct{})
	b, url := newBed(t), serve(t, func(c net.Conn, r *bufio.Reader) {
		says(fine)(c, r)
		close(gone)
	})
	b.IdleConnTimeout = 20 * time.Millisecond
	if said, err := b.get(t.Context(), url); said != "fine" || err != nil {
		t.Fatalf("%q, %v", said, err)
	}
	<-gone
	waitFor(t, func() bool { return b.waiting() == 0 })
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to this")
		}
	}
}
