package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var dueCases = map[string]func(*bed){
	"a lease that ran out":                  dueLease,
	"a lease of an earlier life":            dueEarlierLife,
	"a time that ran out":                   dueExpired,
	"a delay to be told of":                 dueDelayed,
	"no more than asked for, and all of it": dueLimit,
	"nothing is changed":                    dueChangesNothing,
}

func (b *bed) due(node string, now time.Time) []smsengine.Event {
	b.Helper()
	es, err := b.store.Due(b.ctx(), node, now, 1000)
	if err != nil {
		b.Fatalf("due: %v", err)
	}
	for _, e := range es {
		if !e.At.Equal(now) {
			b.Errorf("%s of %s is at %v, want %v", e.Kind, e.Message, e.At, now)
		}
	}
	return es
}

// wantDue compares what is due with "kind id" words, in any order.
func (b *bed) wantDue(node string, now time.Time, want ...string) {
	b.Helper()
	var got []string
	for _, e := range b.due(node, now) {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Message))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Errorf("for %s at %v due: %q\nwant %q", node, now, got, want)
	}
}

// leased begins an attempt for the node.
func (b *bed) leased(node string, until time.Time) smsengine.Message {
	b.Helper()
	b.accept(b.text(route("leased"), func(m *smsengine.Message) { m.Expires = start.Add(1000 * time.Hour) }))
	ds, err := b.store.Claim(b.ctx(), smsengine.Claim{Node: node, Room: map[string]int{"leased": 1}, Now: start, Until: until})
	if err != nil || len(ds) != 1 {
		b.Fatalf("claim: %+v, %v", ds, err)
	}
	return ds[0].Message
}

func dueLease(b *bed) {
	m := b.leased("there/1", start.Add(time.Hour))
	long := b.leased("there/1", start.Add(3*time.Hour))
	b.wantDue("here/1", start.Add(59*time.Minute))
	b.wantDue("here/1", start.Add(2*time.Hour), "lost "+string(m.ID))
	b.wantDue("here/1", start.Add(4*time.Hour), "lost "+string(m.ID), "lost "+string(long.ID))
	es := b.due("here/1", start.Add(2*time.Hour))
	if es[0].Attempt != m.Attempt {
		b.Errorf("lost attempt %d, want %d", es[0].Attempt, m.Attempt)
	}
	b.record(es...)
	b.wantState(m.ID, smsengine.Unsure)
	b.wantDue("here/1", start.Add(2*time.Hour))
	more := taken(long, 0, "r")
	b.record(more)
	b.wantDue("here/1", start.Add(4*time.Hour))
}

// A process has one life; what an earlier one was sending when it died is lost
// at once. What other nodes hold is theirs until the lease runs out.
func dueEarlierLife(b *bed) {
	until := start.Add(time.Hour)
	dead := b.leased("here/1", until)
	live := b.leased("here/2", until)
	for _, name := range []string{"there/1", "here.too/1", "her/1", "hereafter/1", "here", "%/1", "here%/1"} {
		b.leased(name, until)
	}
	wild := b.leased("h_re/1", until)
	b.wantDue("here/2", start, "lost "+string(dead.ID))
	b.reopen()
	b.wantDue("here/2", start, "lost "+string(dead.ID))
	b.wantDue("here/3", start, "lost "+string(dead.ID), "lost "+string(live.ID))
	b.wantDue("nowhere/1", start)
	b.wantDue("h_re/2", start, "lost "+string(wild.ID))
	b.record(b.due("here/2", start)...)
	b.wantState(dead.ID, smsengine.Unsure)
	b.wantState(live.ID, smsengine.Sending)
	b.wantDue("here/2", start)
}

func dueExpired(b *bed) {
	in := func(hours int) func(*smsengine.Message) {
		return func(m *smsengine.Message) {
			m.Expires, m.Notify = start.Add(time.Duration(hours)*time.Hour), smsengine.NotifyNever
		}
	}
	sending := b.sending(in(1))
	unsure := b.sending(in(1))
	b.record(event(unsure, smsengine.InDoubt))
	awaits := b.sent("r1", in(1))
	mute := b.sending(in(1))
	e := taken(mute, 0, "")
	e.Taken.Receipts = false
	b.record(e)
	failed := b.sending(in(1))
	b.record(event(failed, smsengine.Refused))
	ready := b.accept(b.text(in(1)))[0]
	held := b.accept(b.text(in(1), func(m *smsengine.Message) { m.State = smsengine.Held }))[0]
	b.accept(b.text(in(2)))
	b.wantDue(node, start.Add(59*time.Minute))
	now := start.Add(61 * time.Minute)
	want := []string{"lost " + string(sending.ID)} // its lease ran out as well
	for _, m := range []smsengine.Message{unsure, awaits, ready, held} {
		want = append(want, "timed-out "+string(m.ID))
	}
	b.wantDue(node, now, want...)
	b.record(b.due(node, now)...)
	for id, state := range map[smsengine.MessageID]smsengine.State{
		unsure.ID: smsengine.Expired, ready.ID: smsengine.Expired, held.ID: smsengine.Expired,
		awaits.ID: smsengine.Sent, mute.ID: smsengine.Sent, sending.ID: smsengine.Unsure,
	} {
		b.wantState(id, state)
	}
	b.wantDue(node, now, "timed-out "+string(sending.ID)) // unsure now, and too late
	b.record(b.due(node, now)...)
	b.wantDue(node, now)
}

func dueDelayed(b *bed) {
	in := func(hours int) func(*smsengine.Message) {
		return func(m *smsengine.Message) { m.Warn = start.Add(time.Duration(hours) * time.Hour) }
	}
	sent := b.sent("r", in(1))
	ready := b.accept(b.text(in(1), next(10*time.Hour)))[0]
	held := b.accept(b.text(in(2), func(m *smsengine.Message) { m.State = smsengine.Held }))[0]
	b.accept(b.text())
	b.wantDue(node, start.Add(59*time.Minute))
	b.wantDue(node, start.Add(time.Hour), "delayed "+string(ready.ID))
	now := start.Add(2 * time.Hour)
	b.wantDue(node, now, "delayed "+string(ready.ID), "delayed "+string(held.ID))
	r := b.record(b.due(node, now)...)
	if len(r.Reports) != 1 {
		b.Errorf("%d reports of a delay, want one", len(r.Reports))
	}
	b.wantDue(node, now)
	b.wantState(ready.ID, smsengine.Ready)
	b.wantState(held.ID, smsengine.Held)
	b.wantState(sent.ID, smsengine.Sent)
}

func dueLimit(b *bed) {
	const n = 25
	soon := func(m *smsengine.Message) { m.Expires, m.Notify = start.Add(time.Hour), smsengine.NotifyNever }
	late := func(m *smsengine.Message) { m.Warn, m.Notify = start.Add(time.Hour), smsengine.NotifyNever }
	for range n {
		b.accept(b.text(soon), b.text(late))
		b.leased("there/1", start.Add(time.Hour))
	}
	seen := map[string]bool{}
	for {
		es, err := b.store.Due(b.ctx(), node, start.Add(2*time.Hour), 10)
		if err != nil || len(es) > 10 {
			b.Fatalf("due: %d events, limit 10 (%v)", len(es), err)
		}
		if len(es) == 0 {
			break
		}
		for _, e := range es {
			word := fmt.Sprint(e.Kind, e.Message)
			if seen[word] {
				b.Fatalf("%s was recorded, and is due again", word)
			}
			seen[word] = true
		}
		b.record(es...)
	}
	if len(seen) != 3*n {
		b.Errorf("%d events were due, want %d", len(seen), 3*n)
	}
}

func dueChangesNothing(b *bed) {
	m := b.leased("there/1", start.Add(time.Hour))
	one, two := b.due(node, start.Add(2*time.Hour)), b.due(node, start.Add(2*time.Hour))
	if len(one) != 1 || len(two) != 1 {
		b.Errorf("due %+v, then %+v", one, two)
	}
	if diff := differences(b.message(m.ID), m); diff != "" {
		b.Errorf("looking changed it: %s", diff)
	}
	b.wantTrace(m.ID, "accepted claimed")
}
