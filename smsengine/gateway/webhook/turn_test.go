package webhook

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// party is a program of the property test: it works well, fails each time, or is slow.
type party struct {
	name   string
	fails  bool
	lasts  time.Duration
	ended  int // calls whose end told something
	since  int // number of the last call when it failed last
	streak int
	until  time.Time
}

func (p *party) well() bool { return !p.fails && p.lasts <= slow }

type running struct {
	*turn
	party *party
	ends  time.Time
	no    int
}

// Whatever webhooks do, one that works well gets every turn that it asks for; the
// others get one at a time and eight together; and one that fails is left alone for
// twice as long each time.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC)
		turns := newTurns(func() time.Time { return now }, slog.New(slog.DiscardHandler))
		var parties []*party
		for i := range rapid.IntRange(1, 16).Draw(t, "parties") {
			parties = append(parties, &party{
				name: fmt.Sprint(i), fails: rapid.Bool().Draw(t, "fails"),
				lasts: time.Duration(rapid.IntRange(0, 10_000).Draw(t, "ms")) * time.Millisecond,
			})
		}
		var under []running
		calls := 0
		end := func(to time.Time) {
			slices.SortStableFunc(under, func(a, b running) int { return a.ends.Compare(b.ends) })
			for len(under) > 0 && !under[0].ends.After(to) {
				r := under[0]
				under, now = under[1:], r.ends
				v := verdict{says: works, took: r.party.lasts}
				if r.party.fails {
					v.says, v.reason = fails, "fails"
				}
				turns.end(r.turn, v)
				p := r.party
				if r.no <= p.since { // it began before the last failure
					continue
				}
				p.ended++
				if p.fails {
					p.since = calls
					p.until = now.Add(min(firstRest<<p.streak, longestRest))
					p.streak = min(p.streak+1, 20)
				}
			}
			now = to
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				end(now.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(t, "wait")) * time.Millisecond))
				continue
			}
			p := rapid.SampledFrom(parties).Draw(t, "who")
			mine, trials, hangs := 0, 0, false
			for _, r := range under {
				if r.party == p {
					mine++
					hangs = hangs || now.Sub(r.began) > slow
				}
				if r.trial {
					trials++
				}
			}
			one, err := turns.begin(p.name, time.Time{})
			switch {
			case p.well() && err != nil:
				t.Fatalf("%s works well and is put off: %v", p.name, err)
			case err != nil && p.ended == 0 && !hangs: // its calls ended well, or not yet
				t.Fatalf("%s is not known to be bad and is put off: %v", p.name, err)
			case err != nil && now.Before(p.until) != isResting(err):
				t.Fatalf("%s rests until %s, at %s it is %v", p.name, p.until, now, err)
			case err != nil && !isResting(err) && mine == 0 && trials < maxTrials:
				t.Fatalf("%s is put off for nothing", p.name)
			case err != nil:
				continue
			case !p.well() && p.ended > 0 && mine > 0:
				t.Fatalf("%s has a turn beside %d others", p.name, mine)
			case hangs:
				t.Fatalf("%s has a turn while another hangs", p.name)
			case now.Before(p.until):
				t.Fatalf("%s has a turn though it rests", p.name)
			case one.trial && trials >= maxTrials:
				t.Fatalf("%d webhooks in trouble have turns", trials+1)
			case one.trial != (!p.well() && p.ended > 0):
				t.Fatalf("%s has a turn on trial: %v", p.name, one.trial)
			}
			calls++
			under = append(under, running{one, p, now.Add(p.lasts), calls})
		}
		end(now.Add(time.Hour))
		if turns.trials != 0 {
			t.Fatalf("%d turns are still counted", turns.trials)
		}
		for _, p := range parties {
			one, err := turns.begin(p.name, time.Time{})
			if err != nil {
				t.Fatalf("after an hour %s has no turn: %v", p.name, err)
			}
			turns.end(one, verdict{says: works})
			for range 32 {
				if _, err := turns.begin(p.name, time.Time{}); err != nil {
					t.Fatalf("%s works again and is put off: %v", p.name, err)
				}
			}
		}
	})
}

func isResting(err error) bool {
	_, rests := errors.AsType[errResting](err)
	return rests
}

// Retry-After is obeyed, up to a bound.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC)
	for says, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "0": 0, "-1": 0, "soon": 0, "99999999999": longestRest, "86400": longestRest, "9999999999999999999999": 0,
		"Sun, 31 Jan 2027 09:00:40 GMT": 40 * time.Second, "Sun, 31 Jan 2027 08:00:00 GMT": 0, "Mon, 01 Feb 2027 09:00:00 GMT": longestRest,
	} {
		a := answer{status: 503, header: map[string][]string{"Retry-After": {says}}}
		if got := a.verdict(now); got.rest != want || got.says != fails {
			t.Errorf("%q: %+v, want %s", says, got, want)
		}
	}
	turns := newTurns(func() time.Time { return now }, slog.New(slog.DiscardHandler))
	one, _ := turns.begin("shop", time.Time{})
	turns.end(one, verdict{says: fails, rest: 40 * time.Second})
	for _, c := range []struct {
		passes time.Duration
		rests  bool
	}{{40*time.Second - 1, true}, {1, false}} {
		now = now.Add(c.passes)
		if _, err := turns.begin("shop", time.Time{}); isResting(err) != c.rests {
			t.Errorf("after %s: %v", c.passes, err)
		}
	}
}

// A webhook that was made anew, perhaps with the right URL, begins well.
func TestMadeAnew(t *testing.T) {
	now := time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC)
	turns := newTurns(func() time.Time { return now }, slog.New(slog.DiscardHandler))
	old, _ := turns.begin("shop", now)
	straggler, _ := turns.begin("shop", now)
	turns.end(old, verdict{says: fails, reason: "fails"})
	if _, err := turns.begin("shop", now); err == nil {
		t.Error("it does not rest")
	}
	now = now.Add(time.Millisecond)
	if _, err := turns.begin("shop", now); err != nil {
		t.Errorf("the new one: %v", err)
	}
	turns.end(straggler, verdict{says: fails, reason: "fails"})
	if all, putOff := turns.failing(func(string) bool { return true }); len(all) != 0 || putOff != 1 {
		t.Errorf("it fails: %+v; %d were put off", all, putOff)
	}
}
