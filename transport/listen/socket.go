package listen

import (
	"errors"
	"net"
	"sync"
	"time"
)

// socket is what a listener shares with its heirs: what the kernel accepts, the
// file, and what is counted. It knows the listener that takes its connections
// now, and none that did before.
type socket struct {
	inner net.Listener
	file  *file // nil for TCP

	mu      sync.Mutex
	changed sync.Cond // next, now or closed
	asking  bool      // the kernel is asked for connections
	next    net.Conn  // accepted, for whoever takes it; nil: none
	now     *Listener
	closed  bool
	full    bool // already logged
	figures Figures
}

func newSocket(inner net.Listener) *socket {
	s := &socket{inner: inner}
	s.changed.L = &s.mu
	return s
}

// ask begins to ask the kernel for connections. The lock is held.
func (s *socket) ask() {
	if !s.asking && !s.closed {
		s.asking = true
		go s.accept()
	}
}

// accept takes connections from the kernel until the socket is closed. A
// goroutine of its own does it, so that no listener is bound to a call of the
// kernel when it is handed over. Running out of file descriptors is waited for.
func (s *socket) accept() {
	rest := 5 * time.Millisecond
	for {
		raw, err := s.inner.Accept()
		if err != nil {
			now := s.current()
			if errors.Is(err, net.ErrClosed) {
				_ = s.close(now)
				return
			}
			now.log.Error("cannot accept a connection", "socket", now.Addr().String(), "err", err)
			time.Sleep(rest)
			rest = min(2*rest, time.Second)
			continue
		}
		rest = 5 * time.Millisecond
		if !s.offer(raw) {
			return
		}
	}
}

// current is the listener that takes the connections now.
func (s *socket) current() *Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// offer waits until somebody has taken the connection: there is never more than
// one that the kernel gave and no listener has. It reports false when the socket
// is closed.
func (s *socket) offer(raw net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = raw
	s.changed.Broadcast()
	for s.next != nil && !s.closed {
		s.changed.Wait()
	}
	if s.next != nil {
		_ = s.next.Close()
		s.next = nil
	}
	return !s.closed
}

// close stops listening and removes the file, if it is for that listener to do.
func (s *socket) close(by *Listener) error {
	s.mu.Lock()
	if s.now != by {
		s.mu.Unlock()
		return nil
	}
	first := !s.closed
	s.closed = true
	s.changed.Broadcast()
	by.settle()
	s.mu.Unlock()
	err := s.inner.Close()
	if first && s.file != nil {
		s.file.remove()
	}
	return err
}
