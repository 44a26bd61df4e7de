package webhook

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// turns lets webhooks share the places of the gateway. One that works may have
// all of them. One whose last call failed or was slow, or that is slow just now,
// has one at a time; its other calls are put off, which costs nothing but a line
// in the store. After a failure it has none for a while, which grows as it goes on
// failing. And all such webhooks together have some of the places only, so that
// those that work always have others.
type turns struct {
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	all    map[string]*endpoint
	trials int // turns of endpoints in trouble that are under way
	putOff uint64
}

// How endpoints in trouble are treated.
const (
	slow        = 2 * time.Second // a call that takes longer
	maxTrials   = 8               // calls of all of them at a time
	firstRest   = 2 * time.Second
	longestRest = 5 * time.Minute
)

// endpoint is one webhook. Another of the same name, made later, is another one.
type endpoint struct {
	made     time.Time
	underWay map[*turn]bool
	trouble  bool      // the last call failed, or was slow
	reason   string    // why it failed last; "": it did not
	since    time.Time // when it began to fail; zero: it does not
	until    time.Time // it rests
	rests    int       // one after the other
	era      int       // counts the failures: a call that began before one says nothing about what is now
	used     time.Time
}

// turn is the right to make one call.
type turn struct {
	*endpoint
	name  string
	began time.Time
	begun int // the era then
	trial bool
}

// says is what a call tells about its webhook.
type says uint8

const (
	nothing says = iota // it was cut off
	works
	gone  // it says at once that it is no more
	fails // it does not take calls
)

// verdict is what came of a turn.
type verdict struct {
	says   says
	took   time.Duration
	rest   time.Duration // how long it wants to be left alone; 0: it does not say
	reason string
}

// errResting: the webhook failed a short while ago.
type errResting struct{ reason string }

func (e errResting) Error() string { return "rests: " + e.reason }

// errBusy: the webhook has its one place, or all webhooks in trouble theirs.
var errBusy = errors.New("another call is under way")

func newTurns(now func() time.Time, log *slog.Logger) *turns {
	return &turns{now: now, log: log, all: map[string]*endpoint{}}
}

// begin asks for a turn for the webhook of that name, made then, and does not
// wait. What it gives goes back to end.
func (t *turns) begin(name string, made time.Time) (*turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, now := t.all[name], t.now()
	if e == nil || !e.made.Equal(made) {
		e = &endpoint{made: made, underWay: map[*turn]bool{}}
		t.all[name] = e
	}
	e.used = now
	trial := e.trouble || e.hangs(now)
	switch {
	case now.Before(e.until):
		t.putOff++
		return nil, errResting{e.reason}
	case trial && (len(e.underWay) > 0 || t.trials >= maxTrials):
		t.putOff++
		return nil, errBusy
	}
	if trial {
		t.trials++
	}
	one := &turn{endpoint: e, name: name, began: now, begun: e.era, trial: trial}
	e.underWay[one] = true
	return one, nil
}

// hangs reports whether a call has been under way for too long.
func (e *endpoint) hangs(now time.Time) bool {
	for one := range e.underWay {
		if now.Sub(one.began) > slow {
			return true
		}
	}
	return false
}

// end takes what came of a turn.
func (t *turns) end(one *turn, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, now := one.endpoint, t.now()
	delete(e.underWay, one)
	if one.trial {
		t.trials--
	}
	if one.begun != e.era {
		return
	}
	switch v.says {
	case works:
		if e.reason != "" {
			t.log.Info("webhook works again", "webhook", one.name, "after", e.reason)
		}
		e.trouble, e.reason, e.rests, e.since = v.took > slow, "", 0, time.Time{}
	case gone:
		e.trouble, e.rests = v.took > slow, 0
		e.fails(v.reason, now)
	case fails:
		rest := v.rest
		if rest == 0 {
			rest = min(firstRest<<min(e.rests, 20), longestRest)
		}
		e.trouble, e.until = true, now.Add(rest)
		e.rests++
		e.era++
		e.fails(v.reason, now)
		t.log.Warn("webhook rests", "webhook", one.name, "reason", v.reason, "for", rest.String())
	}
}

// fails notes since when.
func (e *endpoint) fails(reason string, now time.Time) {
	e.reason = reason
	if e.since.IsZero() {
		e.since = now
	}
}
