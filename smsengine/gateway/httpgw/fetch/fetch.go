// Package fetch gets what a provider's request names: the certificates that sign
// it, and the address that confirms a subscription.
//
// Such an address is a stranger's word until the request is believed, and
// afterwards still somebody else's. So a [Client] asks only hosts that are known
// by name, over TLS that proves it, follows no redirect, uses no proxy, sends no
// credentials, reads little and waits shortly; and it never connects to an
// address that is not public, whatever the name resolved to.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/guard"
)

// Bounds of one fetch.
const (
	wait      = 8 * time.Second
	maxHeader = 16 << 10 // octets
	maxBody   = 64 << 10
)

// Certificates are kept, so many and so long.
const (
	maxKept  = 16
	keptTime = 24 * time.Hour
)

// Client fetches. It is safe for concurrent use.
type Client struct {
	allowed func(address string) bool
	http    *http.Client
	now     func() time.Time

	mu   sync.Mutex
	kept map[string]kept // by address
}

type kept struct {
	cert  *x509.Certificate
	until time.Time
}

// New makes a client that fetches what allowed allows, and nothing else.
func New(allowed func(address string) bool) *Client {
	dialer := &net.Dialer{Timeout: wait, ControlContext: guard.Control()}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    wait,
		ResponseHeaderTimeout:  wait,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true,
	}
	return &Client{
		allowed: allowed, now: time.Now, kept: map[string]kept{},
		http: &http.Client{
			Transport: transport, Timeout: wait,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Certificate fetches a certificate in PEM, or gives the one that it has.
func (c *Client) Certificate(ctx context.Context, address string) (*x509.Certificate, error) {
	c.mu.Lock()
	k, ok := c.kept[address]
	c.mu.Unlock()
	if ok && c.now().Before(k.until) {
		return k.cert, nil
	}
	body, err := c.get(ctx, address)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(body)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("there is no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("the certificate cannot be read")
	}
	c.keep(address, cert)
	return cert, nil
}

func (c *Client) keep(address string, cert *x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= maxKept {
		clear(c.kept)
	}
	c.kept[address] = kept{cert, c.now().Add(keptTime)}
}

// Confirm fetches an address and wants to hear yes.
func (c *Client) Confirm(ctx context.Context, address string) error {
	_, err := c.get(ctx, address)
	return err
}

// get fetches an address. Its errors do not repeat it: a confirmation has a
// token in it.
func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	if !c.allowed(address) {
		return nil, errors.New("the address is not one that may be fetched")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	res, err := c.http.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is HTTP %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the answer is longer than %d octets", maxBody)
	}
	return body, err
}
