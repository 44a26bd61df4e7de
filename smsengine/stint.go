package smsengine

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync/atomic"
	"time"
)

// stint is the time that one gateway works for the engine under one ID, through
// all settings that have it there. It waits until those before it are over,
// begins, and is dismissed: then nothing more is begun, what is under way ends,
// the gateway is closed, and it is over.
type stint struct {
	id      string
	gateway Gateway
	*places
	gate  *gate    // of the ID: rates hold, whoever sends
	meter *meter   // of the ID: figures go on
	after []*stint // that were dismissed, and have the ID or the gateway still

	working atomic.Bool // it began
	watched atomic.Bool // somebody waits until it is ready
	short   atomic.Bool // messages may wait for it: no claim has left it room yet

	ending   context.Context // over when it is dismissed
	end      context.CancelFunc
	over     chan struct{}
	err      error // of Close; known when it is over
	attended bool  // attend was called
	left     bool  // it uses the gateway no more
}

// phase is how far the gateways of an engine are.
type phase int

const (
	unopened phase = iota // Run has not begun
	opened
	shut // nothing is begun any more
)

// past is what the engine remembers of an ID, whatever gateway has it.
type past struct {
	gate  *gate
	meter *meter
}

// same reports whether two gateways are one object.
func same(a, b Gateway) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// engage begins the stint of a new lane, or has it wait. Like all that is about
// stints it wants e.change held.
func (e *Engine) engage(id string, l *lane) {
	p := e.pastOf(id)
	s := &stint{id: id, gateway: l.Gateway, places: newPlaces(), gate: p.gate, meter: p.meter, over: make(chan struct{})}
	s.ending, s.end = context.WithCancel(context.Background())
	s.short.Store(true)
	for _, t := range e.stints {
		if t.ending.Err() != nil && (t.id == id || same(t.gateway, s.gateway)) {
			s.after = append(s.after, t)
		}
	}
	e.stints = append(e.stints, s)
	l.stint = s
	if len(s.after) == 0 {
		s.begin(l.Concurrency)
	}
	switch e.phase {
	case opened:
		e.attended(s)
	case shut:
		e.dismiss(s)
	}
}

func (e *Engine) pastOf(id string) past {
	p, known := e.pasts[id]
	if !known {
		p = past{newGate(Lane{}, nil), new(meter)}
		e.pasts[id] = p
	}
	return p
}

// begin lets attempts begin. What failed under its ID before was another gateway.
func (s *stint) begin(concurrency int) {
	s.gate.mend()
	s.most.Store(int64(concurrency))
	s.working.Store(true)
}

// dismiss ends a stint, as soon as it can. It may be called again.
func (e *Engine) dismiss(s *stint) {
	if s.ending.Err() == nil {
		s.places.retire()
		s.end()
		e.attended(s)
	}
}

func (e *Engine) attended(s *stint) {
	if !s.attended {
		s.attended = true
		go e.attend(s)
	}
}

// attend sees a stint through.
func (e *Engine) attend(s *stint) {
	for _, t := range s.after {
		<-t.over
	}
	e.succeed(s)
	if o, ok := s.gateway.(Opener); ok && s.ending.Err() == nil {
		o.Open()
	}
	if r, ok := s.gateway.(Receiver); ok {
		e.listen(s.ending, s.id, r)
	}
	<-s.ending.Done()
	<-s.empty
	e.leave(s)
}

// succeed begins a stint that has waited.
func (e *Engine) succeed(s *stint) {
	e.change.Lock()
	defer e.change.Unlock()
	if s.working.Load() || s.ending.Err() != nil {
		return
	}
	s.after = nil
	s.begin(e.setting.Load().lanes[s.id].Concurrency)
	signal(e.freed)
	e.log.Debug("gateway replaced", "gateway", s.id)
}

// leave ends a stint that nothing is under way of any more. The last that used the
// gateway closes it.
func (e *Engine) leave(s *stint) {
	e.change.Lock()
	s.left = true
	used := slices.ContainsFunc(e.stints, func(t *stint) bool { return !t.left && same(t.gateway, s.gateway) })
	followed := slices.ContainsFunc(e.stints, func(t *stint) bool { return t != s && t.id == s.id })
	e.change.Unlock()
	if c, ok := s.gateway.(io.Closer); ok && !used {
		if s.err = c.Close(); s.err != nil {
			e.log.Error("cannot close a gateway", "gateway", s.id, "err", s.err)
		}
	}
	if !followed {
		e.closeDay(s)
	}
	e.change.Lock()
	e.stints = slices.DeleteFunc(e.stints, func(t *stint) bool { return t == s })
	e.change.Unlock()
	close(s.over)
}

// underWay is the number of attempts under an ID, those of gateways included that
// were replaced.
func (e *Engine) underWay(id string) int {
	e.change.Lock()
	defer e.change.Unlock()
	n := 0
	for _, s := range e.stints {
		if s.id == id {
			n += s.underWay()
		}
	}
	return n
}

// openAll has all gateways listen, if the engine was not closed.
func (e *Engine) openAll() bool {
	e.change.Lock()
	defer e.change.Unlock()
	if e.phase != unopened {
		return false
	}
	e.phase = opened
	for _, s := range e.stints {
		e.attended(s)
	}
	return true
}

// shutAll dismisses all stints, and those that may yet be engaged.
func (e *Engine) shutAll() {
	e.change.Lock()
	defer e.change.Unlock()
	e.phase = shut
	for _, s := range slices.Clone(e.stints) {
		e.dismiss(s)
	}
}

// await returns when all stints are over.
func (e *Engine) await() (errs error) {
	for {
		e.change.Lock()
		if len(e.stints) == 0 {
			e.change.Unlock()
			return errs
		}
		s := e.stints[0]
		e.change.Unlock()
		<-s.over
		errs = errors.Join(errs, s.err)
	}
}

// listen keeps a receiver listening; one that fails gets a rest that grows.
func (e *Engine) listen(ctx context.Context, id string, r Receiver) {
	for n := 1; ctx.Err() == nil; n++ {
		began := e.now()
		err := r.Listen(ctx, e.Sink(id))
		if ctx.Err() != nil {
			return
		}
		if e.now().Sub(began) > time.Minute {
			n = 1
		}
		rest := Retry{First: time.Second, Max: time.Minute}.After(n)
		e.log.Error("gateway stopped listening", "gateway", id, "rest", rest, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}
