package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openHTTP opens the HTTP interface, with more lines in its section, and gives its
// address.
func (p *postel) openHTTP(more string) (url string) {
	p.t.Helper()
	if p.cmd != nil {
		p.stop()
	}
	address := freePort(p.t)
	p.edit("[mail]\n", fmt.Sprintf("[http]\nlisten = \"inet:%s\"\n%s[mail]\n", address, more))
	p.start()
	return "http://" + address
}

// openHTTPS does it with a certificate of its own, for localhost.
func (p *postel) openHTTPS(more string) (url string) {
	p.t.Helper()
	p.certify(1)
	url = p.openHTTP(fmt.Sprintf("certificate = %q\nkey = %q\n", filepath.Join(p.dir, "cert.pem"), filepath.Join(p.dir, "key.pem")) + more)
	return "https://localhost" + url[strings.LastIndexByte(url, ':'):]
}

// withShop makes an account for a program that may write as John.
func (p *postel) withShop() {
	p.t.Helper()
	p.withPassword(serverPassword, "account", "add", "shop", "sender=*", "rate=none", "identical=none", "--owns", "john@example.org", "--password-stdin")
}

// program is a client of the HTTP interface.
type program struct {
	t      *testing.T
	base   string
	client *http.Client
}

// program gives a client that trusts the site's certificate.
func (p *postel) program(base string) *program {
	p.t.Helper()
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(filepath.Join(p.dir, "cert.pem")); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 100}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &program{t: p.t, base: base, client: &http.Client{Transport: transport, Timeout: patience}}
}

// from gives the same client at another of this machine's addresses.
func (c *program) from(address string) *program {
	transport := c.client.Transport.(*http.Transport).Clone()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport.DialContext = func(ctx context.Context, _, to string) (net.Conn, error) { return d.DialContext(ctx, "tcp4", to) }
	c.t.Cleanup(transport.CloseIdleConnections)
	return &program{t: c.t, base: c.base, client: &http.Client{Transport: transport, Timeout: patience}}
}

// do makes a request with header fields, in pairs, and gives status and body of
// the answer; 0 if there was none.
func (c *program) do(method, path, body string, header ...string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	words, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(words)
}

// form posts a form of fields, in pairs.
func (c *program) form(path string, fields ...string) (int, string) {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return c.do(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// basic is the Authorization of an account.
func (c *program) basic(account string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(account+":"+serverPassword))
}
