package smsengine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// work makes one attempt: part by part, each recorded before the next is sent,
// so that at most one part is ever in doubt. While messages wait for places it
// then goes on with the next of them, which was claimed as the last one ended.
func (e *Engine) work(l *lane, d Delivery) {
	defer func() { e.release(d.Message.ID) }()
	for {
		began := time.Now()
		taking, err := e.send(l, d)
		took := time.Since(began)
		ev := e.outcome(l, d, taking, err)
		l.meter.attempt(ev.Kind, took)
		r, next := e.record(l, ev)
		e.logOutcome(ev, r, err, took)
		switch {
		case ev.Kind == PartTaken && r.Err == nil && r.Message.State == Sending:
			d.Message, d.Part = r.Message, r.Message.Unsent()
			if !e.goesOn(l, d) {
				return
			}
		case len(next) > 0:
			e.turns.took(next[0].Message)
			e.hold(next[0].Message.ID)
			e.release(d.Message.ID)
			l = e.latest(l)
			d = next[0]
		default:
			return
		}
	}
}

// goesOn waits until the gateway's rates let the next part leave. When the
// service ends first, the rest of the message is left to its next life.
func (e *Engine) goesOn(l *lane, d Delivery) bool {
	err := l.gate.wait(e.alive, e.cfg.Now)
	if l.short.Load() { // what has not begun may have waited for this part
		signal(e.freed)
	}
	if err == nil {
		return true
	}
	e.record(l, Event{Message: d.Message.ID, Kind: Released, At: e.now(), Attempt: d.Message.Attempt, Gateway: l.id})
	return false
}

// send calls the driver. One that panics may have sent.
func (e *Engine) send(l *lane, d Delivery) (t Taking, err error) {
	ctx, cancel := context.WithTimeout(e.alive, l.Timeout)
	defer cancel()
	if err := e.mayReach(ctx, l, d); err != nil {
		l.gate.give(1)
		return t, err
	}
	parts := 1
	if l.whole() {
		parts = max(len(d.Message.Parts)-d.Part, 1)
	}
	era := l.gate.begin(e.cfg.Now(), parts)
	defer func() {
		if p := recover(); p != nil {
			err = Fail(l.id+".Send", Uncertain, "4.3.0", "the gateway failed in the middle of sending", fmt.Errorf("panic: %v", p))
		}
		e.judge(l, era, err)
	}()
	t, err = l.Gateway.Send(ctx, d)
	if _, known := errors.AsType[*Error](err); err != nil && !known && ctx.Err() != nil {
		err = Fail(l.id+".Send", Uncertain, "4.4.1", "the gateway did not answer in time", err)
	}
	return t, err
}

// judge takes an answer as a word on the gateway.
func (e *Engine) judge(l *lane, era int, err error) {
	s := StatusOf(err)
	if !l.gate.heard(e.cfg.Now(), era, s, isOpen(l.ready())) {
		return
	}
	if works, until := l.gate.rests(); works {
		e.log.Info("gateway works again", "gateway", l.id)
	} else {
		e.log.Warn("gateway rests", "gateway", l.id, "until", until, "code", s.Code, "err", err)
	}
	signal(e.freed)
}

// errStopped is for senders: the same words where a text is refused at once.
var errStopped = Fail("suppress", Permanent, "5.7.1", "the owner of this number answered STOP, and gets no texts from here any more", nil)

// Stopped is the refusal of a text to a phone that said STOP.
func Stopped() *Error { return errStopped }

// mayReach looks once more whether the phone said STOP to the gateway's number:
// the text may have waited for days. Once a part has left the others follow.
func (e *Engine) mayReach(ctx context.Context, l *lane, d Delivery) error {
	if d.Message.Kind != Text || d.Part > 0 {
		return nil
	}
	stopped, err := e.cfg.Store.Suppressed(ctx, d.Message.To)
	if err != nil {
		return Fail("suppress", Temporary, "4.3.0", "the phone service cannot read its database now", err)
	}
	if slices.Contains(stopped, l.Number) {
		return errStopped
	}
	return nil
}

// outcome makes the event that an attempt's answer is.
func (e *Engine) outcome(l *lane, d Delivery, t Taking, err error) Event {
	m, now, s := d.Message, e.now(), e.setting.Load()
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
		if m.Kind == Incoming || m.Kind == Deed {
			ev.Tell = s.administrator
		}
	case Uncertain:
		ev.Kind, ev.Taken = InDoubt, t // its name for the part, if it told one: a receipt can end the doubt
		ev.Taken.Whole = l.whole()
		if s.repeats(l, m) {
			ev.Until = now.Add(s.retry.After(m.Repeats + 1))
		}
	default:
		ev.Kind, ev.Until = Deferred, now.Add(s.pause(l, m, ev.Status, now))
	}
	return ev
}

// pause is how long a message waits after an attempt that failed. Where another
// gateway can take it, and it is this one's failure, it begins at a second: soon
// enough that a single message finds out whether the gateway works.
func (s *setting) pause(l *lane, m Message, why Status, now time.Time) time.Duration {
	usual := s.retry.After(m.Attempt)
	if !blames(why) || !m.untouched() {
		return usual
	}
	able := s.ableAt(now)
	if !slices.ContainsFunc(m.Route.Gateways(), func(id string) bool { return id != l.id && able[id] }) {
		return usual
	}
	return min(usual, Retry{First: time.Second, Max: usual}.After(m.Attempt))
}

// record stores what came of an attempt. While the Store cannot (a full disk),
// the attempt keeps its place: what is known must not become unsure, and no
// more is sent than can be recorded. An attempt that ends while others wait for its
// place gives it to the next, in the same transaction.
func (e *Engine) record(l *lane, ev Event) (Result, []Delivery) {
	for n := 1; ; n++ {
		var c Claim
		if ev.Kind != PartTaken && e.hands(l) {
			c = e.claimFor(e.setting.Load())
			c.Room[l.id] = 1
		}
		r, next, err := e.cfg.Store.Settle(context.Background(), ev, c)
		if c.Room != nil && len(next) == 0 {
			l.gate.give(1)
		}
		if err == nil {
			return r, next
		}
		e.log.Error("cannot record an outcome", "message", ev.Message, "event", ev.Kind, "err", err)
		select {
		case <-e.alive.Done(): // the lease will tell: the message becomes unsure
			return Result{Err: err}, nil
		case <-time.After(Retry{First: 100 * time.Millisecond, Max: 5 * time.Second}.After(n)):
		}
	}
}

// hands reports whether the place of an attempt that ends is for the next message
// that waits. It has passed the gate then.
func (e *Engine) hands(l *lane) bool {
	return e.backlog.Load() && e.running.Load() && !l.surplus() && isOpen(l.ready()) && l.gate.take(e.cfg.Now())
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
		if r.Message.Kind != Deed { // what a program said is for the trace
			args = append(args, "ref", ev.Taken.Reference)
		}
		e.log.Info("sent", args...)
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

// repeats reports whether an unsure message may be sent again unasked.
func (s *setting) repeats(l *lane, m Message) bool {
	if r, ok := l.Gateway.(Repeater); ok && r.Repeats() {
		return true
	}
	return m.Repeats < s.repeat
}
