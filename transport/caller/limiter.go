package caller

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Limiter bounds the requests of each client: so many a second, and so many at
// once after a pause. All of a network of IPv6 that one customer has are one.
type Limiter struct {
	Now func() time.Time // what a clock says

	rate  float64
	burst float64
	*usage
}

// usage is who made how many requests.
type usage struct {
	refused atomic.Uint64

	mu      sync.Mutex
	clients map[netip.Prefix]bucket
}

type bucket struct {
	used float64 // of the burst
	at   time.Time
}

// maxClients bounds the memory of a limiter.
const maxClients = 10000

// NewLimiter makes a limiter of rate requests a second, and burst at once.
func NewLimiter(rate float64, burst int) *Limiter {
	return &Limiter{rate: rate, burst: float64(burst), Now: time.Now, usage: &usage{clients: map[netip.Prefix]bucket{}}}
}

// Follow has the requests that another counts count here too, and those here
// there. It comes before anything else is done.
func (l *Limiter) Follow(other *Limiter) { l.usage = other.usage }

// Allow counts a request, and reports whether it may be.
func (l *Limiter) Allow(client netip.Addr) bool {
	who := household(client)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Now()
	b := l.clients[who]
	b.used = max(0, b.used-now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.used+1 > l.burst {
		l.refused.Add(1)
		return false
	}
	b.used++
	if len(l.clients) >= maxClients {
		l.forget(now)
	}
	l.clients[who] = b
	return true
}

// Refused is how many requests might not be.
func (l *Limiter) Refused() uint64 { return l.refused.Load() }

// forget drops the clients that have used nothing any more, or all.
func (l *Limiter) forget(now time.Time) {
	for who, b := range l.clients {
		if b.used <= now.Sub(b.at).Seconds()*l.rate {
			delete(l.clients, who)
		}
	}
	if len(l.clients) >= maxClients {
		clear(l.clients)
	}
}
