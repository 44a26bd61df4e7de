package smsengine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lane is a gateway with its free places.
type lane struct {
	Lane
	id     string
	places chan struct{} // one token an attempt under way
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

func (l *lane) whole() bool {
	s, ok := l.Gateway.(Splitter)
	return ok && s.Whole()
}

// repeats reports whether an unsure message may be sent again unasked.
func (e *Engine) repeats(l *lane, m Message) bool {
	if r, ok := l.Gateway.(Repeater); ok && r.Repeats() {
		return true
	}
	return m.Repeats < e.cfg.Repeat
}

// dispatch claims what is due for every lane with room and starts an attempt
// for each. It sleeps until something became ready, a place became free, or the
// next message is due.
func (e *Engine) dispatch(ctx context.Context) {
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

// claim gives the number of attempts begun.
func (e *Engine) claim(ctx context.Context) (int, error) {
	room := make(map[string]int, len(e.lanes))
	var longest time.Duration
	for id, l := range e.lanes {
		if free := cap(l.places) - len(l.places); free > 0 {
			room[id] = free
			longest = max(longest, l.Timeout)
		}
	}
	if len(room) == 0 {
		return 0, nil
	}
	now := e.now()
	ds, err := e.cfg.Store.Claim(ctx, Claim{Node: e.life, Room: room, Now: now, Until: now.Add(longest + time.Minute)})
	for _, d := range ds {
		l := e.lanes[d.Message.Gateway]
		l.places <- struct{}{}
		e.hold(d.Message.ID)
		e.sends.Go(func() {
			e.work(l, d)
			e.release(d.Message.ID)
			<-l.places
			signal(e.freed)
		})
	}
	return len(ds), err
}

// untilDue is how long dispatch may sleep if nothing wakes it.
func (e *Engine) untilDue(ctx context.Context) time.Duration {
	var free []string
	for id, l := range e.lanes {
		if len(l.places) < cap(l.places) {
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

// work makes one attempt: part by part, each recorded before the next is sent,
// so that at most one part is ever in doubt.
func (e *Engine) work(l *lane, d Delivery) {
	for {
		began := e.now()
		taking, err := e.send(l, d)
		ev := e.outcome(l, d, taking, err)
		r := e.record(ev)
		e.logOutcome(ev, r, err, e.now().Sub(began))
		if ev.Kind != PartTaken || r.Err != nil {
			return
		}
		d.Message, d.Part = r.Message, r.Message.Unsent()
	}
}

// send calls the driver. One that panics may have sent.
func (e *Engine) send(l *lane, d Delivery) (t Taking, err error) {
	ctx, cancel := context.WithTimeout(e.alive, l.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = Fail(l.id+".Send", Uncertain, "4.3.0", "the gateway failed in the middle of sending", fmt.Errorf("panic: %v", p))
		}
	}()
	t, err = l.Gateway.Send(ctx, d)
	if _, known := errors.AsType[*Error](err); err != nil && !known && ctx.Err() != nil {
		err = Fail(l.id+".Send", Uncertain, "4.4.1", "the gateway did not answer in time", err)
	}
	return t, err
}

// outcome makes the event that an attempt's answer is.
func (e *Engine) outcome(l *lane, d Delivery, t Taking, err error) Event {
	m, now := d.Message, e.now()
	ev := Event{Message: m.ID, Attempt: m.Attempt, Gateway: l.id, Part: d.Part, At: now, Status: StatusOf(err)}
	switch ev.Status.Class {
	case OK:
		ev.Kind, ev.Taken = Taken, t
		ev.Taken.Whole = t.Whole || l.whole()
		if !ev.Taken.Whole && d.More() {
			ev.Kind, ev.Until = PartTaken, now.Add(l.Timeout+time.Minute)
		}
	case Permanent:
		ev.Kind = Refused
	case Uncertain:
		ev.Kind, ev.Taken.Whole = InDoubt, l.whole()
		if e.repeats(l, m) {
			ev.Until = now.Add(e.cfg.Retry.After(m.Repeats + 1))
		}
	default:
		ev.Kind, ev.Until = Deferred, now.Add(e.cfg.Retry.After(m.Attempt))
	}
	return ev
}

// record stores what came of an attempt. While the Store cannot (a full disk),
// the attempt keeps its place: what is known must not become unsure, and no
// more is sent than can be recorded.
func (e *Engine) record(ev Event) Result {
	for n := 1; ; n++ {
		rs, err := e.cfg.Store.Record(context.Background(), []Event{ev})
		if err == nil {
			return rs[0]
		}
		e.log.Error("cannot record an outcome", "message", ev.Message, "event", ev.Kind, "err", err)
		select {
		case <-e.alive.Done(): // the lease will tell: the message becomes unsure
			return Result{Err: err}
		case <-time.After(Retry{First: 100 * time.Millisecond, Max: 5 * time.Second}.After(n)):
		}
	}
}

func (e *Engine) logOutcome(ev Event, r Result, cause error, took time.Duration) {
	args := []any{"message", ev.Message, "gateway", ev.Gateway, "attempt", ev.Attempt, "part", ev.Part + 1, "ms", took.Milliseconds()}
	if r.Err != nil {
		e.log.Error("outcome not recorded", append(args, "event", ev.Kind, "err", r.Err)...)
		return
	}
	args = append(args, "state", r.Message.State)
	switch ev.Kind {
	case Taken, PartTaken:
		e.log.Info("sent", append(args, "ref", ev.Taken.Reference)...)
	case Deferred:
		e.log.Warn("deferred", append(args, "code", ev.Status.Code, "next", ev.Until, "err", cause)...)
	default:
		e.log.Error("not sent", append(args, "event", ev.Kind, "code", ev.Status.Code, "err", cause)...)
	}
}

func (e *Engine) hold(id MessageID) {
	e.mu.Lock()
	e.flight[id] = true
	e.mu.Unlock()
}

func (e *Engine) release(id MessageID) {
	e.mu.Lock()
	delete(e.flight, id)
	e.mu.Unlock()
}

func (e *Engine) holds(id MessageID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.flight[id]
}
