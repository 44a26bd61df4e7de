// Package listen opens the sockets that mail servers connect to, and keeps
// their connections in order: who may connect, how many, how long they may be
// silent, and how they end when Postel does.
//
// A unix socket is the usual one. Its owner and mode say who can open it, and
// the kernel's word on the peer (SO_PEERCRED) says who may stay: a process of
// another user cannot claim to be the MTA.
//
// A protocol server calls [Conn.SetIdle] where a connection owes its peer
// nothing. There, and only there, [Listener.Drain] ends it.
//
// A server can be replaced while its socket stays open: [Listener.Heir] hands the
// socket to a new Listener, which another server answers. Whoever connects meets
// one or the other and is never refused. Connections stay with the server that
// they began with; it ends them for itself, and [Listener.Left] says when it can
// be forgotten. What is counted belongs to the socket, so limits and [Figures] go
// on ([Listener.Figures]).
package listen

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a socket is opened and what its connections may do.
type Options struct {
	Mode  uint32 // of a unix socket's file; 0: 0660
	Owner string // user name or number of the file, "": as created
	Group string // group name or number of the file, "": as created

	// Peers are the users, by name or number, that may connect to a unix socket
	// besides root and our own user. "*" stands for whoever can open the file.
	Peers []string

	Idle time.Duration // how long a peer may be silent, or not read; 0: 5 minutes
	Max  int           // connections at a time; 0: 1000. More are closed at once.
	Log  *slog.Logger  // nil: slog.Default()
}

// Listener accepts connections as its Options say. What Accept returns is
// always a *Conn.
type Listener struct {
	socket *socket
	idle   time.Duration
	max    int
	log    *slog.Logger
	peers  *peers // nil: no credentials to check

	conns map[*Conn]struct{} // guarded by the socket's lock
	left  chan struct{}      // closed when there are no connections, and will be none
	empty sync.Once          // closes left
}

// Open listens on "unix:/path" or "inet:host:port". A socket file that nobody
// answers on is replaced; one that somebody answers on is an error.
func Open(spec string, o Options) (*Listener, error) {
	kind, address, _ := strings.Cut(spec, ":")
	switch {
	case kind == "unix" && address != "":
		return openUnix(address, o)
	case kind == "inet" && address != "":
		inner, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("socket %q: %w", spec, err)
		}
		return Wrap(inner, o), nil
	}
	return nil, fmt.Errorf("socket %q: want unix:/path or inet:host:port", spec)
}

// Wrap gives the rest of what Open does to a listener that is open already. The
// peers of a wrapped listener are not checked.
func Wrap(inner net.Listener, o Options) *Listener {
	s := newSocket(inner)
	s.now = newListener(s, o)
	return s.now
}

func newListener(s *socket, o Options) *Listener {
	l := &Listener{
		socket: s, idle: cmp.Or(o.Idle, 5*time.Minute), max: cmp.Or(o.Max, 1000), log: o.Log,
		conns: map[*Conn]struct{}{}, left: make(chan struct{}),
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	return l
}

// Addr is where the listener listens.
func (l *Listener) Addr() net.Addr { return l.socket.inner.Addr() }

// Accept waits for a connection that may stay. It returns an error only when
// the listener is closed or handed over (net.ErrClosed).
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, refused, err := l.accept()
		if err != nil {
			return nil, err
		}
		if c != nil {
			return c, nil
		}
		if refused != nil {
			l.log.Warn("connection refused", "socket", l.Addr().String(), "err", refused)
		}
	}
}

// accept takes one connection and makes it one of ours, or says why not, the
// first time, if it may not stay.
func (l *Listener) accept() (c *Conn, refused, err error) {
	s := l.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ask()
	for s.next == nil && l.over() == nil {
		s.changed.Wait()
	}
	if err := l.over(); err != nil {
		return nil, nil, err
	}
	raw := s.next
	s.next = nil
	s.changed.Broadcast()
	if err := l.peers.check(raw); err != nil {
		s.figures.Strangers++
		_ = raw.Close()
		return nil, err, nil
	}
	if s.figures.Open >= l.max {
		s.figures.Full++
		_ = raw.Close()
		if !s.full {
			refused = fmt.Errorf("too many connections: there are %d, and more are closed at once", l.max)
		}
		s.full = true
		return nil, refused, nil
	}
	s.full = false
	s.figures.Taken++
	s.figures.Open++
	c = newConn(raw, l.idle)
	c.listener = l
	l.conns[c] = struct{}{}
	return c, nil, nil
}

// forget is called once for each connection, when it is closed.
func (l *Listener) forget(c *Conn) {
	l.socket.mu.Lock()
	defer l.socket.mu.Unlock()
	delete(l.conns, c)
	l.socket.figures.Open--
	l.settle()
}

// over gives net.ErrClosed if the listener takes no more connections. The lock
// is held.
func (l *Listener) over() error {
	if l.socket.closed || l.socket.now != l {
		return net.ErrClosed
	}
	return nil
}

func (l *Listener) isOver() bool {
	l.socket.mu.Lock()
	defer l.socket.mu.Unlock()
	return l.over() != nil
}

// settle sees whether the last connection is gone. The lock is held.
func (l *Listener) settle() {
	if l.over() != nil && len(l.conns) == 0 {
		l.empty.Do(func() { close(l.left) })
	}
}

// Close stops listening and removes the socket's file, unless the listener was
// handed over: then they are the heir's. Connections go on.
func (l *Listener) Close() error { return l.socket.close(l) }

// Drain closes the listener, ends each of its connections where it is idle, and
// waits for all to end. When ctx ends first it cuts those that are left and
// returns the error of ctx. Those of other listeners of the socket go on.
func (l *Listener) Drain(ctx context.Context) error {
	_ = l.Close()
	l.socket.mu.Lock()
	conns := slices.Collect(maps.Keys(l.conns))
	l.socket.mu.Unlock()
	for _, c := range conns {
		c.drain()
	}
	select {
	case <-l.left:
		return nil
	case <-ctx.Done():
		for _, c := range conns {
			_ = c.cut()
		}
		return ctx.Err()
	}
}
