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

// repeats reports whether an unsure message may be sent again unasked.
func (e *Engine) repeats(l *lane, m Message) bool {
	if r, ok := l.Gateway.(Repeater); ok && r.Repeats() {
		return true
	}
	return m.Repeats < e.cfg.Repeat
}

// dispatch claims what is due for every lane with room and starts an attempt
// for each. It sleeps until something became ready, the next message is due, or,
// when messages wait for places, a place became free.
func (e *Engine) dispatch(ctx context.Context) {
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
// of their own.
func (e *Engine) claim(ctx context.Context) (int, error) {
	c, backlog := e.claimFor(), false
	for id, l := range e.lanes {
		for range (cap(l.places) - len(l.places) + 1) / 2 {
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
		e.release(d.Message.ID)
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
		if ev.Kind != PartTaken || r.Err != nil || r.Message.State != Sending {
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
			ev.Kind, ev.Node, ev.Until = PartTaken, e.life, now.Add(l.Timeout+time.Minute)
		}
	case Permanent:
		ev.Kind = Refused
	case Uncertain:
		ev.Kind, ev.Taken = InDoubt, t // its name for the part, if it told one: a receipt can end the doubt
		ev.Taken.Whole = l.whole()
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
