package caller

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Places counts the connections of each client, so that one cannot take those of
// all.
type Places struct {
	max     int
	proxies Proxies
	*register
}

// register is who has which places.
type register struct {
	refused atomic.Uint64

	mu    sync.Mutex
	taken map[netip.Prefix]int
}

// NewPlaces gives each client so many connections. Proxies, which speak for many,
// and whoever comes over a unix socket have any number.
func NewPlaces(most int, proxies Proxies) *Places {
	return &Places{max: most, proxies: proxies, register: &register{taken: map[netip.Prefix]int{}}}
}

// Follow has the connections that others let in count here too, and theirs there.
// It comes before anything else is done.
func (p *Places) Follow(others *Places) { p.register = others.register }

// Listener accepts for each client no more connections than it has places; those
// over it are closed at once.
func (p *Places) Listener(l net.Listener) net.Listener { return placesListener{l, p} }

type placesListener struct {
	net.Listener
	places *Places
}

func (l placesListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer := Peer(c.RemoteAddr().String())
		if !peer.IsValid() || l.places.proxies.Has(peer) {
			return c, nil
		}
		who := household(peer)
		if l.places.enter(who) {
			return &placed{Conn: c, leave: func() { l.places.leave(who) }}, nil
		}
		l.places.refused.Add(1)
		_ = c.Close()
	}
}

// Refused is how many connections had no place.
func (p *Places) Refused() uint64 { return p.refused.Load() }

func (p *Places) enter(who netip.Prefix) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[who] >= p.max {
		return false
	}
	p.taken[who]++
	return true
}

func (p *Places) leave(who netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[who]--; p.taken[who] <= 0 {
		delete(p.taken, who)
	}
}

// placed is a connection that has a place.
type placed struct {
	net.Conn
	once  sync.Once
	leave func()
}

// NetConn is the connection without its place.
func (c *placed) NetConn() net.Conn { return c.Conn }

func (c *placed) Close() error {
	c.once.Do(c.leave)
	return c.Conn.Close()
}
