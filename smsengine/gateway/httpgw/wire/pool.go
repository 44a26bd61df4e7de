package wire

import (
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// pool has the connections that wait for another request.
type pool struct {
	mu    sync.Mutex
	idle  []*conn     // the last used is the last
	timer *time.Timer // closes what has waited long
}

// take gives a connection to somebody, nil if there is none. What its far side has
// closed meanwhile, or said unasked, is no good: a text that is written into it may
// have arrived, and nobody would know.
func (p *pool) take(key string, longest time.Duration) *conn {
	for {
		c := p.last(key)
		if c == nil || time.Since(c.since) < longest && silent(c.Conn) {
			return c
		}
		c.Close()
	}
}

func (p *pool) last(key string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if c := p.idle[i]; c.key == key {
			p.idle = slices.Delete(p.idle, i, i+1)
			return c
		}
	}
	return nil
}

// give keeps a connection for the next request.
func (t *Transport) give(c *conn) {
	p := &t.pool
	c.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= t.MaxIdleConns {
		c.Close()
		return
	}
	p.idle = append(p.idle, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(t.IdleConnTimeout, t.tidy)
	}
}

// tidy closes what has waited too long, and comes again while there is more.
func (t *Transport) tidy() {
	p := &t.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(c *conn) bool {
		old := time.Since(c.since) >= t.IdleConnTimeout
		if old {
			c.Close()
		}
		return old
	})
	if p.timer = nil; len(p.idle) > 0 {
		p.timer = time.AfterFunc(t.IdleConnTimeout-time.Since(p.idle[0].since), t.tidy)
	}
}

// CloseIdleConnections closes those that wait.
func (t *Transport) CloseIdleConnections() {
	p := &t.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// silent reports whether a connection that waits has nothing to say: neither its
// end nor anything else. One that cannot be asked is taken for silent.
func silent(c net.Conn) bool {
	for {
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = inner.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Read(func(fd uintptr) bool {
		quiet = errors.Is(peek(fd), errNothing)
		return true
	})
	return err == nil && quiet
}
