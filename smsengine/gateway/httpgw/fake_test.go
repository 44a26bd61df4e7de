package httpgw

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/wire"
)

// fake is a server that does to each request what the test wants, below HTTP.
type fake struct {
	plain, secure net.Listener
	serve         func(net.Conn) // one connection
	mu            sync.Mutex
	requests      []*http.Request // as they came, with their bodies read
	arrived       func()          // called when a request has come
}

// newFake listens, without and with TLS.
func newFake(t testing.TB, serve func(f *fake, c net.Conn)) *fake {
	t.Helper()
	f := &fake{}
	f.serve = func(c net.Conn) { serve(f, c) }
	f.plain = listen(t)
	f.secure = tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{testCertificate(t)}})
	var all sync.WaitGroup
	for _, l := range []net.Listener{f.plain, f.secure} {
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() {
					defer c.Close()
					stop := context.AfterFunc(t.Context(), func() { c.Close() })
					defer stop()
					f.serve(c)
				})
			}
		})
	}
	t.Cleanup(func() {
		f.plain.Close()
		f.secure.Close()
		all.Wait()
	})
	return f
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// testCertificate is that of package httptest, for example.com.
func testCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return s.TLS.Certificates[0]
}

// connect makes every connection of a gateway end at the fake.
func (f *fake) connect(g *Gateway) {
	t := g.client.Transport.(*wire.Transport)
	dial := t.DialContext
	t.TLSClientConfig.InsecureSkipVerify = true
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		to := f.plain
		if _, port, _ := net.SplitHostPort(address); port == "443" {
			to = f.secure
		}
		return dial(ctx, network, to.Addr().String())
	}
}

// read takes a request with its body.
func (f *fake) read(r *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, req.Body)
	f.mu.Lock()
	f.requests = append(f.requests, req)
	f.mu.Unlock()
	if f.arrived != nil {
		f.arrived()
	}
	return req, err
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// says answers each request on a connection with the same octets.
func says(answer string) func(*fake, net.Conn) {
	return func(f *fake, c net.Conn) {
		for r := bufio.NewReader(c); ; {
			if _, err := f.read(r); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// known makes a gateway of the provider with the values of its testdata.
func known(t testing.TB, id string) *Gateway {
	t.Helper()
	golden, err := txtar.ParseFile(filepath.Join("testdata", id+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range golden.Files {
		if f.Name == "values" {
			return fromValues(t, id, f.Data)
		}
	}
	t.Fatal("it has no values")
	return nil
}

// each runs a test for every provider.
func each(t *testing.T, test func(t *testing.T, g *Gateway)) {
	ids, err := provider.List(gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) { test(t, known(t, id)) })
	}
}

// certificate writes one with its key into a file.
func certificate(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(path, clientPEM(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var errNobody = errors.New("nobody listens here")
