package mailbridge

import (
	"sync"
	"time"
)

// idleTime is how long a connection without work is kept: shorter than any MTA
// waits (Postfix: 300 s, 10 s under stress).
const idleTime = 8 * time.Second

// pool keeps connections that have no work.
type pool struct {
	room int // idle connections at most

	mu     sync.Mutex
	idle   []*conn // the one used last at the end
	closed bool
}

// take gives an idle connection, nil if there is none.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	cn := p.idle[n-1]
	p.idle = p.idle[:n-1]
	cn.timer.Stop()
	return cn
}

// put keeps a connection for the next letter.
func (p *pool) put(cn *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.room {
		go cn.quit()
		return
	}
	p.idle = append(p.idle, cn)
	cn.timer = time.AfterFunc(idleTime, func() { p.expire(cn) })
}

// expire ends a connection that is still idle.
func (p *pool) expire(old *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, cn := range p.idle {
		if cn == old {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			go cn.quit()
			return
		}
	}
}

// drop ends all idle connections.
func (p *pool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cn := range p.idle {
		cn.timer.Stop()
		go cn.quit()
	}
	p.idle = nil
}

func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.drop()
	return nil
}

// quit takes leave of the server, without waiting long for its answer.
func (cn *conn) quit() {
	cn.CommandTimeout = time.Second
	_ = cn.Quit()
	_ = cn.Close()
}
