package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var matchCases = map[string]func(*bed){
	"by gateway and reference":                matchReference,
	"by the last digits of the number":        matchNumber,
	"the newest open part of that name":       matchNewest,
	"not what is too old":                     matchAge,
	"a part's own receipt":                    matchParts,
	"one receipt for a text taken whole":      matchWhole,
	"a receipt of failure":                    matchFailure,
	"the network still tries":                 matchTrying,
	"a repetition changes nothing":            matchAgain,
	"a receipt after the end":                 matchAfterEnd,
	"a receipt that ends a doubt":             matchDoubt,
	"a receipt that comes first":              matchEarly,
	"a receipt that comes first, for a whole": matchEarlyWhole,
	"a receipt that comes first, and a stop":  matchEarlySurvives,
	"a receipt that comes first, of another":  matchEarlyOther,
	"a receipt and its part at the same time": matchTogether,
	"a receipt for a part of another gateway": matchEarlyGateway,
}

func receipt(ref string, final smsengine.PartState) smsengine.ReceiptReport {
	rep := smsengine.ReceiptReport{Gateway: "sim", Reference: ref, Number: phone, Final: final, At: start.Add(time.Minute)}
	if final == smsengine.PartFailed {
		rep.Status = smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "absent for good"}
	}
	return rep
}

// sent stores a message of one part that the gateway took under the name ref.
func (b *bed) sent(ref string, change ...func(*smsengine.Message)) smsengine.Message {
	b.Helper()
	m := b.sending(change...)
	return b.record(taken(m, 0, ref)).Message
}

func (b *bed) match(rep smsengine.ReceiptReport) smsengine.MessageID {
	b.Helper()
	id, found, err := b.store.Match(b.ctx(), rep)
	if err != nil {
		b.Fatalf("match: %v", err)
	}
	if found != (id != "") {
		b.Errorf("match: %q, found %t", id, found)
	}
	return id
}

func (b *bed) wantMatch(rep smsengine.ReceiptReport, want smsengine.MessageID) {
	b.Helper()
	if id := b.match(rep); id != want {
		b.Errorf("receipt %s of %s for %q went to %q, want %q", rep.Reference, rep.Gateway, rep.Number.Value, id, want)
	}
}

func matchReference(b *bed) {
	m := b.sent("17")
	for _, rep := range []smsengine.ReceiptReport{
		receipt("18", smsengine.PartDelivered), receipt("", smsengine.PartDelivered), receipt("1", smsengine.PartDelivered),
	} {
		b.wantMatch(rep, "")
	}
	elsewhere := receipt("17", smsengine.PartDelivered)
	elsewhere.Gateway = "office"
	b.wantMatch(elsewhere, "")
	b.wantState(m.ID, smsengine.Sent)
	rep := receipt("17", smsengine.PartDelivered)
	rep.Status.Text = "delivered to the handset"
	b.wantMatch(rep, m.ID)
	got := b.message(m.ID)
	if got.State != smsengine.Delivered || got.Parts[0].State != smsengine.PartDelivered || got.Parts[0].Status != rep.Status {
		b.Errorf("after its receipt: %+v", got)
	}
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil {
		b.Fatal(err)
	}
	want := smsengine.Event{Message: m.ID, Kind: smsengine.Receipt, At: rep.At, Gateway: "sim", Final: rep.Final, Status: rep.Status}
	if diff := differences(es[len(es)-1], want); diff != "" {
		b.Errorf("traced: %s", diff)
	}
}

// Networks name the phone in the national form, or in the international one.
func matchNumber(b *bed) {
	for i, c := range []struct {
		to, told string
		same     bool
	}{
		{"+15555550123", "+15555550123", true},
		{"+15555550123", "15555550123", true},
		{"+15555550123", "5555550123", true},
		{"+15555550123", "05555550123", true},
		{"+15555550123", "005555550123", true},
		{"+15555550123", "5550123", true}, // local, 7 digits
		{"+15555550123", "", true},
		{"+15555550123", "+15555550124", false},
		{"+15555550123", "5555550124", false},
		{"+15555550123", "5550124", false},
		{"+15555550123", "+15555650123", false},
		{"+15555550123", "5560123", false},
		{"+4930123456", "030123456", true},
		{"+4930123456", "030123457", false},
		{"80888", "80888", true},
		{"80888", "80889", false},
	} {
		ref := fmt.Sprint("n", i)
		m := b.sent(ref, func(m *smsengine.Message) { m.To = smsengine.Phone(c.to) })
		rep := receipt(ref, smsengine.PartDelivered)
		rep.Number = smsengine.Address{}
		if c.told != "" {
			rep.Number = smsengine.Phone(c.told)
		}
		want := m.ID
		if !c.same {
			want = ""
		}
		b.wantMatch(rep, want)
	}
}

// References wrap: modems count to 256 and begin anew.
func matchNewest(b *bed) {
	old := b.sent("17")
	e := b.sending()
	second := taken(e, 0, "17")
	second.At = second.At.Add(10 * time.Second)
	b.record(second)
	to := b.sending(func(m *smsengine.Message) { m.To = other })
	third := taken(to, 0, "17")
	third.At = third.At.Add(20 * time.Second)
	b.record(third)
	b.wantMatch(receipt("17", smsengine.PartDelivered), e.ID)
	b.wantState(old.ID, smsengine.Sent)
	b.wantState(to.ID, smsengine.Sent)
	rep := receipt("17", smsengine.PartFailed)
	rep.Number = other
	b.wantMatch(rep, to.ID)
	b.wantState(to.ID, smsengine.Failed)
	b.wantState(e.ID, smsengine.Delivered)
}

func matchAge(b *bed) {
	young, old := b.sent("17"), b.sent("18")
	rep := receipt("17", smsengine.PartDelivered)
	rep.At = start.Add(3 * 24 * time.Hour)
	b.wantMatch(rep, young.ID)
	rep.Reference, rep.At = "18", start.Add(60*24*time.Hour)
	b.wantMatch(rep, "")
	b.wantState(old.ID, smsengine.Sent)
}

func matchParts(b *bed) {
	m := b.sending(parts(3))
	b.record(taken(m, 0, "a"), taken(m, 1, "b"))
	b.wantMatch(receipt("b", smsengine.PartDelivered), m.ID) // while the third is in flight
	b.record(taken(m, 2, "c"))
	b.wantMatch(receipt("c", smsengine.PartDelivered), m.ID)
	b.wantState(m.ID, smsengine.Sent)
	if got := b.message(m.ID); got.Parts[0].State != smsengine.PartSent || got.Parts[1].State != smsengine.PartDelivered {
		b.Errorf("parts %+v", got.Parts)
	}
	b.wantMatch(receipt("a", smsengine.PartDelivered), m.ID)
	b.wantState(m.ID, smsengine.Delivered)
	b.wantTrace(m.ID, "accepted claimed part part receipt taken receipt receipt")
}

func (b *bed) wholly(m smsengine.Message, ref string) smsengine.Event {
	e := taken(m, 0, ref)
	e.Kind, e.Taken.Whole = smsengine.Taken, true
	return e
}

func matchWhole(b *bed) {
	m := b.sending(parts(3))
	b.record(b.wholly(m, "w"))
	b.wantMatch(receipt("w", smsengine.PartDelivered), m.ID)
	b.wantState(m.ID, smsengine.Delivered)
}

func matchFailure(b *bed) {
	m := b.sending(parts(2), paidBy("john", 2))
	b.record(taken(m, 0, "a"), taken(m, 1, "b"))
	b.wantMatch(receipt("b", smsengine.PartFailed), m.ID)
	if got := b.message(m.ID); got.State != smsengine.Failed || got.Status.Code != "5.1.1" {
		b.Errorf("after the network gave up: %s, %+v", got.State, got.Status)
	}
	b.wantUsage("john", 2)
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{About: m.ID}); err != nil || len(ms) != 1 {
		b.Errorf("%d reports, %v; the sender must hear of it", len(ms), err)
	}
}

func matchTrying(b *bed) {
	m := b.sent("17")
	b.wantMatch(receipt("17", ""), m.ID)
	b.wantState(m.ID, smsengine.Sent)
	b.wantTrace(m.ID, "accepted claimed taken receipt")
	b.wantMatch(receipt("17", smsengine.PartDelivered), m.ID)
	b.wantState(m.ID, smsengine.Delivered)
}

func matchAgain(b *bed) {
	m := b.sent("17", notify(smsengine.NotifySuccess))
	b.wantMatch(receipt("17", smsengine.PartDelivered), m.ID)
	before := b.message(m.ID)
	b.match(receipt("17", smsengine.PartDelivered))
	if diff := differences(b.message(m.ID), before); diff != "" {
		b.Errorf("the same receipt again: %s", diff)
	}
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{About: m.ID}); err != nil || len(ms) != 1 {
		b.Errorf("%d reports, want one (%v)", len(ms), err)
	}
}

func matchAfterEnd(b *bed) {
	m := b.sending(parts(2))
	b.record(taken(m, 0, "a"), taken(m, 1, "b"))
	b.wantMatch(receipt("a", smsengine.PartFailed), m.ID)
	b.wantMatch(receipt("b", smsengine.PartDelivered), m.ID)
	if got := b.message(m.ID); got.State != smsengine.Failed || got.Parts[1].State != smsengine.PartDelivered {
		b.Errorf("after the end: %s, %+v", got.State, got.Parts)
	}
	b.wantTrace(m.ID, "accepted claimed part taken receipt receipt")
}

func matchDoubt(b *bed) {
	m := b.sending()
	e := event(m, smsengine.InDoubt)
	e.Taken = smsengine.Taking{Reference: "17", Receipts: true}
	b.record(e)
	b.wantState(m.ID, smsengine.Unsure)
	b.wantMatch(receipt("17", smsengine.PartDelivered), m.ID)
	b.wantState(m.ID, smsengine.Delivered)
}

func matchEarly(b *bed) {
	m := b.sending(notify(smsengine.NotifySuccess))
	b.wantMatch(receipt("17", smsengine.PartDelivered), "")
	b.wantState(m.ID, smsengine.Sending)
	e := taken(m, 0, "17")
	e.At = start.Add(time.Minute + time.Second) // the receipt's is a second before
	r := b.record(e)
	if r.Message.State != smsengine.Delivered || len(r.Reports) != 1 {
		b.Errorf("the result is %s with %d reports, want delivered with one", r.Message.State, len(r.Reports))
	}
	b.wantState(m.ID, smsengine.Delivered)
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil {
		b.Fatal(err)
	}
	if last := es[len(es)-1]; last.Kind != smsengine.Receipt || !last.Early || last.Final != smsengine.PartDelivered {
		b.Errorf("traced %+v, want an early receipt", last)
	}
	again := b.sending()
	e = taken(again, 0, "17")
	e.At = start.Add(time.Minute + 2*time.Second)
	if r := b.record(e); r.Message.State != smsengine.Sent {
		b.Errorf("a receipt was used twice: the next part of that name is %s", r.Message.State)
	}
}

func matchEarlyWhole(b *bed) {
	m := b.sending(parts(3))
	b.wantMatch(receipt("17", smsengine.PartDelivered), "")
	if r := b.record(b.wholly(m, "17")); r.Message.State != smsengine.Delivered {
		b.Errorf("the message is %s, want delivered: %+v", r.Message.State, r.Message.Parts)
	}
	if got := b.trace(m.ID); strings.Count(got, "receipt") != 1 {
		b.Errorf("one receipt came, and the trace is %q", got)
	}
}

func matchEarlySurvives(b *bed) {
	m := b.sending()
	b.wantMatch(receipt("17", smsengine.PartFailed), "")
	b.reopen()
	if r := b.record(taken(m, 0, "17")); r.Message.State != smsengine.Failed {
		b.Errorf("after a stop the receipt is lost: the message is %s", r.Message.State)
	}
}

// A receipt for another phone waits for its own part.
func matchEarlyOther(b *bed) {
	m := b.sending()
	rep := receipt("17", smsengine.PartFailed)
	rep.Number = other
	b.wantMatch(rep, "")
	b.record(taken(m, 0, "17"))
	b.wantState(m.ID, smsengine.Sent)
	o := b.sending(func(m *smsengine.Message) { m.To = other })
	if r := b.record(taken(o, 0, "17")); r.Message.State != smsengine.Failed {
		b.Errorf("the receipt that was kept is lost: the message is %s", r.Message.State)
	}
}

func matchEarlyGateway(b *bed) {
	m := b.sending()
	rep := receipt("17", smsengine.PartFailed)
	rep.Gateway = "office"
	b.wantMatch(rep, "")
	b.record(taken(m, 0, "17"))
	b.wantState(m.ID, smsengine.Sent)
}

// However a receipt and the answer for its part race, the receipt counts.
func matchTogether(b *bed) {
	const n = 30
	var ms []smsengine.Message
	for range n {
		ms = append(ms, b.text())
	}
	b.accept(ms...)
	ds := b.claim("sim", n)
	var told atomic.Int64
	together(2*n, func(i int) {
		m, ref := ds[i/2].Message, fmt.Sprint("r", i/2)
		if i%2 == 0 {
			if rs, err := b.store.Record(b.ctx(), []smsengine.Event{taken(m, 0, ref)}); err != nil || rs[0].Err != nil {
				b.Errorf("record: %+v, %v", rs, err)
			}
			return
		}
		rep := receipt(ref, smsengine.PartDelivered)
		rep.At = start.Add(time.Second)
		if _, found, err := b.store.Match(b.ctx(), rep); err != nil {
			b.Errorf("match: %v", err)
		} else if found {
			told.Add(1)
		}
	})
	for _, d := range ds {
		b.wantState(d.Message.ID, smsengine.Delivered)
	}
	b.Logf("%d of %d receipts came after their part", told.Load(), n)
}
