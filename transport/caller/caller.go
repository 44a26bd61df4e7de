// Package caller says who makes an HTTP request, and bounds how many requests and
// connections that may be, for the doors that speak HTTP.
package caller

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the web servers in front of a door, whose word on whom they speak
// for is believed. What comes over a unix socket comes from one.
type Proxies []netip.Prefix

// Client is the address that a request comes from: that of the peer, or what the
// last proxy that is believed says (X-Forwarded-For, read from its end). It is
// zero if nobody can say.
func (p Proxies) Client(r *http.Request) netip.Addr {
	client := Peer(r.RemoteAddr)
	if client.IsValid() && !p.Has(client) {
		return client
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if client = a.Unmap().WithZone(""); !p.Has(client) {
			break
		}
	}
	return client
}

// Forwarded reports whether a request came through a proxy, and which scheme the
// proxy says that it was made with (X-Forwarded-Proto), "" if it does not say.
func (p Proxies) Forwarded(r *http.Request) (scheme string, ok bool) {
	if peer := Peer(r.RemoteAddr); peer.IsValid() && (!p.Has(peer) || r.Header.Get("X-Forwarded-For") == "") {
		return "", false
	}
	said := r.Header.Values("X-Forwarded-Proto")
	if len(said) == 0 {
		return "", true
	}
	last := said[len(said)-1]
	return strings.ToLower(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])), true
}

// Has reports whether the address is a proxy's.
func (p Proxies) Has(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Peer reads the address of a connection's other end, "192.0.2.7:4711". That of a
// unix socket is none.
func Peer(remote string) netip.Addr {
	at, _ := netip.ParseAddrPort(remote)
	return at.Addr().Unmap().WithZone("")
}

// household is what counts as one client: an address of IPv4, or all of a network
// of IPv6 that one customer has.
func household(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // nobody's is a client, too
	return p
}
