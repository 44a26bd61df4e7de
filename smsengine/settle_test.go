package smsengine_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// tally is a Store that counts claims.
type tally struct {
	smsengine.Store
	claims, settled atomic.Int64
}

func (c *tally) Claim(ctx context.Context, cl smsengine.Claim) ([]smsengine.Delivery, error) {
	c.claims.Add(1)
	return c.Store.Claim(ctx, cl)
}

func (c *tally) Settle(ctx context.Context, e smsengine.Event, cl smsengine.Claim) (smsengine.Result, []smsengine.Delivery, error) {
	c.settled.Add(1)
	return c.Store.Settle(ctx, e, cl)
}

// Where messages wait for a place, the end of one attempt begins the next: in
// their order, and without a claim for each.
func TestAPlaceGoesOnToTheNext(t *testing.T) {
	var store *tally
	b := newBench(t, func(b *bench) {
		store = &tally{Store: b.cfg.Store}
		b.cfg.Store = store
		b.sim.hold, b.sim.begun = make(chan struct{}), make(chan struct{}, 100)
		b.cfg.Gateways["sim"] = smsengine.Lane{Gateway: b.sim, Concurrency: 1}
	})
	var want []string
	var last smsengine.MessageID
	for i := range 5 { // its account has no more
		want = append(want, fmt.Sprint("text", i))
		last = b.submit(want[i], fmt.Sprintf("+155555501%02d", i))[0].ID
	}
	<-b.sim.begun
	until(t, func() bool { return store.claims.Load() > 0 })
	before := store.claims.Load()
	close(b.sim.hold)
	b.until(last, smsengine.Sent)
	if got := b.sim.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q", got)
	}
	if n := store.claims.Load() - before; n >= 5 || store.settled.Load() < 5 {
		t.Errorf("%d claims for 5 texts, %d settled", n, store.settled.Load())
	}
}
