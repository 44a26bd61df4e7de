package smsengine

import (
	"context"
	"fmt"
	"time"
)

// This file keeps rates of more than a minute through restarts and crashes. As
// with those of a day, the Store has a number that is a little ahead of what was
// sent, for each twelfth of the span. A part that an earlier life has sent counts
// until the end of its twelfth is a span ago: the count is too high by that, and,
// after a crash, by a fiftieth of the rate, and never too low.

// twelfths of a span have a count each.
const twelfths = 12

// kept is what the Store has of a bucket's latest twelfth.
type kept struct {
	known   bool  // what earlier lives have sent was read
	slot    int64 // the twelfth, counted since 1970
	used    int   // parts that were sent in it
	granted int   // what the Store has
}

// lasts reports whether the counts of a rate are kept in the Store.
func (r Rate) lasts() bool { return r.Every > time.Minute && r.Every < Day }

func (b *bucket) slot(now time.Time) int64 { return now.UnixNano() / int64(b.Every/twelfths) }

// slotEnds is when a twelfth is over.
func (b *bucket) slotEnds(slot int64) time.Time {
	return time.Unix(0, (slot+1)*int64(b.Every/twelfths))
}

// grantedRoom is how many parts may be sent by what the Store has.
func (b *bucket) grantedRoom(now time.Time) int {
	if k := b.kept; !k.known || k.slot != b.slot(now) {
		return 0
	}
	return max(b.kept.granted-b.kept.used-b.held, 0)
}

// short gives what the Store should have before more is sent, if that is more
// than it has.
func (b *bucket) short() (granted int, is bool) {
	step := max(b.Parts/50, 1)
	spoken := b.kept.used + b.held
	if b.kept.granted-spoken > step/2 || b.kept.granted >= b.Parts && b.kept.granted >= spoken {
		return 0, false
	}
	return max(min(spoken+step, b.Parts), spoken), true
}

// spanCounter is what the Store keeps of a twelfth.
func spanCounter(gateway string, b *bucket, slot int64) Counter {
	begins := b.slotEnds(slot - 1).UTC().Format(time.RFC3339)
	return Counter{Account: GatewayCounter + gateway, Period: fmt.Sprintf("span %s %s", b.Window(), begins)}
}

// grantSpans sees to it that the rates of a lane that are kept have room.
func (e *Engine) grantSpans(ctx context.Context, l *lane) {
	l.gate.mu.Lock()
	buckets := l.gate.buckets
	l.gate.mu.Unlock()
	for _, b := range buckets {
		if b.kept == nil {
			continue
		}
		if err := e.grantSpan(ctx, l, b); err != nil {
			e.log.Error("cannot count what a gateway sends", "gateway", l.id, "rate", b.Rate, "err", err)
		}
	}
}

func (e *Engine) grantSpan(ctx context.Context, l *lane, b *bucket) error {
	if err := e.recall(ctx, l, b); err != nil {
		return err
	}
	mu, now := &l.gate.mu, e.cfg.Now()
	mu.Lock()
	k, was := b.kept, *b.kept
	if slot := b.slot(now); k.slot != slot {
		k.slot, k.used, k.granted = slot, 0, 0
	}
	slot := k.slot
	granted, short := b.short()
	mu.Unlock()
	if was.slot != slot && was.used != was.granted {
		if err := e.setSpan(ctx, l.id, b, was.slot, was.used); err != nil {
			return err
		}
	}
	if !short {
		return nil
	}
	if err := e.setSpan(ctx, l.id, b, slot, granted); err != nil {
		return err
	}
	mu.Lock()
	k.granted = granted
	mu.Unlock()
	return nil
}

// recall fills a bucket with what earlier lives have sent, once.
func (e *Engine) recall(ctx context.Context, l *lane, b *bucket) error {
	mu, now := &l.gate.mu, e.cfg.Now()
	mu.Lock()
	known := b.kept.known
	mu.Unlock()
	if known {
		return nil
	}
	all, err := e.cfg.Store.UsageOf(ctx, GatewayCounter+l.id)
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	latest := b.slot(now)
	var sent []time.Time
	for slot := latest - twelfths; slot <= latest; slot++ {
		at := b.slotEnds(slot)
		if at.After(now) {
			at = now
		}
		for range min(all[spanCounter(l.id, b, slot).Period].Used, b.Parts) {
			sent = append(sent, at)
		}
	}
	b.sent = append(sent, b.sent...)
	used := all[spanCounter(l.id, b, latest).Period].Used
	*b.kept = kept{known: true, slot: latest, used: b.kept.used + used, granted: used}
	return nil
}

func (e *Engine) setSpan(ctx context.Context, gateway string, b *bucket, slot int64, used int) error {
	return e.cfg.Store.SetUsage(ctx, spanCounter(gateway, b, slot), Usage{Used: used, Last: e.now()})
}

// closeSpans stores what was really sent under an ID. Nothing is under way any
// more.
func (e *Engine) closeSpans(s *stint) {
	s.gate.mu.Lock()
	buckets := s.gate.buckets
	s.gate.mu.Unlock()
	for _, b := range buckets {
		if b.kept == nil {
			continue
		}
		s.gate.mu.Lock()
		k := *b.kept
		b.kept.granted = k.used // it may come back
		s.gate.mu.Unlock()
		if k.known && k.used != k.granted {
			if err := e.setSpan(context.Background(), s.id, b, k.slot, k.used); err != nil {
				e.log.Error("cannot count what a gateway has sent", "gateway", s.id, "rate", b.Rate, "err", err)
			}
		}
	}
}
