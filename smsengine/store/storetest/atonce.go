package storetest

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// atOnceCases are about an Accept that begins attempts itself.
var atOnceCases = map[string]func(*bed){
	"is Accept and then Claim, in one":        atOnceApplies,
	"keeps to the room, in order":             atOnceRoom,
	"only what is new, ready and within":      atOnceOnly,
	"survives a stop, and is then found lost": atOnceSurvives,
}

func (b *bed) atOnce(room int, limits smsengine.Limits, ms ...smsengine.Message) ([]smsengine.AcceptedMessage, smsengine.Claim) {
	b.Helper()
	c := smsengine.Claim{Node: node, Room: map[string]int{"sim": room}, Now: start, Until: start.Add(time.Hour)}
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms, Limits: limits, Claim: c})
	if err != nil {
		b.Fatal(err)
	}
	if c.Room["sim"] != room {
		b.Errorf("the caller's room was changed to %d", c.Room["sim"])
	}
	return as, c
}

func atOnceApplies(b *bed) {
	m := b.text(parts(2), paidBy("john", 2))
	as, c := b.atOnce(1, nil, m)
	if as[0].Delivery == nil {
		b.Fatalf("no attempt was begun: %+v", as[0])
	}
	stored := b.message(m.ID)
	m.Source = stored.Source
	e := smsengine.Event{Message: m.ID, Kind: smsengine.Claimed, At: c.Now, Attempt: 1, Gateway: "sim", Node: c.Node, Until: c.Until}
	want, _, err := m.Apply(e, c.Now)
	if err != nil {
		b.Fatal(err)
	}
	if diff := differences(stored, want); diff != "" {
		b.Errorf("stored: %s", diff)
	}
	if diff := differences(as[0].Delivery.Message, want); diff != "" || as[0].Delivery.Part != 0 {
		b.Errorf("delivery of part %d: %s", as[0].Delivery.Part, diff)
	}
	b.wantTrace(m.ID, "accepted claimed")
	b.wantUsage("john", 2)
	if ds := b.claim("sim", 10); len(ds) != 0 {
		b.Errorf("it was claimed again: %+v", ds)
	}
}

func atOnceRoom(b *bed) {
	ms := []smsengine.Message{b.text(), b.text(route("elsewhere")), b.text(), b.text()}
	as, _ := b.atOnce(2, nil, ms...)
	for i, want := range []bool{true, false, true, false} {
		if got := as[i].Delivery != nil; got != want {
			b.Errorf("message %d: begun %v, want %v", i, got, want)
		}
	}
	if ds := b.claim("sim", 10); len(ds) != 1 || ds[0].Message.ID != ms[3].ID {
		b.Errorf("left to be claimed: %+v", ds)
	}
}

func atOnceOnly(b *bed) {
	known := b.accept(b.text(key("known")))[0]
	report := b.text()
	report.Kind, report.About = smsengine.Report, known.ID
	ms := []smsengine.Message{
		b.text(key("known")),
		b.text(paidBy("john", 5)), // over the limit
		b.text(next(time.Hour)),
		b.text(func(m *smsengine.Message) { m.State = smsengine.Held }),
		report, // it needs its source, which a claim brings
		b.text(paidBy("john", 1)),
	}
	as, _ := b.atOnce(1, monthly("john", 3), ms...)
	for i, a := range as {
		if got, want := a.Delivery != nil, i == 5; got != want {
			b.Errorf("message %d: begun %v, want %v", i, got, want)
		}
	}
	if as[1].Err == nil {
		b.Error("the limit was not kept")
	}
	b.wantTrace(known.ID, "accepted")
	b.wantUsage("john", 1)
}

func atOnceSurvives(b *bed) {
	m := b.text()
	b.atOnce(1, nil, m)
	b.reopen()
	b.wantState(m.ID, smsengine.Sending)
	es, err := b.store.Due(b.ctx(), node+"-next", start.Add(2*time.Hour), 10)
	if err != nil || len(es) == 0 || es[0].Kind != smsengine.Lost || es[0].Message != m.ID || es[0].Attempt != 1 {
		b.Errorf("due: %+v, %v", es, err)
	}
}
