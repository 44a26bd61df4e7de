package httpgw

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/wire"
)

// Bounds on what a provider may answer.
const (
	maxHeader = 64 << 10 // octets
	maxBody   = 64 << 10
)

// Idle connections are kept for the next request, so many and so long. Common
// servers close them after 5 seconds, and a text that is written at that very
// moment is uncertain: we close them before.
const (
	maxIdle  = 64
	idleTime = 4 * time.Second
)

// newClient makes the client of one gateway. It follows no redirect, which could
// carry a text or a password to somebody else; and it speaks HTTP/1.1, where a
// connection that breaks leaves one request uncertain and not all. Package wire
// knows no proxies: behind one it is the transport of net/http.
func newClient(c Config, t provider.Timeouts) (*http.Client, error) {
	proxy, err := c.proxyURL()
	if err != nil {
		return nil, err
	}
	security, err := newTLS(c)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: time.Duration(t.Connect), KeepAlive: 30 * time.Second}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &countedConn{Conn: conn}, nil
	}
	client := &http.Client{
		Timeout:       time.Duration(t.Whole),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if proxy == nil {
		client.Transport = &wire.Transport{
			DialContext: dial, TLSClientConfig: security, TLSHandshakeTimeout: time.Duration(t.TLS),
			ResponseHeaderTimeout: time.Duration(t.Answer), MaxResponseHeaderBytes: maxHeader,
			MaxIdleConns: maxIdle, IdleConnTimeout: idleTime,
		}
		return client, nil
	}
	transport := &http.Transport{
		DialContext: dial, TLSClientConfig: security, TLSHandshakeTimeout: time.Duration(t.TLS),
		ResponseHeaderTimeout: time.Duration(t.Answer), MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns: maxIdle, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: idleTime,
		Protocols: new(http.Protocols), Proxy: http.ProxyURL(proxy),
	}
	transport.Protocols.SetHTTP1(true)
	client.Transport = transport
	return client, nil
}

// newTLS reads the certificates.
func newTLS(c Config) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM", c.CAFile)
		}
	}
	if c.ClientCertificate != "" {
		key := c.ClientKey
		if key == "" {
			key = c.ClientCertificate
		}
		pair, err := tls.LoadX509KeyPair(c.ClientCertificate, key)
		if err != nil {
			return nil, fmt.Errorf("client_certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

// countedConn counts what was written, by which one knows whether a request that
// failed may have left.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

// NetConn is the connection itself.
func (c *countedConn) NetConn() net.Conn { return c.Conn }

func (c *countedConn) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p))) // before: what is being written may leave
	n, err := c.Conn.Write(p)
	if n == 0 {
		c.written.Add(int64(-len(p)))
	}
	return n, err
}

// exchange is one request and what came of it.
type exchange struct {
	status int // 0: no answer
	header http.Header
	body   []byte
	whole  bool  // the answer's body ended where it should, within the bound
	left   bool  // some of the request may have left
	reused bool  // over a connection that had been used before
	err    error // without URLs
}

// do makes a request, by the transport of a client and in its time.
func do(client *http.Client, r request) (x exchange) {
	var conn *countedConn
	var before int64
	ctx, cancel := context.WithTimeout(r.Context(), client.Timeout)
	defer cancel()
	if u := r.URL.User; u != nil && r.Header.Get("Authorization") == "" {
		password, _ := u.Password()
		r.SetBasicAuth(u.Username(), password)
	}
	r.Request = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			x.reused, x.left = i.Reused, true
			if conn = counted(i.Conn); conn != nil {
				before = conn.written.Load()
			}
		},
	}))
	res, err := client.Transport.RoundTrip(r.Request)
	if err != nil {
		if conn != nil && conn.written.Load() == before {
			x.left = false
		}
		x.err = withoutURL(err)
		return x
	}
	defer res.Body.Close()
	x.status, x.header = res.StatusCode, res.Header
	x.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		x.err = withoutURL(err)
	case len(x.body) > maxBody:
		x.body, x.err = x.body[:maxBody], fmt.Errorf("the answer is longer than %d octets", maxBody)
	default:
		x.whole = true
	}
	return x
}

// counted finds the connection below TLS.
func counted(c net.Conn) *countedConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	cc, _ := c.(*countedConn)
	return cc
}

// withoutURL leaves the URL out, which has the text and perhaps a password in
// it.
func withoutURL(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}
