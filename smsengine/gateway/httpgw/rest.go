package httpgw

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// rest keeps a gateway from asking a provider that has said no, or says nothing:
// after a number of failures in a row (a circuit breaker), when its answer asks
// for it (Retry-After), and while credit or credentials are refused. When the
// rest is over, one request tries; the others wait for what becomes of it. If it
// fails for the same reason, the next rest is twice as long.
type rest struct {
	log *slog.Logger

	mu       sync.Mutex
	ready    chan struct{} // closed while requests may begin
	trying   chan struct{} // not nil: one request tries; closed when it is over
	reason   string        // of the rest; "": there is none, and nothing needs to be tried
	until    time.Time
	times    int // rests for this reason, one after the other
	failures int // in a row
	era      int // counts the rests: what began before one says nothing about it
	trouble  trouble
	timer    *time.Timer
	closed   bool
}

// How long a gateway rests.
const (
	failuresInARow = 5 // before the first rest
	longestRest    = 15 * time.Minute
	restFailing    = 2 * time.Second
	restThrottled  = time.Second
	restHeld       = 30 * time.Second // credit, credentials: somebody must do something
)

func newRest(log *slog.Logger) *rest {
	r := &rest{log: log, ready: make(chan struct{})}
	close(r.ready)
	return r
}

// errResting: a request came while the gateway rests.
type errResting struct{ reason string }

func (e errResting) Error() string { return e.reason }

var errClosed = errors.New("the gateway was closed")

// begin asks whether a request may be made, and waits for one that tries. What
// it gives goes back to end.
func (r *rest) begin(ctx context.Context) (era int, err error) {
	for {
		r.mu.Lock()
		switch {
		case r.closed:
			r.mu.Unlock()
			return 0, errClosed
		case r.reason == "":
			defer r.mu.Unlock()
			return r.era, nil
		case time.Now().Before(r.until):
			defer r.mu.Unlock()
			return 0, errResting{r.reason}
		case r.trying == nil:
			defer r.mu.Unlock()
			r.trying = make(chan struct{})
			return r.era, nil
		}
		trying := r.trying
		r.mu.Unlock()
		select {
		case <-trying:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// verdict is what a request says about the gateway.
type verdict struct {
	good   bool          // the provider works
	bad    bool          // it does not: so many in a row, and the gateway rests
	rest   time.Duration // it rests at once, so long at least; 0: it does not
	reason string        // one line, for people
	exact  bool          // the provider has said how long
	alarm  string        // what people are told if it goes on; "": nothing
}

// end takes what came of a request that begin let through.
func (r *rest) end(era int, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era != r.era {
		return
	}
	tried := r.trying
	r.trying = nil
	switch {
	case v.rest > 0:
		r.begins(v)
	case v.bad:
		if r.failures++; r.failures >= failuresInARow || tried != nil {
			v.rest, v.alarm = restFailing, alarmUnreachable
			r.begins(v)
		}
	case v.good:
		if r.reason != "" {
			r.log.Info("gateway works again", "after", r.reason)
		}
		r.reason, r.times, r.failures, r.trouble = "", 0, 0, trouble{}
	}
	if tried != nil {
		close(tried)
	}
}

// begins starts a rest.
func (r *rest) begins(v verdict) {
	if r.reason != v.reason {
		r.times = 0
	}
	d := v.rest
	if !v.exact {
		d <<= min(r.times, 20)
	}
	d = min(d, longestRest)
	r.times++
	r.era++
	r.trouble.goesOn(v, time.Now())
	r.reason, r.until = v.reason, time.Now().Add(d)
	r.log.Warn("gateway rests", "reason", r.reason, "for", d.Round(time.Millisecond).String())
	select {
	case <-r.ready:
		r.ready = make(chan struct{})
	default:
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	era := r.era
	r.timer = time.AfterFunc(d, func() { r.over(era) })
}

// over lets the engine begin again: one request will try.
func (r *rest) over(era int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era != r.era || r.closed || r.until.IsZero() {
		return
	}
	r.until = time.Time{}
	close(r.ready)
}

// channel is Ready.
func (r *rest) channel() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready
}

// state is for Check.
func (r *rest) state() (ready bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason == "" {
		return true, ""
	}
	if wait := time.Until(r.until); wait > 0 {
		return false, fmt.Sprintf("%s, is tried again in %s", r.reason, max(wait.Round(time.Second), time.Second))
	}
	return true, r.reason + ", is being tried again"
}

// alarms are for Check.
func (r *rest) alarms(provider string) []smsengine.Alarm {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trouble.alarms(provider, r.reason)
}

func (r *rest) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
}
