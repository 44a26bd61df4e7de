package listen

import "sync/atomic"

// Figures is what went through a socket since it was opened.
type Figures struct {
	Open      int    // connections now
	Taken     uint64 // connections that might stay
	Full      uint64 // closed at once: there were too many
	Strangers uint64 // closed at once: their user may not connect (Options.Peers)
}

type counts struct{ taken, full, strangers atomic.Uint64 }

// Figures counts the connections.
func (l *Listener) Figures() Figures {
	l.mu.Lock()
	open := len(l.conns)
	l.mu.Unlock()
	return Figures{Open: open, Taken: l.count.taken.Load(), Full: l.count.full.Load(), Strangers: l.count.strangers.Load()}
}
