package smsengine

import (
	"strings"
	"time"
)

// Breaker keeps work away from a gateway that fails: after so many failures in a
// row it rests, then one text tries, and if that fails it rests for twice as
// long. The zero Breaker never does.
type Breaker struct {
	Failures    int
	First, Most time.Duration // of a rest; 0: 15 s and 5 min
}

// blames reports whether a failure says that the gateway cannot send, rather
// than something about the text or the phone: an answer that was lost, or the
// codes of RFC 3463 for its system (4.3) and for the network between us and it
// (4.4, without routing, and without what the network itself says of a phone).
// Every other answer shows that the gateway works.
func blames(s Status) bool {
	switch s.Class {
	case Uncertain:
		return true
	case Temporary:
	default:
		return false
	}
	subject, detail, _ := strings.Cut(strings.TrimPrefix(s.Code, "4."), ".")
	switch subject {
	case "0", "3":
		return true
	case "4":
		switch detail {
		case "1": // no answer, by the network's own word: the phone's
			return s.Diagnostic == ""
		case "0", "2", "3", "5":
			return true
		}
	}
	return false
}

// broken is where a breaker stands.
type broken struct {
	Breaker
	failures int // in a row, in this era
	era      int // counts the rests: what began before one says nothing about what came after
	rests    int // since it last worked
	since    time.Time
	until    time.Time // of the rest; zero: it works
	trying   bool      // one text may try, or does
	begun    bool      // it does
	why      Status
}

// works reports whether all may go on.
func (b *broken) works() bool { return b.until.IsZero() }

// tries reports whether one text may try now.
func (b *broken) tries(now time.Time) bool { return !b.trying && !now.Before(b.until) }

// heard takes the answer to an attempt that began in an era, and reports whether
// the gateway works again, or no longer.
func (b *broken) heard(now time.Time, era int, s Status) (changed bool) {
	if !blames(s) {
		changed = !b.works()
		b.failures, b.rests, b.until, b.trying, b.begun = 0, 0, time.Time{}, false, false
		return changed
	}
	if b.Failures == 0 || era != b.era {
		return false
	}
	b.failures++
	if b.works() && b.failures < b.Failures {
		return false
	}
	if b.rests == 0 {
		b.since = now
	}
	b.until, b.why, b.trying, b.begun = now.Add(b.rest()), s, false, false
	b.rests++
	b.era++
	return true
}

// rest is how long the next one is.
func (b *broken) rest() time.Duration {
	first, most := b.First, b.Most
	if first <= 0 {
		first = 15 * time.Second
	}
	if most <= 0 {
		most = 5 * time.Minute
	}
	for range b.rests {
		if first *= 2; first >= most {
			break
		}
	}
	return min(first, most)
}
