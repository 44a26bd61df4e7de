package caller

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestLimiterForgets(t *testing.T) {
	l := NewLimiter(1, 2)
	for i := range 3 * maxClients {
		l.Allow(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := len(l.clients); n > maxClients {
		t.Errorf("it keeps %d clients", n)
	}
}

func TestClient(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"}, // nobody's word
		{"192.0.2.1:1", "198.51.100.1", "198.51.100.1"},
		{"192.0.2.1:1", "10.0.0.1, 198.51.100.1", "198.51.100.1"}, // what the client says itself does not count
		{"192.0.2.1:1", "198.51.100.1, 192.0.2.2", "198.51.100.1"},
		{"192.0.2.1:1", "rubbish", "192.0.2.1"},
		{"192.0.2.1:1", "198.51.100.1, rubbish", "192.0.2.1"},
		{"[::1]:1", "2001:db8::7", "2001:db8::7"},
		{"[::ffff:192.0.2.1]:1", "::ffff:198.51.100.1", "198.51.100.1"},
		{"@", "198.51.100.1", "198.51.100.1"}, // a unix socket
		{"", "", "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := proxies.Client(r).String(); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}
