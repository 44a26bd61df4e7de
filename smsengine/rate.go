package smsengine

import "time"

// Day is the span of a lane's Rate that goes by the calendar of the site.
const Day = 24 * time.Hour

// bucket keeps a rate of less than a day. It remembers when parts were sent, so
// that a part begins only when the one that is as many parts before it began a
// span ago: in no span are there more, wherever it begins.
type bucket struct {
	Rate
	kept *kept       // nil: it begins anew with each life
	held int         // parts that will be sent: their time is not known yet
	sent []time.Time // the latest, oldest first
}

// room is how many more may be sent at a time.
func (b *bucket) room(now time.Time) int { return max(b.Parts-b.held-len(b.recent(now)), 0) }

// recent are those that count at a time.
func (b *bucket) recent(now time.Time) []time.Time {
	old := 0
	for old < len(b.sent) && !b.sent[old].After(now.Add(-b.Every)) {
		old++
	}
	return b.sent[old:]
}

// opens is when there will be room, if there is none.
func (b *bucket) opens(now time.Time) time.Time {
	recent := b.recent(now)
	last := len(recent) + b.held - b.Parts // the one that has to be a span ago
	if last < len(recent) {
		return recent[last].Add(b.Every)
	}
	return now.Add(b.Every)
}

// send notes n parts that leave now. The first of them was held.
func (b *bucket) send(now time.Time, n int) {
	b.held--
	if b.kept != nil {
		b.kept.used += n
	}
	b.sent = b.recent(now)
	for range n {
		b.sent = append(b.sent, now)
	}
}

// strict reports whether further parts of a message wait, too. An hour would be
// too long in the middle of a text.
func (b *bucket) strict() bool { return b.Every <= time.Minute }
