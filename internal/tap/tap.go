// Package tap stands between a client and a server of a test, and cuts their
// connection at the word that the test names: so each step of a dialogue can be
// the one at which the network fails.
package tap

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// Side is who says something.
type Side string

// The sides.
const (
	Client Side = "client"
	Server Side = "server"
)

// Tap passes connections on.
type Tap struct {
	// Address is where clients connect.
	Address string

	target string
	mu     sync.Mutex
	rule   *rule
	hidden []byte
	cut    chan struct{}
	open   map[net.Conn]bool
	seen   map[Side]*bytes.Buffer
}

// rule is where the next connection is cut.
type rule struct {
	side Side
	word string
	pass bool
}

// New starts a tap for the time of the test, on the address of its target, so that
// its certificate fits.
func New(t testing.TB, target string) *Tap {
	t.Helper()
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	tap := &Tap{
		Address: l.Addr().String(), target: target,
		open: map[net.Conn]bool{}, seen: map[Side]*bytes.Buffer{Client: {}, Server: {}},
	}
	t.Cleanup(func() {
		_ = l.Close()
		tap.CutAll()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go tap.pass(c)
		}
	}()
	return tap
}

// CutBefore cuts the next connection on which the side says the word: what it
// says there does not arrive. The channel is closed when that has happened.
func (t *Tap) CutBefore(side Side, word string) <-chan struct{} {
	return t.set(&rule{side: side, word: word})
}

// CutAfter is CutBefore, but the words arrive.
func (t *Tap) CutAfter(side Side, word string) <-chan struct{} {
	return t.set(&rule{side: side, word: word, pass: true})
}

// Hide takes a word out of what servers say; so many X stand in its place.
func (t *Tap) Hide(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hidden = []byte(word)
}

func (t *Tap) set(r *rule) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rule, t.cut = r, make(chan struct{})
	return t.cut
}

// CutAll cuts all connections that there are.
func (t *Tap) CutAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.open {
		_ = c.Close()
	}
}

// Said gives all that a side has said on all connections.
func (t *Tap) Said(side Side) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen[side].String()
}

func (t *Tap) pass(c net.Conn) {
	s, err := net.Dial("tcp", t.target)
	if err != nil {
		_ = c.Close()
		return
	}
	t.mu.Lock()
	t.open[c], t.open[s] = true, true
	t.mu.Unlock()
	go t.copy(Client, c, s)
	t.copy(Server, s, c)
}

// copy passes on what a side says, until one of the connections ends.
func (t *Tap) copy(side Side, from, to net.Conn) {
	defer func() {
		_, _ = from.Close(), to.Close()
		t.mu.Lock()
		delete(t.open, from)
		t.mu.Unlock()
	}()
	chunk := make([]byte, 32<<10)
	var tail []byte // in which the word may have begun
	for {
		n, err := from.Read(chunk)
		if n > 0 {
			cut, pass := t.look(side, append(tail, chunk[:n]...), chunk[:n])
			if pass {
				if _, err := to.Write(chunk[:n]); err != nil {
					return
				}
			}
			if cut {
				return
			}
			tail = append(tail[:0], chunk[max(0, n-64):n]...)
		}
		if err != nil {
			return
		}
	}
}

// look reports whether the connection ends here, and whether the words still
// pass.
func (t *Tap) look(side Side, text, fresh []byte) (cut, pass bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if side == Server && t.hidden != nil {
		copy(fresh, bytes.ReplaceAll(fresh, t.hidden, bytes.Repeat([]byte("X"), len(t.hidden))))
	}
	t.seen[side].Write(fresh)
	r := t.rule
	if r == nil || r.side != side || !bytes.Contains(text, []byte(r.word)) {
		return false, true
	}
	t.rule = nil
	close(t.cut)
	return true, r.pass
}
