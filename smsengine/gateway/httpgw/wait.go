package httpgw

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/postel-mail/postel/smsengine"
)

// bound sets how many requests there may be, at a time and in a time.
func (g *Gateway) bound(c Config) {
	r := c.Rate
	if r.IsZero() {
		r = g.provider.Rate
	}
	if !r.IsZero() {
		each := r.Per / time.Duration(r.Number)
		g.limit = rate.NewLimiter(rate.Every(each), max(1, int(time.Second/max(each, 1)))) // a second's worth at once
	}
	if n := g.provider.Concurrency; n > 0 {
		g.places = make(chan struct{}, n)
	}
}

// wait waits for a place and for the rate.
func (g *Gateway) wait(ctx context.Context) (release func(), err error) {
	late := fail(smsengine.Temporary, "4.4.1", "there was no time left to send the text", nil)
	if ctx.Err() != nil {
		return nil, late
	}
	if g.places != nil {
		select {
		case g.places <- struct{}{}:
		case <-ctx.Done():
			return nil, late
		}
	}
	if g.limit != nil && g.limit.Wait(ctx) != nil {
		if g.places != nil {
			<-g.places
		}
		return nil, late
	}
	g.underWay.Add(1)
	return func() {
		g.underWay.Add(-1)
		if g.places != nil {
			<-g.places
		}
	}, nil
}

// unready is the failure of a text for which no request was made.
func unready(err error) error {
	if resting, ok := errors.AsType[errResting](err); ok {
		return fail(smsengine.Temporary, "4.4.5", "the provider takes no texts at the moment", resting)
	}
	return fail(smsengine.Temporary, "4.4.1", "there was no time left to send the text", err)
}
