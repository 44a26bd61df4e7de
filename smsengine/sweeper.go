package smsengine

import (
	"context"
	"time"
)

// sweepBatch bounds one transaction of the sweeper, so that a large backlog
// never holds up sending.
const sweepBatch = 500

// windowAge is how long a window's counter is kept after it was last charged:
// longer than any rate looks back, and than people ask why.
const windowAge = 48 * time.Hour

// sweepLoop looks at the clock for the messages: nothing wakes us when a lease
// runs out or a time passes.
func (e *Engine) sweepLoop(ctx context.Context) {
	t := time.NewTicker(e.cfg.Sweep)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			e.sweep(ctx)
		}
	}
}

// sweep records what the passing of time has brought about and takes up texts
// from phones that were stored and never made into a message.
func (e *Engine) sweep(ctx context.Context) {
	for {
		n, err := e.sweepDue(ctx)
		if ctx.Err() != nil {
			return // we are ending
		}
		if err != nil {
			e.log.Error("sweep failed", "err", err)
			break
		}
		if n < sweepBatch {
			break
		}
	}
	if now := e.now(); now.Sub(e.pruned) >= time.Hour {
		e.pruned = now
		if err := e.cfg.Store.Prune(ctx, now.Add(-windowAge)); err != nil {
			e.log.Error("sweep failed", "err", err)
		}
	}
	sets, err := e.cfg.Store.Unconsumed(ctx, e.now().Add(-e.setting.Load().incomplete))
	if err != nil && ctx.Err() == nil {
		e.log.Error("sweep failed", "err", err)
	}
	for _, set := range sets {
		e.consume(ctx, set)
	}
}

// sweepDue gives the number of changes made. What Apply refuses does not count,
// or a sweep might never end.
func (e *Engine) sweepDue(ctx context.Context) (int, error) {
	due, err := e.cfg.Store.Due(ctx, e.life, e.now(), sweepBatch)
	if err != nil {
		return 0, err
	}
	events := due[:0]
	for _, ev := range due {
		if e.holds(ev.Message) {
			continue // the clock jumped: we are still sending it
		}
		if ev.Kind == Lost {
			if err := e.judgeLost(ctx, &ev); err != nil {
				return 0, err
			}
		}
		if ev.Kind == TimedOut {
			ev.Tell = e.setting.Load().administrator
		}
		events = append(events, ev)
	}
	if len(events) == 0 {
		return 0, nil
	}
	rs, err := e.cfg.Store.Record(ctx, events)
	if err != nil {
		return 0, err
	}
	done := 0
	for i, r := range rs {
		if r.Err == nil {
			done++
			e.log.Warn("swept", "message", events[i].Message, "event", events[i].Kind, "state", r.Message.State)
		}
	}
	return done, nil
}

// judgeLost decides what becomes of a message whose attempt was cut off.
func (e *Engine) judgeLost(ctx context.Context, ev *Event) error {
	ev.Status = Status{Class: Uncertain, Code: "4.3.0", Text: "the phone service stopped while sending; the text may have been sent"}
	m, err := e.cfg.Store.Message(ctx, ev.Message)
	if err != nil {
		return err
	}
	s := e.setting.Load()
	if l := s.lanes[m.Gateway]; l != nil && s.repeats(l, m) {
		ev.Until = e.now()
	}
	return nil
}
