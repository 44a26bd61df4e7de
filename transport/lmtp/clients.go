package lmtp

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// clients counts the connections of each client, so that one cannot take all
// places.
type clients struct {
	mu    sync.Mutex
	count map[netip.Addr]int
}

// enter takes one of the client's places, or reports that it has none left. 0 is
// any number.
func (c *clients) enter(ip netip.Addr, most int) bool {
	ip = household(ip)
	c.mu.Lock()
	defer c.mu.Unlock()
	if most > 0 && ip.IsValid() && c.count[ip] >= most {
		return false
	}
	if c.count == nil {
		c.count = map[netip.Addr]int{}
	}
	c.count[ip]++
	return true
}

func (c *clients) leave(ip netip.Addr) {
	ip = household(ip)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count[ip]--; c.count[ip] <= 0 {
		delete(c.count, ip)
	}
}

// household is what counts as one client: an IPv4 address, or an IPv6 /64.
func household(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		p, _ := ip.Prefix(64)
		return p.Addr()
	}
	return ip
}

// remote is the address of a client, zero on a unix socket.
func remote(c net.Conn) netip.Addr {
	if addr, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return addr.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// greet makes lines of a connection, or returns nil if its client has enough.
func (s *Server) greet(c *lines) *lines {
	ip := remote(c)
	if !s.clients.enter(ip, s.MaxPerClient) {
		s.Log.Warn("too many connections of one client", "peer", ip.String(), "max", s.MaxPerClient)
		if !s.Implicit {
			_ = c.writeReply([]byte("421 4.7.0 too many connections from your address\r\n"))
		}
		_ = c.Conn.Close()
		return nil
	}
	c.secure = security{config: s.TLS, implicit: s.TLS != nil && s.Implicit}
	if s.Authenticator != nil {
		c.overdue = time.AfterFunc(s.LoginTime, func() { _ = c.Conn.Close() })
	}
	c.closed = func() {
		c.loggedIn()
		s.clients.leave(ip)
	}
	return c
}

// loggedIn says that the client may take its time from here on.
func (c *lines) loggedIn() {
	if c.overdue != nil {
		c.overdue.Stop()
	}
}
