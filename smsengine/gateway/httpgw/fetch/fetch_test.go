package fetch

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/guard"
)

// Whatever a name resolves to, nothing inside is reached: not even connected to.
func TestNothingInsideIsReached(t *testing.T) {
	var reached atomic.Int64
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	inside.Config.ConnState = func(net.Conn, http.ConnState) { reached.Add(1) }
	inside.StartTLS()
	defer inside.Close()
	c := New(func(string) bool { return true })
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "0x7f000001", "2130706433"} {
		if err := c.Confirm(t.Context(), "https://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s was fetched", host)
		}
	}
	if _, err := c.Certificate(t.Context(), inside.URL+"/a.pem"); !errors.Is(err, guard.ErrPrivate) {
		t.Errorf("the error is %v", err)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("it was reached %d times", n)
	}
}

// allowLoopback lets a client of the tests reach servers of the tests.
func allowLoopback(c *Client, s *httptest.Server) {
	t := c.http.Transport.(*http.Transport)
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
	t.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
}

func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCertificateIsKept(t *testing.T) {
	body := certificate(t)
	var asked atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" || r.Method != http.MethodGet {
			t.Errorf("it sends %s %v", r.Method, r.Header)
		}
		w.Write(body)
	}))
	defer s.Close()
	c := New(func(a string) bool { return strings.HasPrefix(a, "https://example.com/") })
	allowLoopback(c, s)
	clock := time.Now()
	c.now = func() time.Time { return clock }
	for _, step := range []struct {
		wait  time.Duration
		asked int64
	}{{0, 1}, {0, 1}, {keptTime - 1, 1}, {2, 2}} {
		clock = clock.Add(step.wait)
		cert, err := c.Certificate(t.Context(), "https://example.com/a.pem")
		if err != nil || cert.Subject.CommonName != "sns.amazonaws.com" || asked.Load() != step.asked {
			t.Fatalf("%v, %v, asked %d times, want %d", cert, err, asked.Load(), step.asked)
		}
	}
	for i := range 3 * maxKept {
		if _, err := c.Certificate(t.Context(), "https://example.com/"+strings.Repeat("a", i)); err != nil || len(c.kept) > maxKept {
			t.Fatalf("%v, it keeps %d", err, len(c.kept))
		}
	}
	if _, err := c.Certificate(t.Context(), "https://example.org/a.pem"); err == nil {
		t.Error("what is not allowed was fetched")
	}
}

func TestBadAnswers(t *testing.T) {
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/large":
			w.Write(make([]byte, maxBody+1))
		case "/endless":
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, maxBody))
			}
		case "/header":
			w.Header().Set("X-Large", strings.Repeat("x", 2*maxHeader))
		case "/error":
			w.WriteHeader(http.StatusForbidden)
		case "/key":
			pem.Encode(w, &pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{1}})
		case "/broken":
			pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
		}
	}))
	defer s.Close()
	c := New(func(string) bool { return true })
	allowLoopback(c, s)
	for _, p := range []string{"/redirect", "/large", "/endless", "/header", "/error", "/key", "/broken", "/empty"} {
		if _, err := c.Certificate(t.Context(), "https://example.com"+p+"?token=hush"); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", p, err)
		}
	}
	if err := c.Confirm(t.Context(), "https://example.com/empty"); err != nil {
		t.Error(err)
	}
	if err := c.Confirm(t.Context(), "https://example.com/redirect?token=hush"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a redirect counts as yes: %v", err)
	}
}

// The server has to prove its name.
func TestNameIsProved(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer s.Close()
	c := New(func(string) bool { return true })
	allowLoopback(c, s)
	if err := c.Confirm(t.Context(), "https://sns.eu-west-1.amazonaws.com/"); err == nil {
		t.Error("a server with another name was asked")
	} else if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Error(err)
	}
}

// One that does not answer is given up when the request is.
func TestSilent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c := New(func(string) bool { return true })
	ctx, cancel := context.WithCancel(t.Context())
	c.http.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		defer cancel()
		return new(net.Dialer).DialContext(ctx, "tcp", silent.Addr().String())
	}
	if err := c.Confirm(ctx, "https://example.com/"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
