// Package wire makes HTTP/1.1 requests for a gateway: whoever makes one writes it
// and reads its answer himself. The transport of net/http does everything that
// HTTP is used for, and for that it has two goroutines at each connection; a text
// costs four switches between them, a fifth of all that is spent on it.
//
// What is left out is as important as what is there. A request is never repeated,
// however safe it looks: a text would be sent twice. There are no redirections,
// no HTTP/2, no compression and no proxies.
package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// Transport is an [http.RoundTripper]. Its fields mean what those of
// [http.Transport] do, and are not changed once it is used. It tells a
// [httptrace.ClientTrace] which connection it has got.
//
// All bounds must be set. The time for a whole request is that of its context. A
// request says how long its body is: ContentLength 0 is none.
type Transport struct {
	DialContext            func(ctx context.Context, network, address string) (net.Conn, error)
	TLSClientConfig        *tls.Config
	TLSHandshakeTimeout    time.Duration
	ResponseHeaderTimeout  time.Duration
	MaxResponseHeaderBytes int64
	MaxIdleConns           int
	IdleConnTimeout        time.Duration

	pool pool
}

// conn is a connection with what has been read from it.
type conn struct {
	net.Conn
	key    string // whom it leads to
	reader *bufio.Reader
	writer *bufio.Writer
	left   int64 // octets that may be read until the header has ended
	since  time.Time
}

var errHeader = errors.New("the header of the answer is too long")

// Read reads for the reader.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeader
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// RoundTrip makes a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	ctx := r.Context()
	c, reused, err := t.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: c.Conn, Reused: reused})
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	late := time.AfterFunc(t.ResponseHeaderTimeout, func() { c.Close() })
	response, err := c.exchange(r, t.MaxResponseHeaderBytes)
	inTime := late.Stop()
	if err != nil {
		c.Close()
		switch {
		case !stop():
			return nil, ctx.Err()
		case !inTime:
			return nil, fmt.Errorf("no answer in %v", t.ResponseHeaderTimeout)
		}
		return nil, err
	}
	response.Body = &body{ReadCloser: response.Body, conn: c, give: t.give, stop: stop, ctx: ctx, keep: inTime && !response.Close && !r.Close}
	return response, nil
}

// connect finds a connection, or makes one.
func (t *Transport) connect(ctx context.Context, r *http.Request) (c *conn, reused bool, err error) {
	secure := r.URL.Scheme == "https"
	if !secure && r.URL.Scheme != "http" {
		return nil, false, fmt.Errorf("unsupported protocol scheme %q", r.URL.Scheme)
	}
	key := r.URL.Scheme + "://" + r.URL.Host
	if c := t.pool.take(key, t.IdleConnTimeout); c != nil {
		return c, true, nil
	}
	port := r.URL.Port()
	switch {
	case port != "":
	case secure:
		port = "443"
	default:
		port = "80"
	}
	plain, err := t.DialContext(ctx, "tcp", net.JoinHostPort(r.URL.Hostname(), port))
	if err != nil {
		return nil, false, err
	}
	if secure {
		if plain, err = t.secure(ctx, plain, r.URL.Hostname()); err != nil {
			return nil, false, err
		}
	}
	c = &conn{Conn: plain, key: key}
	c.reader, c.writer = bufio.NewReader(c), bufio.NewWriter(plain)
	return c, false, nil
}

// secure begins TLS.
func (t *Transport) secure(ctx context.Context, plain net.Conn, host string) (net.Conn, error) {
	config := t.TLSClientConfig.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	if t.TLSHandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.TLSHandshakeTimeout)
		defer cancel()
	}
	c := tls.Client(plain, config)
	if err := c.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, err
	}
	return c, nil
}

// exchange writes a request and reads the header of its answer.
func (c *conn) exchange(r *http.Request, maxHeader int64) (*http.Response, error) {
	if r.ContentLength == 0 && r.Body != nil { // or it would be looked for
		plain := *r
		plain.Body = http.NoBody
		r = &plain
	}
	c.left = maxHeader
	if err := r.Write(c.writer); err != nil {
		return nil, err
	}
	if err := c.writer.Flush(); err != nil {
		return nil, err
	}
	for {
		response, err := http.ReadResponse(c.reader, r)
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
			return response, nil
		} // else it goes on (RFC 9110 §15.2)
	}
}
