package smsengine

import (
	"context"
	"sync/atomic"
	"time"
)

// lane is a gateway with its free places.
type lane struct {
	Lane
	id      string
	places  chan struct{} // one token an attempt under way
	watched atomic.Bool   // somebody waits until it is ready
	meter   meter
}

func newLane(id string, l Lane) *lane {
	if l.Concurrency <= 0 {
		l.Concurrency = 1
	}
	if l.Timeout <= 0 {
		l.Timeout = 3 * time.Minute
	}
	return &lane{Lane: l, id: id, places: make(chan struct{}, l.Concurrency)}
}

// take takes a place if one is free; give gives n of them back.
func (l *lane) take() bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *lane) give(n int) {
	for range n {
		<-l.places
	}
}

func (l *lane) whole() bool {
	s, ok := l.Gateway.(Splitter)
	return ok && s.Whole()
}

// dispatch claims what is due for every lane with room and starts an attempt
// for each. It sleeps until something became ready, the next message is due, or,
// when messages wait for places, a place became free. What was there before it
// began goes first.
func (e *Engine) dispatch(ctx context.Context) {
	e.backlog.Store(true)
	e.running.Store(true)
	defer e.running.Store(false)
	for ctx.Err() == nil {
		n, err := e.claim(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			e.log.Error("cannot claim messages", "err", err)
			e.wait(ctx, time.Second)
		case err == nil && n == 0:
			e.wait(ctx, e.untilDue(ctx))
		}
	}
}

// claim gives the number of attempts begun. It takes half of the free places at
// a time: the others are for texts that come in meanwhile, which need no claim
// of their own. While messages wait for places, new ones join them, so then it
// takes all.
func (e *Engine) claim(ctx context.Context) (int, error) {
	c, backlog := e.claimFor(), false
	for id, l := range e.lanes {
		if !e.opens(ctx, l) {
			continue
		}
		share := cap(l.places) - len(l.places)
		if !e.backlog.Load() {
			share = (share + 1) / 2
		}
		for range share {
			if l.take() {
				c.Room[id]++
			}
		}
		backlog = backlog || c.Room[id] == 0
	}
	var ds []Delivery
	var err error
	if len(c.Room) > 0 {
		ds, err = e.cfg.Store.Claim(ctx, c)
	}
	for _, d := range ds {
		c.Room[d.Message.Gateway]--
		e.begin(d)
	}
	for id, unused := range c.Room {
		backlog = backlog || unused == 0
		e.lanes[id].give(unused)
	}
	e.backlog.Store(backlog || err != nil)
	return len(ds), err
}

// claimFor is a Claim of this life without room yet.
func (e *Engine) claimFor() Claim {
	longest := time.Duration(0)
	for _, l := range e.lanes {
		longest = max(longest, l.Timeout)
	}
	now := e.now()
	return Claim{Node: e.life, Room: make(map[string]int), Now: now, Until: now.Add(longest + time.Minute)}
}

// begin makes the attempt that was claimed. Its place is taken already.
func (e *Engine) begin(d Delivery) {
	l := e.lanes[d.Message.Gateway]
	e.hold(d.Message.ID)
	e.sends.Go(func() {
		e.work(l, d)
		l.give(1)
		if e.backlog.Load() {
			signal(e.freed)
		}
	})
}

// untilDue is how long dispatch may sleep if nothing wakes it.
func (e *Engine) untilDue(ctx context.Context) time.Duration {
	var free []string
	for id, l := range e.lanes {
		if len(l.places) < cap(l.places) && e.opens(ctx, l) {
			free = append(free, id)
		}
	}
	if len(free) == 0 {
		return time.Minute
	}
	next, err := e.cfg.Store.NextDue(ctx, free)
	if err != nil || next.IsZero() {
		return time.Minute
	}
	return min(max(next.Sub(e.now()), time.Millisecond), time.Minute)
}

func (e *Engine) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-e.cfg.Store.Wake():
	case <-e.freed:
	case <-t.C:
	}
}

// signal wakes one waiter, now or when it next waits.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
