package storetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var digestCases = map[string]func(*bed){
	"what comes too fast is gathered":     digestGathers,
	"one that tells gathers no more":      digestTells,
	"a limit of none at all":              digestAll,
	"a webhook hears of what is gathered": digestCalls,
	"gathered by many at once":            digestTogether,
}

const window = "digest 2026-11-23T08:00:00Z x"

// digest is one of a window that ends in ten minutes, with a limit of so many.
func (b *bed) digest(most int) smsengine.Limits {
	d := smsengine.NewDigest(window, "night", "digest for "+phone.Value, []byte(`{"v":1}`), start, start.Add(10*time.Minute))
	return limit("#digest", window, smsengine.Limit{Most: most, Gather: &d})
}

// alert is a text that is charged to the window first.
func (b *bed) alert(change ...func(*smsengine.Message)) smsengine.Message {
	return b.text(append([]func(*smsengine.Message){paidBy("", 1), charged("#digest", window, 1), charged("john", "2026-11", 1)}, change...)...)
}

// Within the limit texts go as they are; beyond it they are stored, end there, and
// are about one digest. They are counted in the window and nowhere else, and what
// was handed over before changes nothing. All of it is there after a stop.
func digestGathers(b *bed) {
	limits := b.digest(2)
	limits[smsengine.Counter{Account: "john", Period: "2026-11"}] = smsengine.Limit{Most: 2}
	var digest smsengine.MessageID
	for i := range 5 {
		m := b.alert()
		note := b.note(fmt.Sprint("beside ", i))
		note.About = m.ID
		in := smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}, Limits: limits, Notices: []smsengine.Message{note}}
		as, err := b.store.Accept(b.ctx(), in)
		if err != nil || as[0].Err != nil || as[0].ID != m.ID || (as[0].Digest != "") != (i >= 2) {
			b.Fatalf("text %d: %+v, %v", i, as, err)
		}
		if _, err := b.store.Source(b.ctx(), in.Source.ID); err != nil {
			b.Errorf("text %d: its source: %v", i, err)
		}
		if i < 2 {
			continue
		}
		if digest == "" {
			digest = as[0].Digest
		}
		if as[0].Digest != digest {
			b.Errorf("text %d is in the digest %s, the first in %s", i, as[0].Digest, digest)
		}
		want, _ := m.GatheredBy(b.message(digest))
		want.Source = in.Source.ID
		if diff := differences(b.message(m.ID), want); diff != "" || !want.Gathered() || want.About != digest {
			b.Errorf("text %d: %s", i, diff)
		}
		if again, err := b.store.Accept(b.ctx(), in); err != nil || !again[0].Duplicate || again[0].ID != m.ID {
			b.Errorf("text %d again: %+v, %v", i, again, err)
		}
	}
	b.reopen()
	b.wantUsed("#digest", window, 5)
	b.wantUsage("john", 2)
	if notes := b.notes(); len(notes) != 5 {
		b.Errorf("%d notes: one is stored with each text, whatever becomes of that", len(notes))
	}
	d := b.message(digest)
	if !d.Gathers() || d.Key != window || d.Source == "" || !d.Next.Equal(start.Add(10*time.Minute)) {
		b.Errorf("the digest: %+v", d)
	}
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{About: digest, Kind: smsengine.Text}); err != nil || len(ms) != 3 {
		b.Errorf("%d texts are about the digest, %v", len(ms), err)
	}
}

// A digest whose text is begun to be made gathers nothing more: it would be told or
// forgotten as chance has it. Another gathers what is late.
func digestTells(b *bed) {
	limits := b.digest(1)
	b.take(b.alert(), limits)
	late := func() smsengine.MessageID {
		b.Helper()
		a := b.take(b.alert(), limits)
		if a.Err != nil || a.Digest == "" {
			b.Fatalf("%+v", a)
		}
		return a.Digest
	}
	first := late()
	ds, err := b.store.Claim(b.ctx(), smsengine.Claim{
		Node: node, Room: map[string]int{smsengine.RulesGateway: 5}, Now: start.Add(10 * time.Minute), Until: expiry,
	})
	if err != nil || len(ds) != 1 || ds[0].Message.ID != first || ds[0].Source.ID == "" {
		b.Fatalf("%+v, %v", ds, err)
	}
	second := late()
	if second == first || late() != second {
		b.Errorf("the digest that tells gathers")
	}
	b.record(smsengine.Event{Message: second, Kind: smsengine.HoldReq, At: start})
	if late() != second {
		b.Errorf("one that is held gathers")
	}
	b.record(smsengine.Event{Message: second, Kind: smsengine.CancelReq, At: start})
	if third := late(); third == second || third == first {
		b.Errorf("one that was cancelled gathers")
	}
}

// NoneAtAll lets nothing pass.
func digestAll(b *bed) {
	if a := b.take(b.alert(), b.digest(smsengine.NoneAtAll)); a.Digest == "" {
		b.Errorf("%+v", a)
	}
	none := smsengine.Fail("none", smsengine.Permanent, "5.7.1", "none", nil)
	if a := b.take(b.text(charged("john", day, 1)), limit("john", day, smsengine.Limit{Most: smsengine.NoneAtAll, Refusal: none})); a.Err != none {
		b.Errorf("%+v", a)
	}
}

// Who follows a text hears what became of it.
func digestCalls(b *bed) {
	m := b.alert()
	m.Watch = []smsengine.Watch{{Webhook: "crm", Occasions: smsengine.OnCancelled}, {Webhook: "log", Occasions: smsengine.OnSent}}
	b.take(m, b.digest(smsengine.NoneAtAll))
	calls, err := b.store.List(b.ctx(), smsengine.Filter{Kind: smsengine.Call})
	if err != nil || len(calls) != 1 || calls[0].About != m.ID || calls[0].To.Value != "crm" || calls[0].Body.Notice.Status.Text == "" {
		b.Errorf("%+v, %v", calls, err)
	}
}

// However many come at once, so many pass as the limit says, and one digest has the
// rest.
func digestTogether(b *bed) {
	const callers, most = 50, 7
	limits := b.digest(most)
	ms := make([]smsengine.Message, callers)
	for i := range ms {
		ms[i] = b.alert()
	}
	var passed atomic.Int64
	together(callers, func(i int) {
		as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i : i+1], Limits: limits})
		if err != nil || as[0].Err != nil {
			b.Errorf("%+v, %v", as, err)
		} else if as[0].Digest == "" {
			passed.Add(1)
		}
	})
	digests, err := b.store.List(b.ctx(), smsengine.Filter{Kind: smsengine.Deed})
	if passed.Load() != most || err != nil || len(digests) != 1 {
		b.Fatalf("%d passed, %d digests, %v", passed.Load(), len(digests), err)
	}
	if in, err := b.store.List(b.ctx(), smsengine.Filter{About: digests[0].ID}); err != nil || len(in) != callers-most {
		b.Errorf("%d are in the digest, %v", len(in), err)
	}
}
