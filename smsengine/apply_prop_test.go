package smsengine

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyText is a message of any kind, from anybody, who wants any reports.
func anyText(t *rapid.T) Message {
	m := newText(rapid.IntRange(1, 4).Draw(t, "parts"))
	m.Kind = rapid.SampledFrom([]Kind{Text, Text, Text, Incoming, Report, Note}).Draw(t, "kind")
	m.Notify = Notify(rapid.IntRange(0, 15).Draw(t, "notify"))
	m.From = rapid.SampledFrom([]Address{Mailbox("john@example.org"), Mailbox("john@example.org"), {}, Phone("+15555550199")}).Draw(t, "from")
	m.Charges = rapid.SampledFrom([][]Charge{nil, m.Charges, {{Counter{"a", "2026-11"}, 1}, {Counter{SiteCounter, "2026-11-23"}, 1}}}).Draw(t, "charges")
	return m
}

// anyEvent is an event that is more likely than not to fit.
func anyEvent(t *rapid.T, m Message) Event {
	e := Event{
		Kind: rapid.SampledFrom(slices.Concat(eventKinds, likely[m.State], likely[m.State], likely[m.State])).Draw(t, "event"), Gateway: "a",
		Attempt: m.Attempt, Part: m.Unsent(), Tell: administrator,
	}
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		e.Attempt -= rapid.IntRange(1, 2).Draw(t, "by")
	}
	if i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.State == PartUnsure }); i >= 0 {
		e.Part = i
	}
	switch e.Kind {
	case Claimed, PartTaken:
		e.Node, e.Until = "host/1", lease
		e.Taken.Reference = fmt.Sprint("r", e.Part)
	case Taken:
		e.Taken = Taking{
			Ours: ours, Receipts: rapid.Bool().Draw(t, "receipts"), Whole: rapid.Bool().Draw(t, "whole"),
			Delivered: rapid.IntRange(0, 9).Draw(t, "delivered") == 0, Reference: fmt.Sprint("r", e.Part),
		}
	case Refused:
		e.Status = Status{Class: Permanent, Code: "5.1.1", Text: "no such number"}
	case Deferred:
		e.Until = retry
	case InDoubt, Lost:
		if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			e.Until = retry
		}
	case Receipt:
		e.Part = rapid.IntRange(0, len(m.Parts)-1).Draw(t, "part")
		e.Final = rapid.SampledFrom([]PartState{"", PartDelivered, PartDelivered, PartFailed}).Draw(t, "final")
	}
	return e
}

var likely = map[State][]EventKind{
	Ready:   {Claimed, Claimed, Claimed, Claimed},
	Held:    {ResumeReq},
	Sending: {PartTaken, PartTaken, Taken, Taken, Deferred, Refused, InDoubt, Lost, Released},
	Sent:    {Receipt, Receipt, Receipt, TimedOut},
	Unsure:  {RepeatReq, Receipt, Taken, PartTaken, Deferred},
}

// wanted is RFC 3461 §4.1 in other words than the code's.
func wanted(n Notify, a Action) bool {
	switch {
	case n&NotifyNever != 0:
		return false
	case n == 0:
		return a == ActionFailed || a == ActionDelayed
	}
	return n&map[Action]Notify{
		ActionFailed: NotifyFailure, ActionDelayed: NotifyDelay,
		ActionDelivered: NotifySuccess, ActionRelayed: NotifySuccess,
	}[a] != 0
}

// Every NOTIFY, for every reason to report, and for those who hear nothing.
func TestApplyHonoursNotify(t *testing.T) {
	for name, c := range map[string]struct {
		events []Event
		action Action
	}{
		"failed":    {[]Event{claimed(), refused}, ActionFailed},
		"expired":   {[]Event{timedOut}, ActionFailed},
		"delivered": {[]Event{claimed(), took(0), heard(0, PartDelivered)}, ActionDelivered},
		"relayed":   {[]Event{claimed(), plain(took(0))}, ActionRelayed},
		"silence":   {[]Event{claimed(), took(0), timedOut}, ActionRelayed},
		"late":      {[]Event{delayed}, ActionDelayed},
		"unsure":    {[]Event{claimed(), inDoubt}, ActionDelayed},
		"lost":      {[]Event{claimed(), lost}, ActionDelayed},
	} {
		for n := range Notify(16) {
			for _, from := range []Address{Mailbox("john@example.org"), {}, Phone("+15555550199")} {
				for _, kind := range []Kind{Text, Incoming, Report, Note} {
					m := newText(1)
					m.Notify, m.From, m.Kind, m.LinkFor, m.Charges = n, from, kind, 0, nil
					last := len(c.events) - 1
					m = mustApply(t, m, c.events[:last]...)
					_, effects, err := m.Apply(c.events[last], now(c.events[last].Kind))
					want := ""
					if wanted(n, c.action) && kind == Text && from.Scheme == Mailto {
						want = "report " + string(c.action)
					}
					if err != nil || summary(effects) != want {
						t.Errorf("%s, NOTIFY %04b, %s from %q: got %q, %v, want %q", name, n, kind, from, summary(effects), err, want)
					}
				}
			}
		}
	}
}

// history is what an observer of the network and of the ledger knows.
type history struct {
	left     bool // a part left, or was repeated after it perhaps had
	doubt    bool // the attempt under way has no answer
	refunded int
	reports  map[Action]int
	notes    int
	warned   int
}

func (h *history) see(t *rapid.T, m Message, e Event, next Message, effects []Effect) {
	switch {
	case next.Repeats > m.Repeats:
		h.left, h.doubt = true, false
	case e.Kind == Taken || e.Kind == PartTaken || e.Kind == Receipt:
		h.left, h.doubt = true, h.doubt && e.Kind == Receipt
	case e.Kind == InDoubt || e.Kind == Lost:
		h.doubt = true
	case e.Kind == Deferred || e.Kind == Refused || e.Kind == Released:
		h.doubt = false
	}
	refunds := 0
	for _, f := range effects {
		switch f := f.(type) {
		case Refund:
			refunds++
			h.refunded++
			if !slices.Equal(f.Charges, m.Charges) || h.left || h.doubt {
				t.Fatalf("refund %+v, left %t, doubt %t", f, h.left, h.doubt)
			}
		case NewMessage:
			if f.Message.Kind == Note {
				h.notes++
				if m.Kind != Incoming || f.Message.To != e.Tell || next.State != Failed && next.State != Expired {
					t.Fatalf("a note to %q about a message of kind %s in state %s", f.Message.To, m.Kind, next.State)
				}
				continue
			}
			a := f.Message.Body.Notice.Action
			h.reports[a]++
			if e.Kind == Delayed {
				h.warned++
			}
			if m.Kind != Text || m.From.Scheme != Mailto {
				t.Fatalf("a report on a message of kind %s from %q", m.Kind, m.From)
			}
			if !wanted(m.Notify, a) {
				t.Fatalf("NOTIFY %04b got a report %s", m.Notify, a)
			}
		}
	}
	ends := next.State.Final() && !m.State.Final()
	if due := ends && !h.left && !h.doubt && len(m.Charges) > 0; due != (refunds == 1) || refunds > 1 {
		t.Fatalf("%d refunds, left %t, doubt %t", refunds, h.left, h.doubt)
	}
}

func (h *history) judge(t *rapid.T, m Message) {
	if m.Kind == Incoming && (m.State == Failed || m.State == Expired) != (h.notes == 1) || h.notes > 1 {
		t.Fatalf("%s in state %s: %d notes", m.Kind, m.State, h.notes)
	}
	final := h.reports[ActionFailed] + h.reports[ActionDelivered]
	if h.refunded > 1 || final > 1 || h.reports[ActionRelayed] > 1 || h.warned > 1 || h.reports[ActionRelayed] > 0 && h.reports[ActionDelivered] > 0 {
		t.Fatalf("%d refunds, reports %v, %d warnings", h.refunded, h.reports, h.warned)
	}
	told := m.Kind == Text && m.From.Scheme == Mailto
	if (m.State == Failed || m.State == Expired) && told && (h.reports[ActionFailed] == 1) != wanted(m.Notify, ActionFailed) {
		t.Fatalf("%s with NOTIFY %04b: reports %v", m.State, m.Notify, h.reports)
	}
	if m.State == Delivered && told && (h.reports[ActionDelivered]+h.reports[ActionRelayed] == 1) != wanted(m.Notify, ActionDelivered) {
		t.Fatalf("%s with NOTIFY %04b: reports %v", m.State, m.Notify, h.reports)
	}
}

// Whatever happens, in whatever order: what left is paid, once; what did not is
// given back, once; and the sender hears what they asked for, once.
func TestApplyAnyHistory(t *testing.T) {
	been := map[State]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := anyText(t)
		h := history{reports: map[Action]int{}}
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			e := anyEvent(t, m)
			next, effects := step(t, m, e)
			if next == nil {
				continue
			}
			h.see(t, m, e, *next, effects)
			m = *next
			been[m.State]++
		}
		h.judge(t, m)
	})
	for _, s := range States() {
		if been[s] == 0 && !t.Failed() && !testing.Short() { // short runs are too few to meet all
			t.Errorf("no history came to %s: the generator is too timid: %v", s, been)
		}
	}
}

// Receipts may come in any order, twice, and contradict each other.
func TestApplyReceiptsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newText(rapid.IntRange(1, 4).Draw(t, "parts"))
		m, _, _ = m.Apply(claimed(), t0)
		for i := range len(m.Parts) - 1 {
			m, _, _ = m.Apply(tookPart(i), t0)
		}
		m, _, _ = m.Apply(took(len(m.Parts)-1), t0)
		if m.State != Sent {
			t.Fatalf("not sent: %s", m.State)
		}
		var receipts []Event
		failed := map[int]bool{}
		delivered := map[int]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "receipts") {
			i := rapid.IntRange(0, len(m.Parts)-1).Draw(t, "part")
			final := rapid.SampledFrom([]PartState{"", PartDelivered, PartDelivered, PartFailed}).Draw(t, "final")
			switch final {
			case PartFailed:
				failed[i] = true
			case PartDelivered:
				delivered[i] = true
			}
			receipts = append(receipts, heard(i, final))
		}
		fate := func(order []Event) (Message, bool) {
			m, early := m, false
			for _, e := range order {
				next, _, err := m.Apply(e, t0)
				if err != nil {
					t.Fatal(err)
				}
				early = early || next.State == Failed
				m = next
			}
			return m, early
		}
		one, oneFailed := fate(receipts)
		two, twoFailed := fate(rapid.Permutation(receipts).Draw(t, "order"))
		for i := range one.Parts {
			if one.Parts[i].State != two.Parts[i].State {
				t.Fatalf("part %d is %s, or %s in another order", i, one.Parts[i].State, two.Parts[i].State)
			}
		}
		if len(failed) > 0 {
			return // a failure ends it, if it comes before the part was delivered
		}
		if oneFailed || twoFailed || one.State != two.State {
			t.Fatalf("%s, or %s in another order", one.State, two.State)
		}
		all := true
		for i := range m.Parts {
			all = all && delivered[i]
		}
		if all != (one.State == Delivered) {
			t.Fatalf("delivered %v, and the message is %s", delivered, one.State)
		}
	})
}

// Nothing that Apply returns shares memory that a later Apply writes to.
func TestApplyKeepsHistoriesApart(t *testing.T) {
	m := mustApply(t, newText(2), claimed())
	one, _, _ := m.Apply(tookPart(0), t0)
	kept := slices.Clone(one.Parts)
	if _, _, err := one.Apply(part(1, refused), t0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := one.Apply(took(1), t0); err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(one.Parts, kept, samePart) {
		t.Errorf("got %+v\nhad %+v", one.Parts, kept)
	}
}
