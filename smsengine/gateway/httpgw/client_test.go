package httpgw

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// clientPEM makes a certificate that is good for an hour, and its key.
func clientPEM(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "postel.example.org"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}

// at is the provider "another server" at an address, with a configuration.
func at(t *testing.T, base string, c Config) (*Gateway, error) {
	t.Helper()
	c.Provider = "server"
	c.Values = []Value{{"base", base}, {"user", "john"}}
	c.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.SecretsFile, []byte("password=hush-hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	return New("office", ours, c, Options{Files: files})
}

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// TestCertificates: a server is believed only if somebody vouches for it, and
// may ask who we are.
func TestCertificates(t *testing.T) {
	server := testCertificate(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate[0]}), 0o644); err != nil {
		t.Fatal(err)
	}
	asking := &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAnyClientCert}
	f := newFake(t, func(f *fake, c net.Conn) { says(fine)(f, tls.Server(c, asking)) })
	base := "https://" + f.plain.Addr().String()
	for name, c := range map[string]struct {
		config Config
		want   smsengine.Class
	}{
		"right":         {Config{CAFile: ca, ClientCertificate: certificate(t)}, smsengine.OK},
		"not vouched":   {Config{ClientCertificate: certificate(t)}, smsengine.Temporary},
		"we are nobody": {Config{CAFile: ca}, smsengine.Uncertain}, // TLS 1.3 says so after we have written
	} {
		g, err := at(t, base, c.config)
		if err != nil {
			t.Fatal(err)
		}
		class, err := classOf(t, g)
		if class != c.want && (name != "we are nobody" || class == smsengine.OK) {
			t.Errorf("%s: it is %s: %v", name, class, err)
		}
		g.Close()
	}
	if f.count() != 1 {
		t.Errorf("there were %d requests", f.count())
	}
}

func TestProxy(t *testing.T) {
	f := newFake(t, says(fine))
	g, err := at(t, "http://sms.invalid", Config{Proxy: "http://" + f.plain.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if class, err := classOf(t, g); class != smsengine.OK || f.requests[0].URL.Host != "sms.invalid" {
		t.Errorf("it is %s: %v", class, err)
	}
	refusing := newFake(t, func(f *fake, c net.Conn) {
		f.read(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
	})
	g, err = at(t, "https://sms.invalid", Config{Proxy: "http://" + refusing.plain.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if class, err := classOf(t, g); class != smsengine.Temporary {
		t.Errorf("the proxy made no connection, and it is %s: %v", class, err)
	}
	if r := refusing.requests[0]; r.Method != http.MethodConnect || r.Header.Get("Authorization") != "" {
		t.Errorf("the proxy got to see %v", r)
	}
}

func TestConfigIsRefused(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "nothing.pem")
	if err := os.WriteFile(nothing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{
		"proxy: want a URL":                     {Proxy: "proxy.example.org"},
		"does not log in to proxies":            {Proxy: "http://john:secret@proxy.example.org"},
		"ca_file: " + nothing + " holds no":     {CAFile: nothing},
		"client_certificate: tls: failed to":    {ClientCertificate: nothing},
		"ca_file: open /nowhere.pem: no such":   {CAFile: "/nowhere.pem"},
		"client_certificate: open /nowhere.pem": {ClientCertificate: "/nowhere.pem"},
	} {
		if _, err := at(t, "https://sms.example.org", c); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "gateway office: ") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, c := range map[string]Config{
		`there is no provider "nobody"`:   {Provider: "nobody"},
		`no use for "usr", it needs pass`: {Provider: "46elks", Values: []Value{{"usr", "x"}}},
		`"password" is a secret`:          {Provider: "46elks", Values: []Value{{"password", "x"}}},
		`"username" stands there twice`:   {Provider: "46elks", Values: []Value{{"username", "x"}, {"username", "x"}}},
		"46elks needs username, the API":  {Provider: "46elks"},
	} {
		if _, err := New("office", ours, c, Options{Files: files}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBounds: no more requests at a time, and in a time, than there may be.
func TestBounds(t *testing.T) {
	g := known(t, "kannel")
	g.provider.Concurrency = 2
	g.bound(Config{})
	block, busy := make(chan struct{}), make(chan struct{}, 10)
	f := newFake(t, func(f *fake, c net.Conn) {
		f.read(bufio.NewReader(c))
		busy <- struct{}{}
		<-block
		io.WriteString(c, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n0:")
	})
	f.connect(g)
	ended := make(chan error, 5)
	for range 5 {
		go func() {
			_, err := g.Send(t.Context(), delivery(t, g, nil))
			ended <- err
		}()
	}
	<-busy
	<-busy
	if h, _ := g.Check(t.Context()); h.Text != "Kannel takes texts, 2 requests under way" || f.count() != 2 {
		t.Errorf("%s, and %d came", h.Text, f.count())
	}
	close(block)
	for range 5 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
