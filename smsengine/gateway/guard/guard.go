// Package guard keeps requests to addresses that somebody else has chosen away
// from networks that are not everybody's: this machine, its neighbours, and the
// services by which a cloud tells a machine its secrets.
//
// It looks at the address itself, after the name was resolved and just before the
// connection is made. So it does not matter what a name resolves to, or that it
// resolves to something else than a moment ago.
package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// ErrPrivate is the refusal of an address inside.
var ErrPrivate = errors.New("the name leads to an address that is not public")

// Control is for [net.Dialer.ControlContext]. It refuses with ErrPrivate all that
// is not public, but for what is in the networks listed. An address that this
// machine has counts as private, whatever it is: from here it leads past the
// firewall.
func Control(listed ...netip.Prefix) func(ctx context.Context, network, address string, c syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrPrivate
		}
		a := plain(at.Addr())
		for _, p := range listed {
			if p.Contains(a) || p.Contains(at.Addr().WithZone("")) {
				return nil
			}
		}
		if !Public(a) || ours(a) {
			return ErrPrivate
		}
		return nil
	}
}

// reserved are networks that are not public, beside those that package netip
// knows: RFC 6890 and its registry, IPv4 inside of IPv6 (RFC 3056, RFC 4380), and
// the address at which Azure speaks to its machines.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

var (
	unicast6 = netip.MustParsePrefix("2000::/3")     // all that is given out of IPv6 (RFC 4291 §2.4)
	nat64    = netip.MustParsePrefix("64:ff9b::/96") // IPv4 behind a translator (RFC 6052)
)

// Public reports whether an address is one of the public Internet.
func Public(a netip.Addr) bool {
	a = plain(a)
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !unicast6.Contains(a) {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// plain is the IPv4 address that an IPv6 address stands for, or the address
// itself.
func plain(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a
}

// interfaceAddrs is replaced by tests.
var interfaceAddrs = net.InterfaceAddrs

// ours reports whether this machine has the address, also if it cannot be told.
func ours(a netip.Addr) bool {
	all, err := interfaceAddrs()
	if err != nil {
		return true
	}
	for _, one := range all {
		if p, err := netip.ParsePrefix(one.String()); err == nil && p.Addr().Unmap() == a {
			return true
		}
	}
	return false
}
