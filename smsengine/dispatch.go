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
	gate    *gate
	watched atomic.Bool // somebody waits until it is ready
	short   atomic.Bool // messages may wait for it: the last claim found no room
	meter   meter
}

func newLane(id string, l Lane, zone *time.Location) *lane {
	if l.Concurrency <= 0 {
		l.Concurrency = 1
	}
	if l.Timeout <= 0 {
		l.Timeout = 3 * time.Minute
	}
	return &lane{Lane: l, id: id, places: make(chan struct{}, l.Concurrency), gate: newGate(l, zone)}
}

// room is how many attempts may begin now.
func (l *lane) room(now time.Time) int {
	return min(cap(l.places)-len(l.places), l.gate.room(now))
}

// take takes a place if one is free and the gate is open; give gives back n that
// are not used, leave the one of an attempt that was made.
func (l *lane) take(now time.Time) bool {
	select {
	case l.places <- struct{}{}:
	default:
		return false
	}
	if !l.gate.take(now) {
		l.leave()
		return false
	}
	return true
}

func (l *lane) give(n int) {
	for range n {
		l.leave()
	}
	l.gate.give(n)
}

func (l *lane) leave() { <-l.places }

// share is what the lane is chosen by, against others of its group.
func (l *lane) share(turn float64) Share {
	return Share{Weight: l.Weight, UnderWay: len(l.places), Turn: turn}
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
	c.Shares = e.turns.shares(e.lanes)
	for id, l := range e.lanes {
		e.grant(ctx, l)
		share := 0
		if e.opens(ctx, l) {
			share = l.room(c.Now)
			backlog = backlog || len(l.places) == cap(l.places)
		}
		l.short.Store(share == 0)
		if !e.backlog.Load() {
			share = (share + 1) / 2
		}
		for range share {
			if l.take(c.Now) {
				c.Room[id]++
			}
		}
		backlog = backlog || share > 0 && c.Room[id] == 0
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
	return Claim{Node: e.life, Room: make(map[string]int), Able: e.ableAt(now), Now: now, Until: now.Add(longest + time.Minute)}
}

// begin makes the attempt that was claimed. Its place is taken already.
func (e *Engine) begin(d Delivery) {
	l := e.lanes[d.Message.Gateway]
	e.turns.took(d.Message)
	e.hold(d.Message.ID)
	e.sends.Go(func() {
		e.work(l, d)
		l.leave()
		if e.backlog.Load() {
			signal(e.freed)
		}
	})
}

// untilDue is how long dispatch may sleep if nothing wakes it.
func (e *Engine) untilDue(ctx context.Context) time.Duration {
	c, longest := e.claimFor(), time.Minute
	for id, l := range e.lanes {
		if !e.opens(ctx, l) {
			continue
		}
		if n := l.room(c.Now); n > 0 {
			c.Room[id] = n
		} else if at := l.gate.opens(c.Now); !at.IsZero() {
			longest = min(longest, max(at.Sub(e.cfg.Now()), time.Millisecond))
		}
	}
	if len(c.Room) == 0 {
		return longest
	}
	next, err := e.cfg.Store.NextDue(ctx, c)
	if err != nil || next.IsZero() {
		return longest
	}
	return min(max(next.Sub(e.now()), time.Millisecond), longest)
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
