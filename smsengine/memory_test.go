package smsengine_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// memory is a Store of texts to phones that forgets everything: as much of one as
// an engine needs that only sends, so that thousands of texts, or hundreds of
// engines, take seconds. What a Store does is what storetest says; methods that are
// not here must not be called.
type memory struct {
	smsengine.Store
	mu    sync.Mutex
	msgs  map[smsengine.MessageID]smsengine.Message
	order []smsengine.MessageID // as stored
	ready []smsengine.MessageID // by Next
	used  map[smsengine.Counter]smsengine.Usage
	wake  chan struct{}
}

func newMemory() *memory {
	return &memory{msgs: map[smsengine.MessageID]smsengine.Message{}, used: map[smsengine.Counter]smsengine.Usage{}, wake: make(chan struct{}, 1)}
}

// put stores a message, and has it in its place among those that are ready.
func (s *memory) put(m smsengine.Message) {
	if before, known := s.msgs[m.ID]; known && before.State == smsengine.Ready {
		i := s.place(before)
		s.ready = slices.Delete(s.ready, i, i+1)
	} else if !known {
		s.order = append(s.order, m.ID)
	}
	s.msgs[m.ID] = m
	if m.State != smsengine.Ready {
		return
	}
	s.ready = slices.Insert(s.ready, s.place(m), m.ID)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// place is where a message is, or belongs, among those that are ready.
func (s *memory) place(m smsengine.Message) int {
	i, _ := slices.BinarySearchFunc(s.ready, m, func(id smsengine.MessageID, m smsengine.Message) int {
		if c := s.msgs[id].Next.Compare(m.Next); c != 0 {
			return c
		}
		return cmpID(id, m.ID)
	})
	return i
}

func cmpID(a, b smsengine.MessageID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s *memory) Accept(_ context.Context, in smsengine.Intake) ([]smsengine.AcceptedMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]smsengine.AcceptedMessage, len(in.Messages))
	places := in.Claim.Places()
	for i, m := range in.Messages {
		out[i].ID = m.ID
		if g := places.Choose(m); g != "" {
			d := s.begin(m, g, places)
			out[i].Delivery = &d
			continue
		}
		s.put(m)
	}
	return out, nil
}

func (s *memory) begin(m smsengine.Message, g string, p *smsengine.Places) smsengine.Delivery {
	p.Take(g, m.Route)
	next, _, err := m.Apply(smsengine.Event{Kind: smsengine.Claimed, Gateway: g, Node: p.Node, Until: p.Until}, p.Now)
	if err != nil {
		panic(err)
	}
	s.put(next)
	return smsengine.Delivery{Message: next, Part: next.Unsent(), At: p.Now}
}

func (s *memory) Claim(_ context.Context, c smsengine.Claim) ([]smsengine.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claim(c), nil
}

func (s *memory) claim(c smsengine.Claim) []smsengine.Delivery {
	room := 0
	for _, n := range c.Room {
		room += n
	}
	var out []smsengine.Delivery
	places := c.Places()
	for i := 0; i < len(s.ready) && len(out) < room; {
		m := s.msgs[s.ready[i]]
		if m.Next.After(c.Now) {
			break
		}
		if g := places.Choose(m); g != "" {
			out = append(out, s.begin(m, g, places))
		} else {
			i++
		}
	}
	return out
}

func (s *memory) NextDue(_ context.Context, c smsengine.Claim) (first time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := c.Places()
	for _, id := range s.ready {
		m := s.msgs[id]
		room, wait := c.Room[m.Gateway], time.Duration(0)
		if m.Gateway == "" {
			room, wait = places.Reach(m.Route)
		}
		if at := m.Next.Add(wait); room > 0 && (first.IsZero() || at.Before(first)) {
			first = at
		}
		if !first.IsZero() && m.Next.After(first) {
			break
		}
	}
	return first, nil
}

func (s *memory) Settle(_ context.Context, e smsengine.Event, c smsengine.Claim) (smsengine.Result, []smsengine.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.apply(e)
	return r, s.claim(c), nil
}

func (s *memory) Record(_ context.Context, es []smsengine.Event) (out []smsengine.Result, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range es {
		out = append(out, s.apply(e))
	}
	return out, nil
}

func (s *memory) apply(e smsengine.Event) smsengine.Result {
	m, _, err := s.msgs[e.Message].Apply(e, e.At)
	if err == nil {
		s.put(m)
	}
	return smsengine.Result{Message: m, Err: err}
}

func (s *memory) Message(_ context.Context, id smsengine.MessageID) (smsengine.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.msgs[id], nil
}

func (s *memory) List(context.Context, smsengine.Filter) (all []smsengine.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		all = append(all, s.msgs[id])
	}
	return all, nil
}

func (s *memory) Usage(_ context.Context, c smsengine.Counter) (smsengine.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used[c], nil
}

func (s *memory) UsageOf(_ context.Context, account string) (map[string]smsengine.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := map[string]smsengine.Usage{}
	for c, u := range s.used {
		if c.Account == account {
			of[c.Period] = u
		}
	}
	return of, nil
}

func (s *memory) SetUsage(_ context.Context, c smsengine.Counter, u smsengine.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[c] = u
	return nil
}

func (s *memory) Suppressed(context.Context, smsengine.Address) ([]smsengine.Address, error) {
	return nil, nil
}

func (s *memory) Unconsumed(context.Context, time.Time) ([]smsengine.PartSet, error) { return nil, nil }

func (s *memory) Due(context.Context, string, time.Time, int) ([]smsengine.Event, error) {
	return nil, nil
}

func (s *memory) Prune(context.Context, time.Time) error { return nil }
func (s *memory) Wake() <-chan struct{}                  { return s.wake }
func (s *memory) Close() error                           { return nil }
