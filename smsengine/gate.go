package smsengine

import (
	"context"
	"math"
	"sync"
	"time"
)

// gate stands in front of a lane's places: it says when attempts may begin, by
// the hours of the gateway, its rates, and whether it works. A message that has
// begun goes on, part by part; only rates of seconds and minutes hold it up.
type gate struct {
	mu      sync.Mutex
	zone    *time.Location
	hours   Hours
	buckets []*bucket
	day     *daily // nil: no rate of a day
	breaker broken
	waiting int // parts of messages that have begun: they go first
	held    int // parts that were taken and are neither given back nor begun
}

func newGate(l Lane, zone *time.Location) *gate {
	g := &gate{}
	g.change(l, zone)
	return g
}

// change makes the gate what a lane says now. Rates of the same span keep their
// counts, whatever their number.
func (g *gate) change(l Lane, zone *time.Location) {
	if zone == nil {
		zone = time.UTC
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	buckets, day := g.buckets, g.day
	g.zone, g.hours, g.buckets, g.day = zone, l.Hours, nil, nil
	for _, r := range l.Rates {
		if r.Every < Day {
			g.buckets = append(g.buckets, like(buckets, r, g.held))
			continue
		}
		if day == nil {
			day = &daily{held: g.held}
		}
		day.most, day.zone = r.Parts, zone
		g.day = day
	}
	g.breaker.Breaker = l.Breaker
	if l.Breaker.Failures == 0 { // nothing would end its rest
		g.breaker = broken{era: g.breaker.era + 1}
	}
}

// like gives the bucket of a rate's span with its counts, or one without.
func like(buckets []*bucket, r Rate, held int) *bucket {
	for _, b := range buckets {
		if b.Every == r.Every {
			b.Parts = r.Parts
			return b
		}
	}
	b := &bucket{Rate: r, held: held}
	if r.lasts() {
		b.kept = new(kept)
	}
	return b
}

// mend forgets the failures: another gateway is behind the gate.
func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breaker = broken{Breaker: g.breaker.Breaker, era: g.breaker.era + 1}
}

// able reports whether the gateway can send now, as far as the gate knows. One
// that has sent too much in this minute only has no room.
func (g *gate) able(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.breaker.works() && g.isOpen(now) && (g.day == nil || !g.day.full(now))
}

func (g *gate) isOpen(now time.Time) bool { return len(g.hours) == 0 || g.hours.Open(now.In(g.zone)) }

// room is how many attempts may begin now.
func (g *gate) room(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.roomLocked(now)
}

func (g *gate) roomLocked(now time.Time) int {
	n := g.rated(now, false)
	if g.day != nil {
		n = min(n, g.day.room(now))
	}
	switch {
	case g.waiting > 0, !g.isOpen(now):
		return 0
	case g.breaker.works():
		return n
	case g.breaker.tries(now):
		return min(n, 1)
	}
	return 0
}

// rated is how many parts the rates let through now; those of a day have a count
// of their own. Of a message that has begun only the strict ones count.
func (g *gate) rated(now time.Time, begun bool) int {
	n := math.MaxInt
	for _, b := range g.buckets {
		if b.strict() || !begun {
			n = min(n, b.room(now))
		}
		if b.kept != nil && !begun {
			n = min(n, b.grantedRoom(now))
		}
	}
	return n
}

// opens is when to look again at a gate without room; zero if something other
// than the clock opens it.
func (g *gate) opens(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	var at time.Time
	later := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	if !g.isOpen(now) {
		later(g.hours.Opens(now.In(g.zone)))
	}
	if !g.breaker.works() && !g.breaker.trying {
		later(g.breaker.until)
	}
	if g.day != nil && g.day.full(now) {
		later(g.day.ends(now))
	}
	if next := g.ratedAt(now, false); next.After(now) {
		later(next)
	}
	return at
}

// ratedAt is when they let the next part through.
func (g *gate) ratedAt(now time.Time, begun bool) time.Time {
	at := now
	for _, b := range g.buckets {
		if b.room(now) > 0 || begun && !b.strict() {
			continue
		}
		if t := b.opens(now); t.After(at) {
			at = t
		}
	}
	return at
}

// take lets one attempt begin, if there is room. It is given back, or begun.
func (g *gate) take(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.roomLocked(now) < 1 {
		return false
	}
	g.hold(1)
	if !g.breaker.works() {
		g.breaker.trying = true
	}
	return true
}

// give takes back n attempts that do not begin.
func (g *gate) give(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold(-n)
	if n > 0 && !g.breaker.begun {
		g.breaker.trying = false
	}
}

func (g *gate) hold(n int) {
	g.held += n
	for _, b := range g.buckets {
		b.held += n
	}
	if g.day != nil {
		g.day.held += n
	}
}

// begin counts the parts that an attempt sends at once, the first of which was
// taken, and gives the breaker's era, which its answer is heard with.
func (g *gate) begin(now time.Time, parts int) (era int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held--
	for _, b := range g.buckets {
		b.send(now, parts)
	}
	if g.day != nil {
		g.day.held--
		g.day.used += parts
	}
	if g.breaker.trying {
		g.breaker.begun = true
	}
	return g.breaker.era
}

// wait waits until a further part of a message may leave, and takes it. The
// error is that of ctx.
func (g *gate) wait(ctx context.Context, now func() time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting++
	defer func() { g.waiting-- }()
	for g.rated(now(), true) < 1 {
		t := time.NewTimer(g.ratedAt(now(), true).Sub(now()))
		g.mu.Unlock()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
		g.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	g.hold(1)
	return nil
}

// heard takes the answer to an attempt, and reports whether the gateway works
// again, or no longer. What a driver knows better, because it is not ready now,
// is left to it.
func (g *gate) heard(now time.Time, era int, s Status, ready bool) (changed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if blames(s) && !ready && g.breaker.works() {
		g.breaker.failures = 0
		return false
	}
	return g.breaker.heard(now, era, s)
}

// rests reports whether the gateway works, or until when it rests.
func (g *gate) rests() (works bool, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.breaker.works(), g.breaker.until
}
