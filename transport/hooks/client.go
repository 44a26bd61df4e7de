package hooks

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// client is the address that a request comes from: that of the peer, or what the
// last proxy that is believed says (X-Forwarded-For, read from its end). It is
// zero if nobody can say.
func (s *Server) client(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr) // that of a unix socket is none
	client := at.Addr().Unmap()
	if client.IsValid() && !s.proxy(client) {
		return client
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if client = a.Unmap().WithZone(""); !s.proxy(client) {
			break
		}
	}
	return client
}

func (s *Server) proxy(a netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// limiter bounds the requests of each client: so many a second, and so many at
// once after a pause. All of a network of IPv6 that one customer has are one.
type limiter struct {
	rate  float64
	burst float64
	now   func() time.Time

	mu      sync.Mutex
	clients map[netip.Prefix]bucket
}

type bucket struct {
	used float64 // of the burst
	at   time.Time
}

// maxClients bounds the memory of a limiter.
const maxClients = 10000

func newLimiter(rate float64, burst int) *limiter {
	return &limiter{rate: rate, burst: float64(burst), now: time.Now, clients: map[netip.Prefix]bucket{}}
}

func (l *limiter) allow(client netip.Addr) bool {
	bits := 32
	if client.Is6() {
		bits = 64
	}
	who, _ := client.Prefix(bits) // nobody's is a client, too
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.clients[who]
	b.used = max(0, b.used-now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.used+1 > l.burst {
		return false
	}
	b.used++
	if len(l.clients) >= maxClients {
		l.forget(now)
	}
	l.clients[who] = b
	return true
}

// forget drops the clients that have used nothing any more, or all.
func (l *limiter) forget(now time.Time) {
	for who, b := range l.clients {
		if b.used <= now.Sub(b.at).Seconds()*l.rate {
			delete(l.clients, who)
		}
	}
	if len(l.clients) >= maxClients {
		clear(l.clients)
	}
}
