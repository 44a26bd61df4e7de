package listen

// Figures is what went through a socket since it was opened, whoever listened.
type Figures struct {
	Open      int    // connections now
	Taken     uint64 // connections that might stay
	Full      uint64 // closed at once: there were too many
	Strangers uint64 // closed at once: their user may not connect (Options.Peers)
}

// Figures counts the connections of the socket: those of the listener, of those
// that it took the place of, and of those that took its place.
func (l *Listener) Figures() Figures {
	l.socket.mu.Lock()
	defer l.socket.mu.Unlock()
	return l.socket.figures
}
