package smsengine

import (
	"context"
	"time"
)

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
	s := e.setting.Load()
	c, backlog := e.claimFor(s), false
	c.Shares = e.turns.shares(s.lanes)
	for id, l := range s.lanes {
		e.grant(ctx, l)
		share := 0
		if e.opens(ctx, l) {
			share = l.room(c.Now)
			backlog = backlog || l.free() == 0
		}
		if share == 0 {
			l.short.Store(true)
		}
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
		e.begin(s.lanes[d.Message.Gateway], d)
	}
	for id, unused := range c.Room {
		backlog = backlog || unused == 0
		l := s.lanes[id]
		if unused > 0 && err == nil {
			l.short.Store(false)
		}
		l.give(unused)
	}
	e.backlog.Store(backlog || err != nil)
	return len(ds), err
}

// claimFor is a Claim of this life without room yet.
func (e *Engine) claimFor(s *setting) Claim {
	now := e.now()
	return Claim{Node: e.life, Room: make(map[string]int), Able: s.ableAt(now), Now: now, Until: now.Add(s.longest + time.Minute)}
}

// begin makes the attempt that was claimed. Its place is taken already.
func (e *Engine) begin(l *lane, d Delivery) {
	e.turns.took(d.Message)
	e.hold(d.Message.ID)
	go func() {
		e.work(l, d)
		l.leave()
		if e.backlog.Load() {
			signal(e.freed)
		}
	}()
}

// untilDue is how long dispatch may sleep if nothing wakes it.
func (e *Engine) untilDue(ctx context.Context) time.Duration {
	s := e.setting.Load()
	c, longest := e.claimFor(s), time.Minute
	for id, l := range s.lanes {
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
