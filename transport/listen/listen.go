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
package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
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
	inner net.Listener
	idle  time.Duration
	max   int
	log   *slog.Logger
	peers *peers // nil: no credentials to check
	clean func() // removes the socket's file, nil for TCP
	count counts

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	draining bool
	full     bool          // already logged
	gone     chan struct{} // closed when draining and no connection is left
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
	l := &Listener{
		inner: inner, idle: o.Idle, max: o.Max, log: o.Log,
		conns: map[*Conn]struct{}{}, gone: make(chan struct{}),
	}
	if l.idle == 0 {
		l.idle = 5 * time.Minute
	}
	if l.max == 0 {
		l.max = 1000
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	return l
}

// Addr is where the listener listens.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept waits for a connection that may stay. It returns an error only when
// the listener is closed (net.ErrClosed): running out of file descriptors is
// waited for.
func (l *Listener) Accept() (net.Conn, error) {
	rest := 5 * time.Millisecond
	for {
		raw, err := l.inner.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, net.ErrClosed
		}
		if err != nil {
			l.log.Error("cannot accept a connection", "socket", l.Addr().String(), "err", err)
			time.Sleep(rest)
			rest = min(2*rest, time.Second)
			continue
		}
		rest = 5 * time.Millisecond
		if err := l.peers.check(raw); err != nil {
			l.log.Warn("connection refused", "socket", l.Addr().String(), "err", err)
			l.count.strangers.Add(1)
			_ = raw.Close()
			continue
		}
		if c := l.track(raw); c != nil {
			return c, nil
		}
		_ = raw.Close()
	}
}

// track makes the connection one of ours, or returns nil if there are too many.
func (l *Listener) track(raw net.Conn) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining || len(l.conns) >= l.max {
		if !l.full && !l.draining {
			l.log.Warn("too many connections, closing new ones", "socket", l.Addr().String(), "max", l.max)
			l.full = true
		}
		if !l.draining {
			l.count.full.Add(1)
		}
		return nil
	}
	l.full = false
	l.count.taken.Add(1)
	c := newConn(raw, l.idle)
	c.release = func() { l.forget(c) }
	l.conns[c] = struct{}{}
	return c
}

func (l *Listener) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.conns[c]; !ok {
		return
	}
	delete(l.conns, c)
	if l.draining && len(l.conns) == 0 {
		close(l.gone)
	}
}

// Close stops listening and removes the socket's file. Connections go on.
func (l *Listener) Close() error {
	err := l.inner.Close()
	if l.clean != nil {
		l.clean()
	}
	return err
}

// Drain stops listening, ends each connection where it is idle, and waits for
// all to end. When ctx ends first it cuts those that are left and returns the
// error of ctx.
func (l *Listener) Drain(ctx context.Context) error {
	_ = l.Close()
	l.mu.Lock()
	first := !l.draining
	l.draining = true
	left := make([]*Conn, 0, len(l.conns))
	for c := range l.conns {
		left = append(left, c)
	}
	if first && len(left) == 0 {
		close(l.gone)
	}
	l.mu.Unlock()
	for _, c := range left {
		c.drain()
	}
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		for _, c := range left {
			_ = c.cut()
		}
		return ctx.Err()
	}
}
