package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var acceptCases = map[string]func(*bed){
	"stores the messages and their source":      acceptStores,
	"stores what was refused, with its report":  acceptRefused,
	"stores a known key once":                   acceptKnownKey,
	"stores what was refused":                   acceptFailed,
	"stores a known key once, concurrently":     acceptKnownKeyTogether,
	"keeps to a limit, message by message":      acceptLimit,
	"keeps to a limit, concurrently":            acceptLimitTogether,
	"consumes a set in the same transaction":    acceptConsumes,
	"consumes a set once, concurrently":         acceptConsumesTogether,
	"consumes a set of which nothing is made":   acceptConsumesForNothing,
	"survives a stop":                           acceptSurvives,
	"an intake of which nothing is new is fine": acceptNothing,
}

func acceptStores(b *bed) {
	src := source()
	ms := []smsengine.Message{
		b.text(paidBy("john", 2)), b.text(paidBy("john", 3), func(m *smsengine.Message) { m.State = smsengine.Held }),
	}
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: ms})
	if err != nil {
		b.Fatal(err)
	}
	for i, m := range ms {
		m.Source = src.ID
		if as[i].ID != m.ID {
			b.Fatalf("message %s was stored as %+v", m.ID, as[i])
		}
		if diff := differences(b.message(m.ID), m); diff != "" {
			b.Errorf("message %d: %s", i, diff)
		}
		b.wantTrace(m.ID, "accepted")
	}
	got, err := b.store.Source(b.ctx(), src.ID)
	if diff := differences(got, src); err != nil || diff != "" {
		b.Errorf("source: %s, %v", diff, err)
	}
	b.wantUsage("john", 5)
	if u, _ := b.store.Usage(b.ctx(), smsengine.Counter{Account: "john", Period: "2026-11"}); !u.Last.Equal(start) {
		b.Errorf("last used at %v, want %v", u.Last, start)
	}
	if u, err := b.store.Usage(b.ctx(), smsengine.Counter{Account: "john", Period: "2026-12"}); err != nil || u.Used != 0 {
		b.Errorf("another month: %+v, %v", u, err)
	}
}

// A text that was refused is stored as failed, so that people can look it up; it
// is never sent.
func acceptRefused(b *bed) {
	m := b.text(route(), func(m *smsengine.Message) {
		m.State, m.Status = smsengine.Failed, smsengine.Status{Class: smsengine.Permanent, Code: "5.1.3", Text: "no such number"}
	})
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}, Notices: []smsengine.Message{b.note("a report")}}); err != nil {
		b.Fatal(err)
	}
	b.reopen()
	got := b.message(m.ID)
	m.Source = got.Source
	if diff := differences(got, m); diff != "" {
		b.Errorf("stored: %s", diff)
	}
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil || len(es) != 1 || es[0].Status != m.Status {
		b.Errorf("its trace is %+v, %v, want the refusal in it", es, err)
	}
	if ds := b.claim("sim", 9); len(ds) != 0 || len(b.notes()) != 1 {
		b.Errorf("claimed %+v; %d notes, want one", ds, len(b.notes()))
	}
}

// acceptFailed stores a message that is only there to be reported on.
func acceptFailed(b *bed) {
	why := smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1", Text: "not permitted"}
	m := b.text(key("refused"), func(m *smsengine.Message) { m.State, m.Status, m.Charges, m.Route = smsengine.Failed, why, nil, nil })
	if id, err := b.store.Known(b.ctx(), "refused"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("before: known as %s (%v)", id, err)
	}
	m.ID = b.accept(m)[0].ID
	if got := b.message(m.ID); got.State != smsengine.Failed || got.Status != why {
		b.Errorf("%s, %+v", got.State, got.Status)
	}
	if id, err := b.store.Known(b.ctx(), "refused"); id != m.ID || err != nil {
		b.Errorf("known as %q (%v), want %s", id, err, m.ID)
	}
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil || len(es) != 1 || es[0].Status != why {
		b.Errorf("trace %+v (%v), want one event that says why", es, err)
	}
}

func acceptKnownKey(b *bed) {
	first := b.accept(b.text(key("same"), paidBy("john", 1)))[0]
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{
		b.text(key("new"), paidBy("john", 1)), b.text(key("same"), paidBy("john", 1)), b.text(key("new"), paidBy("john", 1)),
	}})
	if err != nil {
		b.Fatal(err)
	}
	if as[0].Duplicate || as[0].ID == "" {
		b.Errorf("a new key: %+v", as[0])
	}
	if !as[1].Duplicate || as[1].ID != first.ID {
		b.Errorf("a key of before: %+v, want a duplicate of %s", as[1], first.ID)
	}
	if id, err := b.store.Known(b.ctx(), "new"); err != nil || id != as[0].ID {
		b.Errorf("the key is known as %q, %v, want %s", id, err, as[0].ID)
	}
	if id, err := b.store.Known(b.ctx(), "newer"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("a key that nobody has is known as %q, %v", id, err)
	}
	if !as[2].Duplicate || as[2].ID != as[0].ID {
		b.Errorf("a key twice in one intake: %+v, want a duplicate of %s", as[2], as[0].ID)
	}
	b.wantUsage("john", 2)
	b.wantTrace(first.ID, "accepted")
	if ds := b.claim("sim", 10); len(ds) != 2 {
		b.Errorf("%d messages can be claimed, want 2", len(ds))
	}
}

func acceptKnownKeyTogether(b *bed) {
	var ms []smsengine.Message
	for range 16 {
		ms = append(ms, b.text(key("same"), paidBy("john", 1)))
	}
	got := make([]smsengine.AcceptedMessage, len(ms))
	together(len(ms), func(i int) {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i : i+1]})
		if err != nil {
			b.Errorf("accept: %v", err)
			return
		}
		got[i] = as[0]
	})
	news := 0
	for _, a := range got {
		if !a.Duplicate {
			news++
		}
		if a.ID != got[0].ID {
			b.Errorf("one is %s, another %s", got[0].ID, a.ID)
		}
	}
	if news != 1 {
		b.Errorf("%d of %d were new, want 1", news, len(got))
	}
	b.wantUsage("john", 1)
}

func acceptLimit(b *bed) {
	limits := monthly("john", 3)
	limits[smsengine.Counter{Account: "mary", Period: "2026-11"}] = smsengine.Limit{}
	take := func(ms ...smsengine.Message) []smsengine.AcceptedMessage {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms, Limits: limits})
		if err != nil {
			b.Fatal(err)
		}
		return as
	}
	big := b.text(paidBy("john", 2))
	as := take(b.text(paidBy("john", 2)), big, b.text(paidBy("john", 1)), b.text(paidBy("mary", 100)), b.text(paidBy("", 100)), b.text(paidBy("anna", 100)))
	for i, a := range as {
		switch {
		case i != 1 && (a.Err != nil || a.ID == ""):
			b.Errorf("message %d: %+v", i, a)
		case i == 1 && (a.Err == nil || a.Err.Class != smsengine.Permanent || a.Err.Code != "5.2.2" || a.Err.Text == ""):
			b.Errorf("message %d is over the limit: %+v, want 5.2.2", i, a)
		}
	}
	b.wantUsage("john", 3)
	b.wantUsage("mary", 100)
	if _, err := b.store.Message(b.ctx(), big.ID); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("a message over the limit is there: %v", err)
	}
	if _, err := b.store.Trace(b.ctx(), big.ID); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("a message over the limit has a trace: %v", err)
	}
	big.Charges[0].Period = "2026-12"
	if as := take(big); as[0].Err != nil || as[0].Duplicate {
		b.Errorf("the same message in another month: %+v", as[0])
	}
	if as := take(b.text(paidBy("john", 0))); as[0].Err != nil {
		b.Errorf("what costs nothing: %+v", as[0])
	}
}

func acceptLimitTogether(b *bed) {
	const callers, limit = 40, 10
	var ms []smsengine.Message
	for range callers {
		ms = append(ms, b.text(paidBy("john", 1)), b.text(paidBy("john", 2)))
	}
	var spent atomic.Int64
	together(callers, func(i int) {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{
			Source: source(), Messages: ms[2*i : 2*i+2], Limits: monthly("john", limit),
		})
		if err != nil {
			b.Errorf("accept: %v", err)
			return
		}
		for j, a := range as {
			if a.Err == nil {
				spent.Add(int64(ms[2*i+j].Cost))
			}
		}
	})
	if spent.Load() != limit {
		b.Errorf("%d parts were accepted, want the %d of the limit, all of them and no more", spent.Load(), limit)
	}
	b.wantUsage("john", limit)
}

// incoming is the message that a set is made into.
func (b *bed) incoming(set smsengine.PartSet) smsengine.Message {
	return b.text(key("incoming:"+set.ID), route(smsengine.MailGateway), func(m *smsengine.Message) {
		m.Kind, m.From, m.To, m.Cost, m.Notify = smsengine.Incoming, set.From, john, 0, smsengine.NotifyNever
	})
}

func (b *bed) incomings() int {
	b.Helper()
	ms, err := b.store.List(b.ctx(), smsengine.Filter{Kind: smsengine.Incoming})
	if err != nil {
		b.Fatal(err)
	}
	return len(ms)
}

func acceptConsumes(b *bed) {
	set := b.collect(1, 1, 7)
	in := smsengine.Intake{Source: source(), Messages: []smsengine.Message{b.incoming(set)}, Consumes: set.ID}
	first, err := b.store.Accept(b.ctx(), in)
	if err != nil || first[0].Err != nil || first[0].Duplicate {
		b.Fatalf("accept: %+v, %v", first, err)
	}
	if sets := b.unconsumed(start.Add(time.Hour)); len(sets) != 0 {
		b.Errorf("the set is consumed, and still waits: %+v", sets)
	}
	in.Messages[0].ID = smsengine.NewMessageID(start)
	if again, err := b.store.Accept(b.ctx(), in); err != nil || !again[0].Duplicate || again[0].ID != first[0].ID {
		b.Errorf("the same again: %+v, %v, want a duplicate of %s", again, err, first[0].ID)
	}
	in.Messages = []smsengine.Message{b.text(key("something else"), func(m *smsengine.Message) { m.Kind = smsengine.Incoming })}
	if again, err := b.store.Accept(b.ctx(), in); err == nil && !again[0].Duplicate && again[0].Err == nil {
		b.Errorf("another message of the same set: %+v", again)
	}
	if n := b.incomings(); n != 1 {
		b.Errorf("%d messages were made of one set", n)
	}
}

func acceptConsumesTogether(b *bed) {
	set := b.collect(1, 1, 7)
	var ms []smsengine.Message
	for range 8 {
		ms = append(ms, b.incoming(set))
	}
	together(len(ms), func(i int) {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i : i+1], Consumes: set.ID})
		if err != nil || as[0].Err != nil {
			b.Errorf("accept: %+v, %v", as, err)
		}
	})
	if n := b.incomings(); n != 1 {
		b.Errorf("%d messages were made of one set", n)
	}
}

func acceptConsumesForNothing(b *bed) {
	set := b.collect(1, 1, 7)
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Consumes: set.ID}); err != nil {
		b.Fatal(err)
	}
	b.reopen()
	if sets := b.unconsumed(start.Add(time.Hour)); len(sets) != 0 {
		b.Errorf("a set that was dropped still waits: %+v", sets)
	}
}

func acceptSurvives(b *bed) {
	var ids []smsengine.MessageID
	for i := range 5 {
		ids = append(ids, b.accept(b.text(paidBy("john", 1), key(fmt.Sprint("k", i))))[0].ID)
	}
	b.reopen()
	b.wantUsage("john", 5)
	for i, id := range ids {
		b.wantState(id, smsengine.Ready)
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{b.text(key(fmt.Sprint("k", i)))}})
		if err != nil || !as[0].Duplicate || as[0].ID != id {
			b.Errorf("after a stop the key of %s is not known: %+v, %v", id, as, err)
		}
	}
	if ds := b.claim("sim", 10); len(ds) != 5 {
		b.Errorf("after a stop %d messages can be claimed, want 5", len(ds))
	}
}

func acceptNothing(b *bed) {
	b.accept(b.text(key("same")))
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{b.text(key("same"))}})
	if err != nil || !as[0].Duplicate {
		b.Errorf("nothing new: %+v, %v", as, err)
	}
	if as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source()}); err != nil || len(as) != 0 {
		b.Errorf("nothing at all: %+v, %v", as, err)
	}
}
