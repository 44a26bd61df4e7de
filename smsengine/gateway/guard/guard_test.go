package guard

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
)

var (
	inside = []string{
		"127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"0.0.0.0", "0.1.2.3", "168.63.129.16", "192.0.0.192",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "3fff::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1", "2002:0a00:0001::1", "2001::1",
		"64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "5f00::1", "4000::1",
	}
	outside = []string{"8.8.8.8", "52.95.110.1", "2600:1f18::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"}
)

func TestPublic(t *testing.T) {
	for _, a := range inside {
		if Public(netip.MustParseAddr(a)) {
			t.Errorf("%s counts as public", a)
		}
	}
	for _, a := range outside {
		if !Public(netip.MustParseAddr(a)) {
			t.Errorf("%s does not count as public", a)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

func allows(t *testing.T, address string, listed ...string) bool {
	t.Helper()
	var all []netip.Prefix
	for _, l := range listed {
		all = append(all, netip.MustParsePrefix(l))
	}
	err := Control(all...)(t.Context(), "tcp", net.JoinHostPort(address, "443"), nil)
	if err != nil && !errors.Is(err, ErrPrivate) {
		t.Errorf("%s: %v", address, err)
	}
	return err == nil
}

func TestControl(t *testing.T) {
	for _, a := range inside {
		if allows(t, a) {
			t.Errorf("%s may be reached", a)
		}
		if allows(t, a, "192.0.3.0/24", "2001:db9::/32") {
			t.Errorf("%s may be reached, since something else is listed", a)
		}
	}
	for _, a := range outside {
		if !allows(t, a) {
			t.Errorf("%s may not be reached", a)
		}
	}
	for _, c := range []struct {
		address, listed string
		may             bool
	}{
		{"10.1.2.3", "10.0.0.0/8", true},
		{"::ffff:10.1.2.3", "10.0.0.0/8", true},
		{"64:ff9b::10.1.2.3", "10.0.0.0/8", true},
		{"64:ff9b::10.1.2.3", "64:ff9b::/96", true},
		{"11.1.2.3", "10.0.0.0/8", true}, // public
		{"127.0.0.1", "10.0.0.0/8", false},
		{"127.0.0.1", "127.0.0.1/32", true},
		{"127.0.0.2", "127.0.0.1/32", false},
		{"fd12::1", "fd12::/16", true},
		{"fe80::1%eth0", "fe80::/10", true},
	} {
		if allows(t, c.address, c.listed) != c.may {
			t.Errorf("%s with %s listed: want %v", c.address, c.listed, c.may)
		}
	}
	if Control()(t.Context(), "tcp", "shop.example.com:443", nil) == nil {
		t.Error("a name passes for an address")
	}
}

// This machine has a public address, too: what listens there behind a firewall is
// no stranger's.
func TestOwnAddress(t *testing.T) {
	defer func() { interfaceAddrs = net.InterfaceAddrs }()
	interfaceAddrs = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.IPv4(8, 8, 4, 4), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("2600:1f18::1"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	for _, a := range []string{"8.8.4.4", "::ffff:8.8.4.4", "64:ff9b::8.8.4.4", "2600:1f18::1"} {
		if allows(t, a) {
			t.Errorf("%s may be reached", a)
		}
	}
	if !allows(t, "8.8.4.5") || !allows(t, "8.8.4.4", "8.8.4.4/32") {
		t.Error("a neighbour, or what is listed, may not be reached")
	}
	interfaceAddrs = func() ([]net.Addr, error) { return nil, errors.New("no permission") }
	if allows(t, "8.8.8.8") {
		t.Error("an address may be reached that may be ours")
	}
}

// Whatever a name resolves to, nothing inside is reached: not even connected to.
func TestNothingInsideIsReached(t *testing.T) {
	var reached atomic.Int64
	s := httptest.NewUnstartedServer(nil)
	l := s.Listener
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	d := net.Dialer{ControlContext: Control()}
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "::", ""} {
		c, err := d.DialContext(context.Background(), "tcp", net.JoinHostPort(host, port))
		if err == nil {
			c.Close()
			t.Errorf("%q was reached", host)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("it was reached %d times", n)
	}
}
