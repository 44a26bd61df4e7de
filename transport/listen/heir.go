package listen

import (
	"errors"
	"fmt"
)

// Heir hands the socket over: new connections come out of the heir's Accept from
// here on, as its options say, while that of l gives net.ErrClosed and the
// connections of l go on. The socket stays open all the time, and what waits in
// its backlog waits for the heir. The connections of l count among the heir's
// Max, and the heir alone closes the socket.
//
// The file of a unix socket gets the heir's mode, owner and group where they
// differ. On an error nothing has changed; it is net.ErrClosed if l is not the
// one that listens.
func (l *Listener) Heir(o Options) (*Listener, error) {
	s := l.socket
	fail := func(err error) (*Listener, error) {
		return nil, fmt.Errorf("socket %s cannot be handed over: %w", l.Addr(), err)
	}
	heir := newListener(s, o)
	var want access
	if s.file != nil {
		var peersErr, err error
		heir.peers, peersErr = newPeers(o.Peers)
		want, err = s.file.access(o)
		if err := errors.Join(peersErr, err); err != nil {
			return fail(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := l.over(); err != nil {
		return fail(err)
	}
	if s.file != nil {
		if err := s.file.give(want); err != nil {
			return fail(err)
		}
	}
	s.now, s.full = heir, false
	s.changed.Broadcast()
	l.settle()
	return heir, nil
}

// Left is closed when the listener takes no more connections, because it was
// handed over or closed, and has none left.
func (l *Listener) Left() <-chan struct{} { return l.left }
