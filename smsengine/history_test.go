package smsengine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

// spell is a time in which a gateway is other than well.
type spell struct {
	from, to time.Duration
	how      string // "fails", "hangs" or "away": it says itself that it is not ready
}

// line is a gateway with a history, which writes down what it was given.
type line struct {
	id      string
	answers time.Duration
	spells  []spell

	start time.Time
	mu    sync.Mutex
	tries []try
	ready chan struct{}
}

type try struct {
	at   time.Duration
	id   smsengine.MessageID
	part int
	sent bool
}

func (l *line) now() string {
	at := time.Since(l.start)
	for _, s := range l.spells {
		if at >= s.from && at < s.to {
			return s.how
		}
	}
	return ""
}

func (l *line) Ready() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

// live makes the gateway ready and unready as its history says.
func (l *line) live() {
	for _, s := range l.spells {
		if s.how != "away" {
			continue
		}
		time.Sleep(time.Until(l.start.Add(s.from)))
		l.mu.Lock()
		l.ready = make(chan struct{})
		l.mu.Unlock()
		time.Sleep(time.Until(l.start.Add(s.to)))
		l.mu.Lock()
		close(l.ready)
		l.mu.Unlock()
	}
}

func (l *line) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	how := l.now()
	l.mu.Lock()
	n := len(l.tries)
	l.tries = append(l.tries, try{time.Since(l.start), d.Message.ID, d.Part, how == ""})
	l.mu.Unlock()
	switch how {
	case "hangs":
		<-ctx.Done()
		return smsengine.Taking{}, smsengine.Fail("line", smsengine.Temporary, "4.4.1", "the gateway said in the end that it sent nothing", nil)
	case "":
		time.Sleep(l.answers)
		return smsengine.Taking{Reference: fmt.Sprint(n)}, nil
	}
	return smsengine.Taking{}, smsengine.Fail("line", smsengine.Temporary, "4.4.1", "the gateway does not answer", nil)
}

// history is what happens in a run of the property.
type history struct {
	lines map[string]*line
	lanes map[string]smsengine.Lane
	texts []planned
	last  time.Duration // when everything is well, for good
}

type planned struct {
	after time.Duration // since the one before
	route string
	parts int
}

func drawHistory(t *rapid.T) history {
	h := history{lines: map[string]*line{}, lanes: map[string]smsengine.Lane{}}
	for _, id := range []string{"a", "b", "c"} {
		l := &line{id: id, answers: time.Duration(rapid.IntRange(1, 3000).Draw(t, id+" answers in ms")) * time.Millisecond}
		at := time.Duration(0)
		for range rapid.IntRange(0, 3).Draw(t, id+" has spells") {
			from := at + time.Duration(rapid.IntRange(0, 300).Draw(t, "well for"))*time.Second
			at = from + time.Duration(rapid.IntRange(1, 900).Draw(t, "ill for"))*time.Second
			l.spells = append(l.spells, spell{from, at, rapid.SampledFrom([]string{"fails", "hangs", "away"}).Draw(t, "how")})
		}
		h.last = max(h.last, at)
		lane := smsengine.Lane{
			Gateway: l, Concurrency: rapid.IntRange(1, 3).Draw(t, "places"), Timeout: 20 * time.Second,
			Weight: rapid.IntRange(1, 3).Draw(t, "weight"), Breaker: smsengine.Breaker{Failures: rapid.IntRange(1, 5).Draw(t, "failures")},
		}
		if rapid.IntRange(0, 2).Draw(t, "rated") == 0 {
			lane.Rates = []smsengine.Rate{{Parts: rapid.IntRange(1, 5).Draw(t, "a second"), Every: time.Second}, {Parts: rapid.IntRange(5, 50).Draw(t, "a minute"), Every: time.Minute}}
		}
		h.lines[id], h.lanes[id] = l, lane
	}
	for range rapid.IntRange(1, 40).Draw(t, "texts") {
		h.texts = append(h.texts, planned{
			after: time.Duration(rapid.IntRange(0, 20000).Draw(t, "ms later")) * time.Millisecond,
			route: rapid.SampledFrom([]string{"a", "a b", "a b c", "a | b", "a |30s b", "a b |5s c", "c | b |1m a", "gone | a"}).Draw(t, "route"),
			parts: rapid.IntRange(1, 3).Draw(t, "parts"),
		})
	}
	return h
}

type planner struct{ p planned }

func (planner) Name() string { return "all" }
func (o *planner) Do(_ context.Context, d *smsengine.Draft) (err error) {
	m := &d.Message
	m.To, m.Expires, m.Parts = smsengine.Phone(d.Recipient.Address), d.Now.Add(72*time.Hour), make([]smsengine.Part, o.p.parts)
	m.Route, err = smsengine.ParseRoute(o.p.route)
	return err
}

// play runs a history, and gives the messages as they are in the end.
func (h history) play(t *testing.T) (all []smsengine.Message) {
	synctest.Test(t, func(t *testing.T) {
		store, plan, begun := newMemory(), &planner{}, time.Now()
		for _, l := range h.lines {
			l.start, l.ready = time.Now(), make(chan struct{})
			close(l.ready)
			go l.live()
		}
		e := smsengine.New(smsengine.Config{
			Node: "here", Store: store, Gateways: h.lanes, Outgoing: []smsengine.Stage{plan}, Sweep: time.Hour,
			Retry: smsengine.Retry{First: 10 * time.Second, Max: 5 * time.Minute},
		})
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { e.Run(ctx, time.Minute); close(done) }()
		for i, p := range h.texts {
			time.Sleep(p.after)
			plan.p = p
			out := e.Submit(ctx, smsengine.Submission{
				Source: smsengine.Source{Door: "test", MessageID: fmt.Sprint(i)}, Recipients: []smsengine.Recipient{{Address: fmt.Sprintf("+1555%07d", i)}},
			})
			if out[0].Err != nil {
				t.Fatal(out[0].Err)
			}
		}
		time.Sleep(time.Until(begun.Add(h.last + time.Hour)))
		stop()
		<-done
		all, _ = store.List(ctx, smsengine.Filter{})
	})
	return all
}

// Whatever becomes of the gateways: every text is sent while somebody can send
// it, each part once and in order, over one gateway, of its route; rates hold; and
// as long as nobody is ill, nobody stands in.
func TestAnyHistory(t *testing.T) {
	begun := time.Now()
	rapid.Check(t, func(r *rapid.T) {
		if time.Since(begun) > 10*time.Second {
			return
		}
		h := drawHistory(r)
		all := h.play(t)
		for i, m := range all {
			if m.State != smsengine.Sent {
				r.Fatalf("text %d over %q is %s in the end, %v", i, m.Route, m.State, m.Status)
			}
			var over []string
			for id, l := range h.lines {
				next := 0
				for _, x := range l.tries {
					if x.id != m.ID {
						continue
					}
					if !m.Route.Has(id) {
						r.Fatalf("text %d over %q was given to %s", i, m.Route, id)
					}
					if x.part != next {
						r.Fatalf("text %d: part %d came, and %d was next", i, x.part, next)
					}
					if x.sent {
						next++
					}
				}
				if next > 0 {
					over = append(over, id)
				}
				if next > 0 && next != len(m.Parts) {
					r.Fatalf("text %d: %d of %d parts left over %s", i, next, len(m.Parts), id)
				}
			}
			if len(over) != 1 {
				r.Fatalf("text %d left over %s", i, strings.Join(over, " and "))
			}
			if stands := !slices.Contains(m.Route[0].Gateways, over[0]); stands && h.well(m.Route[0]) && m.Route[0].Patience == 0 {
				r.Fatalf("text %d over %q left over %s, and nobody was ill", i, m.Route, over[0])
			}
		}
		for id, lane := range h.lanes {
			tries := h.lines[id].tries
			for _, rate := range lane.Rates {
				for i := range tries {
					if last := i + rate.Parts; last < len(tries) && tries[last].at-tries[i].at < rate.Every {
						r.Fatalf("%s: %d parts in %v, the rate is %s", id, rate.Parts+1, tries[last].at-tries[i].at, rate)
					}
				}
			}
		}
	})
}

// well reports whether nothing ever happened to one of the group.
func (h history) well(g smsengine.Group) bool {
	return slices.ContainsFunc(g.Gateways, func(id string) bool { l := h.lines[id]; return l != nil && len(l.spells) == 0 })
}
