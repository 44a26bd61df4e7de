package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var chargeCases = map[string]func(*bed){
	"on several counters, and given back on all": chargeSeveral,
	"all of a message's, or none":                chargeAllOrNone,
	"the first limit in order refuses":           chargeFirstRefuses,
	"a limit that drops":                         chargeDrops,
	"of windows are forgotten":                   chargePrune,
	"several counters, concurrently":             chargeTogether,
	"two race for the last part":                 chargeRace,
}

const (
	hour = "rate 2026-11-23T08:00Z"
	day  = "2026-11-23"
)

// threefold is a message of two parts on three counters.
func (b *bed) threefold() smsengine.Message {
	return b.text(paidBy("john", 2), charged("john", hour, 2), charged(smsengine.SiteCounter, day, 1))
}

func (b *bed) wantThreefold(month, rate, site int) {
	b.Helper()
	b.wantUsed("john", "2026-11", month)
	b.wantUsed("john", hour, rate)
	b.wantUsed(smsengine.SiteCounter, day, site)
}

// take stores one message under limits.
func (b *bed) take(m smsengine.Message, limits smsengine.Limits) smsengine.AcceptedMessage {
	b.Helper()
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}, Limits: limits})
	if err != nil || len(as) != 1 {
		b.Fatalf("accept: %+v, %v", as, err)
	}
	return as[0]
}

func limit(account, period string, l smsengine.Limit) smsengine.Limits {
	return smsengine.Limits{{Account: account, Period: period}: l}
}

func chargeSeveral(b *bed) {
	b.accept(b.threefold(), b.threefold())
	b.wantThreefold(4, 4, 2)
	m := b.claim("sim", 1)[0].Message
	b.record(event(m, smsengine.Refused))
	b.wantThreefold(2, 2, 1)
	b.reopen()
	b.wantThreefold(2, 2, 1)
}

func chargeAllOrNone(b *bed) {
	b.accept(b.text(paidBy("john", 1)))
	for _, c := range []struct {
		name   string
		limits smsengine.Limits
		within bool
	}{
		{"the first is full", limit("john", "2026-11", smsengine.Limit{Most: 2}), false},
		{"the second never fits", limit("john", hour, smsengine.Limit{Most: 1}), false},
		{"a limit of any number", limit(smsengine.SiteCounter, day, smsengine.Limit{}), true},
		{"another day's limit", limit(smsengine.SiteCounter, "2026-11-24", smsengine.Limit{Most: 1}), true},
	} {
		m := b.threefold()
		switch a := b.take(m, c.limits); {
		case c.within && a.Err != nil:
			b.Errorf("%s: %v", c.name, a.Err)
		case c.within:
			b.record(event(m, smsengine.CancelReq))
		case a.Err == nil || a.Err.Code != "5.2.2" || a.Err.Class != smsengine.Permanent:
			b.Errorf("%s: %+v, want 5.2.2", c.name, a)
		}
		b.wantThreefold(1, 0, 0)
	}

	// The last is full: the first two are as they were, to the time of the last charge.
	b.accept(b.text(charged(smsengine.SiteCounter, day, 9)))
	before, err := b.store.UsageOf(b.ctx(), "john")
	if err != nil {
		b.Fatal(err)
	}
	m := b.threefold()
	m.Created = start.Add(24 * time.Hour)
	if a := b.take(m, limit(smsengine.SiteCounter, day, smsengine.Limit{Most: 9})); a.Err == nil {
		b.Errorf("the last counter's limit was not kept: %+v", a)
	}
	after, err := b.store.UsageOf(b.ctx(), "john")
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		b.Errorf("a message that was refused changed the counters from %v to %v (%v)", before, after, err)
	}

	// A counter may be charged twice by one message.
	twice := b.text(charged("mary", day, 2), charged("mary", day, 2))
	if a := b.take(twice, limit("mary", day, smsengine.Limit{Most: 3})); a.Err == nil {
		b.Errorf("twice 2 of 3: %+v", a)
	}
	b.wantUsed("mary", day, 0)
	// What costs nothing passes where nothing is left.
	b.accept(b.text(charged("mary", day, 3)))
	if a := b.take(b.text(charged("mary", day, 0)), limit("mary", day, smsengine.Limit{Most: 3})); a.Err != nil {
		b.Errorf("nothing more on a full counter: %v", a.Err)
	}
}

func chargeFirstRefuses(b *bed) {
	slow := smsengine.Fail("test", smsengine.Temporary, "4.7.1", "not so fast", nil)
	full := smsengine.Fail("test", smsengine.Permanent, "5.2.2", "no more today", nil)
	limits := limit("john", hour, smsengine.Limit{Most: 1, Refusal: slow})
	limits[smsengine.Counter{Account: smsengine.SiteCounter, Period: day}] = smsengine.Limit{Most: 1, Refusal: full, Stop: "everybody"}
	b.accept(b.threefold())
	if a := b.take(b.threefold(), limits); a.Err != slow {
		b.Errorf("refused with %v, want %v", a.Err, slow)
	}
	if _, stopped := b.directory().Stopped(smsengine.SiteCounter); stopped {
		b.Error("a limit that did not refuse stopped the account")
	}
	if a := b.take(b.text(charged(smsengine.SiteCounter, day, 1)), limits); a.Err != full {
		b.Errorf("refused with %v, want %v", a.Err, full)
	}
}

// What is dropped is counted where it was too much, and nowhere else. People are
// told once, and nothing else is stored with it.
func chargeDrops(b *bed) {
	const alike = "identical 2026-11-23T08:00Z"
	limits := limit("#", alike, smsengine.Limit{Most: 2, Drop: "again and again", Notices: []smsengine.Message{b.note("it goes on")}})
	send := func(change ...func(*smsengine.Message)) (smsengine.AcceptedMessage, smsengine.Source) {
		b.Helper()
		src := source()
		change = append([]func(*smsengine.Message){paidBy("john", 2), charged("#", alike, 1), charged("#", day, 1)}, change...)
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{
			Source: src, Messages: []smsengine.Message{b.text(change...)}, Limits: limits,
			Notices: []smsengine.Message{b.note("beside it")}, Effects: []smsengine.Effect{stop(ours)},
		})
		if err != nil {
			b.Fatal(err)
		}
		return as[0], src
	}
	limits[smsengine.Counter{Account: "john", Period: "2026-11"}] = smsengine.Limit{Most: 5}
	for i := range 2 {
		if a, _ := send(key(fmt.Sprint("same", i))); a.Err != nil || a.Dropped != "" || a.ID == "" {
			b.Fatalf("within the limit: %+v", a)
		}
	}
	b.unstop(ours)
	if a, _ := send(key("same0")); !a.Duplicate || a.Dropped != "" {
		b.Errorf("a known text: %+v", a)
	}
	for i, left := range []int{1, 1} {
		was := b.queued()
		a, src := send(func(m *smsengine.Message) { m.Charges[0].Amount = left })
		if want := (smsengine.AcceptedMessage{Dropped: "again and again"}); a != want {
			b.Fatalf("over the limit: %+v, want %+v", a, want)
		}
		b.wantUsed("#", alike, 3+i)
		b.wantUsed("#", day, 2)
		b.wantUsage("john", 4)
		if n := b.queued() - was; n != 0 {
			b.Errorf("%d texts more are in the queue", n)
		}
		if _, err := b.store.Source(b.ctx(), src.ID); (err == nil) != (i == 0) {
			b.Errorf("drop %d: its source is needed for the note alone: %v", i, err)
		}
	}
	if notes := b.notes(); len(notes) != 2 || len(b.suppressions()) != 0 {
		b.Errorf("%d notes and %v, want the note of the drop and that beside the first text", len(notes), b.suppressions())
	}
	// A limit that comes first in order refuses first.
	if a, _ := send(); a.Err == nil || a.Dropped != "" {
		b.Errorf("over both limits: %+v", a)
	}
	b.wantUsed("#", alike, 4)
	b.reopen()
	b.wantUsed("#", alike, 4)
}

func chargePrune(b *bed) {
	old := func(m *smsengine.Message) { m.Created = start.Add(-48 * time.Hour) }
	b.accept(
		b.text(charged("john", "rate 2026-11-21T08:00Z", 1), charged("john", "unusual 2026-11-21T08:00Z", 2), charged("john", "2026-10", 3), charged("*", "2026-11-21", 4), old),
		b.text(charged("john", hour, 5), charged("mary", "unusual 2026-11-23T08:00Z", 6), charged("john", "2026-11", 7)),
	)
	if err := b.store.Prune(b.ctx(), start.Add(-47*time.Hour)); err != nil {
		b.Fatal(err)
	}
	for c, want := range map[smsengine.Counter]int{
		{Account: "john", Period: "rate 2026-11-21T08:00Z"}: 0, {Account: "john", Period: "unusual 2026-11-21T08:00Z"}: 0,
		{Account: "john", Period: "2026-10"}: 3, {Account: "*", Period: "2026-11-21"}: 4,
		{Account: "john", Period: hour}: 5, {Account: "mary", Period: "unusual 2026-11-23T08:00Z"}: 6, {Account: "john", Period: "2026-11"}: 7,
	} {
		b.wantUsed(c.Account, c.Period, want)
	}
	if of, err := b.store.UsageOf(b.ctx(), "john"); err != nil || len(of) != 3 {
		b.Errorf("john has %v, want three counters (%v)", of, err)
	}
}

// Whoever of many is refused, and by which counter: each counter has what was
// stored, and is within its limit.
func chargeTogether(b *bed) {
	const callers = 60
	limits := limit("john", "2026-11", smsengine.Limit{Most: 40})
	limits[smsengine.Counter{Account: "john", Period: hour}] = smsengine.Limit{Most: 25}
	limits[smsengine.Counter{Account: smsengine.SiteCounter, Period: day}] = smsengine.Limit{Most: 30}
	ms := make([]smsengine.Message, callers)
	for i := range ms {
		ms[i] = b.text(charged("john", "2026-11", 1+i%3), charged("john", hour, i%2), charged(smsengine.SiteCounter, day, 1))
	}
	refused := make([]bool, callers)
	together(callers, func(i int) {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i : i+1], Limits: limits})
		if err != nil {
			b.Errorf("accept: %v", err)
			return
		}
		refused[i] = as[0].Err != nil
	})
	sums := map[smsengine.Counter]int{}
	for i, m := range ms {
		for _, c := range m.Charges {
			if !refused[i] {
				sums[c.Counter] += c.Amount
			}
		}
	}
	for c, l := range limits {
		b.wantUsed(c.Account, c.Period, sums[c])
		if sums[c] > l.Most {
			b.Errorf("%d on %+v, its limit is %d", sums[c], c, l.Most)
		}
	}
}

// Two writers race for the last part of a quota, each round another quota:
// never one too many, and never one too few.
func chargeRace(b *bed) {
	rounds := 10_000
	if testing.Short() {
		rounds = 200
	}
	const lanes = 8 // pairs at once, so that they share the disk
	var stored, refused atomic.Int64
	pairs := make([][2]smsengine.Message, rounds)
	for i := range pairs {
		for j := range pairs[i] {
			pairs[i][j] = b.text(paidBy(fmt.Sprint("user", i), 1))
		}
	}
	var next atomic.Int64
	together(lanes, func(int) {
		for i := next.Add(1) - 1; i < int64(rounds); i = next.Add(1) - 1 {
			limits := monthly(fmt.Sprint("user", i), 1)
			together(2, func(j int) {
				as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: pairs[i][j : j+1], Limits: limits})
				switch {
				case err != nil:
					b.Errorf("accept: %v", err)
				case as[0].Err == nil:
					stored.Add(1)
				case as[0].Err.Code == "5.2.2":
					refused.Add(1)
				}
			})
		}
	})
	if stored.Load() != int64(rounds) || refused.Load() != int64(rounds) {
		b.Errorf("of %d parts, one for each of %d quotas, %d were stored and %d refused", 2*rounds, rounds, stored.Load(), refused.Load())
	}
	used, err := b.store.UsedIn(b.ctx(), "2026-11")
	if err != nil || len(used) != rounds {
		b.Errorf("%d quotas were charged, want %d (%v)", len(used), rounds, err)
	}
	for account, u := range used {
		if u.Used != 1 {
			b.Errorf("%s has used %d of 1", account, u.Used)
		}
	}
	if c, err := b.store.Counts(b.ctx()); err != nil || c[smsengine.Text][smsengine.Ready] != rounds {
		b.Errorf("the queue has %v, want %d texts (%v)", c, rounds, err)
	}
}
