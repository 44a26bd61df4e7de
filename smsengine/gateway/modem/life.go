package modem

import "context"

// prepare checks the configuration, and makes what the gateway remembers.
func (g *Gateway) prepare() error {
	g.state, g.inbox = newState(), newInbox(g)
	return nil
}

// live keeps the modem alive until ctx ends.
func (g *Gateway) live(ctx context.Context) { <-ctx.Done() }
