package hook

import (
	"context"
	"errors"
	"sync"

	"github.com/postel-mail/postel/smsengine"
)

// ear remembers the Sink while the engine listens.
type ear struct {
	mu    sync.Mutex
	sink  smsengine.Sink // nil: nobody listens
	ctx   context.Context
	under *sync.WaitGroup // calls of the sink
}

// errDeaf is why nothing is taken while nobody listens.
var errDeaf = errors.New("the engine does not listen")

// listen opens the ear until ctx ends, and waits for the calls under way.
func (e *ear) listen(ctx context.Context, s smsengine.Sink) error {
	under := new(sync.WaitGroup)
	e.mu.Lock()
	e.sink, e.ctx, e.under = s, ctx, under
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	if e.under == under {
		e.sink = nil
	}
	e.mu.Unlock()
	under.Wait()
	return ctx.Err()
}

// enter gives the sink, and a context that ends with listening, too. done must
// be called when the sink is left.
func (e *ear) enter(ctx context.Context) (s smsengine.Sink, both context.Context, done func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sink == nil || e.ctx.Err() != nil {
		return nil, nil, nil, errDeaf
	}
	under := e.under
	under.Add(1)
	both, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(e.ctx, cancel)
	return e.sink, both, func() {
		stop()
		cancel()
		under.Done()
	}, nil
}
