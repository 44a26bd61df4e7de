package smsengine

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Rates may come and go while parts are held, begun and given back: in the end
// nothing is held any more, a rate that stayed was kept all the time, and one that
// came begins with what is under way.
func TestGateChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := []time.Duration{time.Second, time.Minute, time.Hour, Day}
		draw := func() (l Lane) {
			for _, s := range spans {
				if rapid.Bool().Draw(t, "rated") {
					l.Rates = append(l.Rates, Rate{rapid.IntRange(1, 5).Draw(t, "parts"), s})
				}
			}
			return l
		}
		g, now, held := newGate(draw(), nil), morning, 0
		know := func() {
			if d := g.day; d != nil && d.day == "" {
				d.begin(d.today(now), 0)
				d.granted = 100
			}
			for _, b := range g.buckets {
				if b.kept != nil {
					*b.kept = kept{known: true, slot: b.slot(now), granted: 100}
				}
			}
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			know()
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			case 1:
				if g.take(now) {
					held++
				}
			case 2:
				if held > 0 {
					g.begin(now, 1)
					held--
				}
			case 3:
				if held > 0 {
					g.give(1)
					held--
				}
			case 4:
				l, before := draw(), g.buckets
				counts := func(buckets []*bucket, every time.Duration) []time.Time {
					i := slices.IndexFunc(buckets, func(b *bucket) bool { return b.Every == every })
					if i < 0 {
						return nil
					}
					return buckets[i].recent(now)
				}
				was := map[time.Duration][]time.Time{}
				for _, r := range l.Rates {
					was[r.Every] = slices.Clone(counts(before, r.Every))
				}
				g.change(l, nil)
				for every, sent := range was {
					if !slices.Equal(sent, counts(g.buckets, every)) {
						t.Fatalf("a rate of %v that stayed has forgotten %v", every, sent)
					}
				}
			}
			if g.held != held || g.day != nil && g.day.held != held {
				t.Fatalf("%d parts are held, and the gate says %d", held, g.held)
			}
			for _, b := range g.buckets {
				if b.held != held || b.room(now) > max(b.Parts-held, 0) {
					t.Fatalf("%d parts are held, and the rate %s says %d", held, b.Rate, b.held)
				}
			}
		}
	})
}
