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
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
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
	dialer := &net.Dialer{Timeout: wait, ControlContext: onlyPublic}
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

// errPrivate is the refusal of an address inside.
var errPrivate = errors.New("the name leads to an address that is not public")

// onlyPublic looks at the address itself, after the name was resolved and just
// before the connection is made.
func onlyPublic(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return errPrivate
	}
	return nil
}

// reserved are networks that are not public, beside those that package netip
// knows (RFC 6890, and IPv4 inside of IPv6: RFC 6052, RFC 3056, RFC 4380).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// Public reports whether an address is one of the public Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
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
