package smsengine

import (
	"slices"
	"time"
)

// Histogram counts values by size, as Prometheus does.
type Histogram struct {
	Bounds []float64 // upper bounds of all Counts but the last, ascending
	Counts []uint64  // values that are at most Bounds[i] and above the one before; the last: above all
	Sum    float64   // of all values
}

// NewHistogram makes an empty one.
func NewHistogram(bounds ...float64) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

// Add counts a value.
func (h *Histogram) Add(v float64) {
	i, _ := slices.BinarySearch(h.Bounds, v)
	h.Counts[i]++
	h.Sum += v
}

// Clone is a copy that no Add changes.
func (h Histogram) Clone() Histogram {
	h.Counts = slices.Clone(h.Counts)
	return h
}

// StoreFigures is what a Store measures of itself, since it was opened.
type StoreFigures struct {
	Commits  Histogram // seconds that commits took, the flush of the disk included
	Changes  Histogram // changes that shared a commit: mails taken, outcomes recorded, ...
	Failed   uint64    // commits that failed, so that nothing was acknowledged
	Database int64     // octets of its file
	Journal  int64     // octets of what is not in that file yet (the WAL)
	Free     int64     // octets that are free for it on the disk; below 0: it cannot be known
}

// Waiting is how many messages wait in one place, and since when.
type Waiting struct {
	Kind     Kind
	State    State  // one that is not for good, and not Sent
	Gateway  string // that it is bound to, or the first of those that may take it; "": none may
	Messages int
	Since    time.Time // when the oldest was made, or came due, to the resolution of the Store
}

// Waits reports whether a message is still to be brought to an end by somebody:
// by a gateway, or by a person.
func (m Message) Waits() bool {
	return m.State == Ready || m.State == Held || m.State == Sending || m.State == Unsure
}

// Since is when a message that Waits began to: when it was made, or, of a text
// for later, when it is due.
func (m Message) Since() time.Time {
	if m.State == Ready && m.Attempt == 0 && m.Next.After(m.Created) {
		return m.Next
	}
	return m.Created
}
