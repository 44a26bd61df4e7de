package storetest

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var noteCases = map[string]func(*bed){
	"stop an account, once":         noteOfStop,
	"notices come with what is new": noteWithNew,
	"notices cost nobody anything":  noteIsFree,
	"a notice goes with its text":   noteOfOne,
	"a note lives as a report does": noteLives,
}

// note is mail from the service to the administrator.
func (b *bed) note(name string) smsengine.Message {
	m := b.text(key(name), route(smsengine.MailGateway))
	m.ID, m.Kind, m.From, m.To, m.Cost = "", smsengine.Note, smsengine.Address{}, john, 0
	m.Body = smsengine.Body{Subject: "Look at this", Text: name}
	m.Notify, m.Parts = smsengine.NotifyNever, []smsengine.Part{{}}
	return m
}

func (b *bed) notes() []smsengine.Message {
	b.Helper()
	ms, err := b.store.List(b.ctx(), smsengine.Filter{Kind: smsengine.Note})
	if err != nil {
		b.Fatal(err)
	}
	return ms
}

func noteOfStop(b *bed) {
	const window = "unusual 2026-11-23T08:00Z"
	limits := limit("john", window, smsengine.Limit{Most: 1, Stop: "too many", Notices: []smsengine.Message{b.note("stopped john")}})
	far := func() smsengine.Message { return b.text(charged("john", window, 1)) }
	src := source()
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{far()}, Limits: limits})
	if err != nil || as[0].Err != nil {
		b.Fatalf("within the limit: %+v, %v", as, err)
	}
	if _, stopped := b.directory().Stopped("john"); stopped || len(b.notes()) != 0 {
		b.Fatal("stopped within the limit")
	}

	before := b.directory()
	over := far()
	over.Created = start.Add(time.Minute)
	src = source()
	as, err = b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{over, far()}, Limits: limits})
	if err != nil || as[0].Err == nil || as[1].Err == nil {
		b.Fatalf("over the limit: %+v, %v", as, err)
	}
	want := smsengine.Stop{Account: "john", At: over.Created, Reason: "too many"}
	if s, _ := b.directory().Stopped("john"); s != want {
		b.Errorf("stopped %+v, want %+v", s, want)
	}
	if _, stopped := before.Stopped("john"); stopped {
		b.Error("a Directory changed after it was given")
	}
	notes := b.notes()
	if len(notes) != 1 || notes[0].Source != src.ID {
		b.Fatalf("notes: %+v, want one of source %s", notes, src.ID)
	}
	if got, err := b.store.Source(b.ctx(), src.ID); err != nil || got.ID != src.ID {
		b.Errorf("the source of a note is not there: %v", err)
	}

	// Once more over it: the first reason stays, and nobody is told again.
	for c, l := range limits {
		l.Stop = "another reason"
		limits[c] = l
	}
	b.take(far(), limits)
	b.reopen()
	if s, _ := b.directory().Stopped("john"); s != want {
		b.Errorf("after a stop and a start: stopped %+v, want %+v", s, want)
	}
	if n := len(b.notes()); n != 1 {
		b.Errorf("%d notes of one stop", n)
	}
	b.wantUsed("john", window, 1)
}

// A notice about a text that is not stored is not either, whatever else is new.
func noteOfOne(b *bed) {
	within, over := b.text(paidBy("john", 2)), b.text(paidBy("john", 1))
	one, other := b.note("within"), b.note("over")
	one.About, other.About = within.ID, over.ID
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{
		Source: source(), Messages: []smsengine.Message{within, over}, Limits: monthly("john", 2), Notices: []smsengine.Message{one, other},
	})
	if err != nil || as[0].Err != nil || as[1].Err == nil {
		b.Fatalf("%+v, %v", as, err)
	}
	if notes := b.notes(); len(notes) != 1 || notes[0].About != within.ID {
		b.Errorf("%+v", notes)
	}
}

func noteWithNew(b *bed) {
	limits := monthly("john", 2)
	send := func(notice string, ms ...smsengine.Message) {
		b.Helper()
		_, err := b.store.Accept(b.ctx(), smsengine.Intake{
			Source: source(), Messages: ms, Limits: limits, Notices: []smsengine.Message{b.note(notice)},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	want := func(n int, when string) {
		b.Helper()
		if got := len(b.notes()); got != n {
			b.Errorf("%s: %d notes are there, want %d", when, got, n)
		}
	}
	send("80 %", b.text(key("same"), paidBy("john", 1)))
	want(1, "a new message")
	send("80 %", b.text(paidBy("john", 1)))
	want(1, "a notice that is known")
	send("95 %", b.text(key("same"), paidBy("john", 1)))
	want(1, "a known message")
	send("95 %", b.text(paidBy("john", 1)))
	want(1, "a message over the limit")
	send("95 %")
	want(1, "no message")
	send("95 %", b.text(paidBy("john", 1)), b.text(paidBy("mary", 1)))
	want(2, "one new message of two")
}

func noteIsFree(b *bed) {
	n := b.note("costly")
	n.ID = b.accept(b.text())[0].ID // a name of its own that is taken
	charged("john", "2026-11", 5)(&n)
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{
		Source: source(), Messages: []smsengine.Message{b.text(paidBy("john", 3))}, Limits: monthly("john", 3), Notices: []smsengine.Message{n},
	})
	if err != nil || as[0].Err != nil || len(as) != 1 {
		b.Fatalf("accept: %+v, %v", as, err)
	}
	b.wantUsage("john", 3)
	b.record(smsengine.Event{Message: b.notes()[0].ID, Kind: smsengine.CancelReq, At: start})
	b.wantUsage("john", 3)
}

func noteLives(b *bed) {
	src := source()
	src.Subject = "what the note is about"
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{
		Source: src, Messages: []smsengine.Message{b.text()}, Notices: []smsengine.Message{b.note("hello")},
		Claim: smsengine.Claim{Node: node, Room: map[string]int{smsengine.MailGateway: 1}, Now: start, Until: expiry},
	}); err != nil {
		b.Fatal(err)
	}
	ds := b.claim(smsengine.MailGateway, 10)
	if len(ds) != 1 || ds[0].Message.Kind != smsengine.Note || ds[0].Message.Body.Subject != "Look at this" {
		b.Fatalf("claimed %+v", ds)
	}
	if diff := differences(ds[0].Source, src); diff != "" {
		b.Errorf("its source: %s", diff)
	}
	if r := b.record(event(ds[0].Message, smsengine.Refused)); len(r.Reports) != 0 || r.Message.State != smsengine.Failed {
		b.Errorf("refused: %+v, want no reports", r)
	}
	b.wantTrace(ds[0].Message.ID, "accepted claimed refused")
	if c, err := b.store.Counts(b.ctx()); err != nil || c[smsengine.Note][smsengine.Failed] != 1 {
		b.Errorf("counts: %+v, %v", c, err)
	}
}
