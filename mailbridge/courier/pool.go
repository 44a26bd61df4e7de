package courier

import (
	"sync"
	"time"
)

// idleTime is how long a connection without work is kept: shorter than any MTA
// waits (Postfix: 300 s, 10 s under stress).
const idleTime = 8 * time.Second

// quitter is a connection that can take leave of its server.
type quitter interface{ quit() }

// pool keeps connections that have no work. Each has a key, which says what it
// is good for.
type pool[C quitter] struct {
	room int // idle connections at most

	mu     sync.Mutex
	idle   []*resting[C] // the one used last at the end
	closed bool
}

// resting is an idle connection.
type resting[C quitter] struct {
	key   string
	conn  C
	timer *time.Timer // ends it when it was idle for too long
}

// take gives an idle connection with the key; false if there is none.
func (p *pool[C]) take(key string) (conn C, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].key == key {
			return p.remove(i), true
		}
	}
	return conn, false
}

// put keeps a connection for the next letter. The one that was idle for longest
// makes room for it.
func (p *pool[C]) put(key string, conn C) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.room == 0 {
		go conn.quit()
		return
	}
	if len(p.idle) >= p.room {
		go p.remove(0).quit()
	}
	r := &resting[C]{key: key, conn: conn}
	r.timer = time.AfterFunc(idleTime, func() { p.expire(r) })
	p.idle = append(p.idle, r)
}

// remove takes a connection out; p is locked.
func (p *pool[C]) remove(i int) C {
	r := p.idle[i]
	r.timer.Stop()
	p.idle = append(p.idle[:i], p.idle[i+1:]...)
	return r.conn
}

// expire ends a connection that is still idle.
func (p *pool[C]) expire(old *resting[C]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.idle {
		if r == old {
			go p.remove(i).quit()
			return
		}
	}
}

// drop ends the idle connections with the key.
func (p *pool[C]) drop(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].key == key {
			go p.remove(i).quit()
		}
	}
}

func (p *pool[C]) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for len(p.idle) > 0 {
		go p.remove(0).quit()
	}
	return nil
}
