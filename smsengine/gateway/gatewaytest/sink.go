package gatewaytest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Sink is a [smsengine.Sink] that remembers, and that can be told to refuse. It
// refuses what a gateway must not hand over too: a context that is over.
type Sink struct {
	mu      sync.Mutex
	refuse  int
	held    bool
	under   int // calls under way
	parts   []smsengine.IncomingPart
	refused []smsengine.IncomingPart
	reports []smsengine.ReceiptReport
	changed chan struct{}
}

// NewSink makes a Sink that takes everything.
func NewSink() *Sink { return &Sink{changed: make(chan struct{})} }

// errRefused stands for a full disk.
var errRefused = errors.New("the sink was told to refuse")

// Refuse makes the next n calls fail.
func (s *Sink) Refuse(n int) { s.change(func() { s.refuse = n }) }

// Hold makes calls from now on wait until their context ends, and fail then.
func (s *Sink) Hold() { s.change(func() { s.held = true }) }

// Incoming takes a part.
func (s *Sink) Incoming(ctx context.Context, in smsengine.IncomingPart) error {
	err := s.enter(ctx)
	s.change(func() {
		s.under--
		if err != nil {
			s.refused = append(s.refused, in)
		} else {
			s.parts = append(s.parts, in)
		}
	})
	return err
}

// Report takes a receipt.
func (s *Sink) Report(ctx context.Context, rep smsengine.ReceiptReport) error {
	err := s.enter(ctx)
	s.change(func() {
		s.under--
		if err == nil {
			s.reports = append(s.reports, rep)
		}
	})
	return err
}

// enter decides about a call.
func (s *Sink) enter(ctx context.Context) error {
	var held, refuse bool
	s.change(func() {
		s.under++
		held, refuse = s.held, s.refuse > 0
		if refuse {
			s.refuse--
		}
	})
	if held {
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // as a store that was writing: Listen must wait for it
	}
	if refuse {
		return errRefused
	}
	return ctx.Err()
}

// Parts gives the parts that were taken, in order, those that came again too.
func (s *Sink) Parts() []smsengine.IncomingPart {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.parts)
}

// Refused gives the parts that were refused.
func (s *Sink) Refused() []smsengine.IncomingPart {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Reports gives the receipts that were taken.
func (s *Sink) Reports() []smsengine.ReceiptReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reports)
}

// Wait waits for a condition on what was taken.
func (s *Sink) Wait(ctx context.Context, cond func(parts []smsengine.IncomingPart, reports []smsengine.ReceiptReport) bool) error {
	return s.wait(ctx, func() bool { return cond(s.parts, s.reports) })
}

// wait waits for a condition, which is asked with the lock held.
func (s *Sink) wait(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := cond(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// busy is the number of calls under way.
func (s *Sink) busy() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.under
}

func (s *Sink) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}
