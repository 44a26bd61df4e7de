package listen

import (
	"context"
	"errors"
	"net"
	"sync"
)

// Group is the listeners of one server, which end together. Its zero value is
// ready for use.
type Group struct {
	mu    sync.Mutex
	all   []*Listener
	ended bool
}

// Add takes a listener. After Drain, which may come before a server has even
// begun, it closes the listener and gives false.
func (g *Group) Add(l *Listener) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		_ = l.Close()
		return false
	}
	g.all = append(g.all, l)
	return true
}

// Serve adds the listener and hands its connections to answer, which must not
// block, until Drain; it returns nil then.
func (g *Group) Serve(l *Listener, answer func(*Conn)) error {
	if !g.Add(l) {
		return nil
	}
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		answer(c.(*Conn))
	}
}

// Drain drains all listeners side by side (see Listener.Drain) and takes no more.
func (g *Group) Drain(ctx context.Context) error {
	g.mu.Lock()
	g.ended = true
	all := g.all
	g.mu.Unlock()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, l := range all {
		wg.Go(func() { errs[i] = l.Drain(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
