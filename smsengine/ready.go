package smsengine

import "context"

// always is the channel of gateways that are ready always.
var always = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// ready is the channel that is closed while the gateway can send.
func (l *lane) ready() <-chan struct{} {
	if r, ok := l.Gateway.(Readier); ok {
		return r.Ready()
	}
	return always
}

// opens reports whether the lane may begin attempts now. If its gateway is not ready, the engine
// looks for work again as soon as it may.
func (e *Engine) opens(ctx context.Context, l *lane) bool {
	ready := l.ready()
	switch {
	case !l.working.Load():
		return false
	case isOpen(ready):
		return true
	}
	if l.watched.CompareAndSwap(false, true) {
		go func() {
			select {
			case <-ready:
			case <-l.ending.Done():
			case <-ctx.Done():
			}
			l.watched.Store(false)
			signal(e.freed)
		}()
	}
	return false
}

func isOpen(ready <-chan struct{}) bool {
	select {
	case <-ready:
		return true
	default:
		return false
	}
}
