package smsengine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	t0     = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	warn   = t0.Add(4 * time.Hour)
	expiry = t0.Add(120 * time.Hour)
	lease  = t0.Add(3 * time.Minute)
	retry  = t0.Add(time.Minute)
)

// newText is a text of so many parts as it is accepted.
func newText(parts int) Message {
	m := Message{
		ID: "m1", Source: "s1", Key: "k1", Kind: Text,
		Account: "example.org", Cost: parts, Charges: []Charge{{Counter{"example.org", "2026-11"}, parts}},
		From: Mailbox("john@example.org"), To: Phone("+15555550123"),
		Notify: NotifySuccess | NotifyFailure | NotifyDelay, LinkFor: time.Hour,
		Created: t0, Warn: warn, Expires: expiry,
		Route: Over("a", "b"), State: Ready, Next: t0,
	}
	for i := range parts {
		m.Parts = append(m.Parts, Part{Text: fmt.Sprint("part ", i)})
	}
	return m
}

// newMail is a text from a phone as it is accepted.
func newMail() Message {
	return Message{
		ID: "m2", Source: "s2", Key: "k2", Kind: Incoming,
		From: Phone("+15555550123"), To: Mailbox("john@example.org"), Original: ours.Value,
		Body:   Body{Text: "I am on my way", Received: &ReceivedSMS{Gateway: "a"}},
		Notify: NotifyNever, Created: t0, Expires: expiry,
		Route: Over(MailGateway), State: Ready, Next: t0, Parts: []Part{{}},
	}
}

var (
	ours          = Phone("+15555550100")
	administrator = Mailbox("postmaster@example.org")
)

// Events as the engine makes them, of the first attempt.
func claimed() Event { return Event{Kind: Claimed, Gateway: "a", Node: "host/1", Until: lease} }

func took(part int) Event {
	return Event{Kind: Taken, Attempt: 1, Part: part, Taken: Taking{Reference: fmt.Sprint("r", part), Ours: ours, Receipts: true}}
}

func tookPart(part int) Event {
	e := took(part)
	e.Kind, e.Node, e.Until = PartTaken, "host/1", lease
	return e
}

func of(kind EventKind, class Class) Event {
	e := Event{Kind: kind, Attempt: 1, Status: Status{Class: class}}
	if class != OK {
		e.Status.Text = "because"
	}
	if kind == Deferred {
		e.Until = retry
	}
	return e
}

func heard(part int, final PartState) Event { return Event{Kind: Receipt, Part: part, Final: final} }

func part(i int, e Event) Event { e.Part = i; return e }

func attempt(n int, e Event) Event { e.Attempt = n; return e }

func again(e Event) Event { e.Until = retry; return e } // policy repeats

func plain(e Event) Event { e.Taken = Taking{Ours: ours}; return e } // no reference, no receipts

func whole(e Event) Event { e.Taken.Whole = true; return e }

var (
	lost     = of(Lost, OK)
	inDoubt  = of(InDoubt, Uncertain)
	deferred = of(Deferred, Temporary)
	refused  = of(Refused, Permanent)
	released = of(Released, OK)
	cancel   = of(CancelReq, OK)
	hold     = of(HoldReq, OK)
	resume   = of(ResumeReq, OK)
	repeat   = of(RepeatReq, OK)
	delayed  = of(Delayed, OK)
	timedOut = of(TimedOut, OK)
)

// now is when an event is decided: late enough for those that need it.
func now(k EventKind) time.Time {
	switch k {
	case Delayed:
		return warn
	case TimedOut:
		return expiry
	}
	return t0
}

// summary is effects in words: "link", "refund 2", "report failed".
func summary(es []Effect) string {
	var words []string
	for _, e := range es {
		switch e := e.(type) {
		case MakeLink:
			words = append(words, "link")
		case Refund:
			words = append(words, fmt.Sprint("refund ", e.Charges[0].Amount))
		case NewMessage:
			if e.Message.Kind == Note || e.Message.Kind == Call {
				words = append(words, string(e.Message.Kind))
				continue
			}
			words = append(words, "report "+string(e.Message.Body.Notice.Action))
		}
	}
	return strings.Join(words, ", ")
}

func TestApplyOutcomes(t *testing.T) {
	type events []Event
	for _, c := range []struct {
		name   string
		parts  int
		events events // all but the last succeed
		want   State
		causes string
		err    error
	}{
		{"an attempt begins", 1, events{claimed()}, Sending, "", nil},
		{"an attempt is somebody's", 1, events{{Kind: Claimed, Gateway: "a", Until: lease}}, Ready, "", ErrTransition},
		{"an attempt has an end", 1, events{{Kind: Claimed, Gateway: "a", Node: "n"}}, Ready, "", ErrTransition},
		{"only a gateway of the route", 1, events{{Kind: Claimed, Gateway: "c", Node: "n", Until: lease}}, Ready, "", ErrTransition},
		{"a held message is not claimed", 1, events{hold, claimed()}, Held, "", ErrTransition},
		{"a message is claimed once", 1, events{claimed(), claimed()}, Sending, "", ErrTransition},

		{"taken, a receipt follows", 1, events{claimed(), took(0)}, Sent, "link", nil},
		{"taken, no receipt will come", 1, events{claimed(), plain(took(0))}, Sent, "link, report relayed", nil},
		{"taking it is delivering it", 1, events{claimed(), {Kind: Taken, Attempt: 1, Taken: Taking{Delivered: true}}}, Delivered, "report delivered", nil},
		{"a part of two", 2, events{claimed(), tookPart(0)}, Sending, "", nil},
		{"both parts", 2, events{claimed(), tookPart(0), took(1)}, Sent, "link", nil},
		{"both at once", 2, events{claimed(), whole(took(0))}, Sent, "link", nil},
		{"the last part is not one of more", 1, events{claimed(), tookPart(0)}, Sending, "", ErrTransition},
		{"one part is not all", 2, events{claimed(), took(0)}, Sending, "", ErrTransition},
		{"parts go in order", 2, events{claimed(), took(1)}, Sending, "", ErrTransition},
		{"a part is taken once", 3, events{claimed(), tookPart(0), tookPart(0)}, Sending, "", ErrTransition},
		{"there is no such part", 1, events{claimed(), took(7)}, Sending, "", ErrTransition},
		{"nor one below none", 1, events{claimed(), took(-1)}, Sending, "", ErrTransition},

		{"a temporary failure", 1, events{claimed(), deferred}, Ready, "", nil},
		{"a permanent failure", 2, events{claimed(), refused}, Failed, "refund 2, report failed", nil},
		{"a permanent failure of the second part", 2, events{claimed(), tookPart(0), part(1, refused)}, Failed, "report failed", nil},
		{"given back", 1, events{claimed(), released}, Ready, "", nil},
		{"given back, then a word of that attempt", 1, events{claimed(), released, claimed(), released}, Sending, "", ErrStale},
		{"an attempt that is over", 1, events{claimed(), deferred, claimed(), took(0)}, Sending, "", ErrStale},
		{"an answer without an attempt", 1, events{took(0)}, Ready, "", ErrStale},
		{"an answer twice", 1, events{claimed(), took(0), took(0)}, Sent, "", ErrTransition},

		{"an uncertain outcome", 1, events{claimed(), inDoubt}, Unsure, "report delayed", nil},
		{"a lost lease", 2, events{claimed(), lost}, Unsure, "report delayed", nil},
		{"in doubt, repeated by policy", 1, events{claimed(), again(inDoubt)}, Ready, "", nil},
		{"repeated and refused is not free of charge", 1, events{claimed(), again(inDoubt), claimed(), attempt(2, refused)}, Failed, "report failed", nil},
		{"repeated over the same gateway", 1, events{claimed(), again(lost), {Kind: Claimed, Gateway: "b", Node: "n", Until: lease}}, Ready, "", ErrTransition},
		{"a late answer: taken", 1, events{claimed(), lost, took(0)}, Sent, "link", nil},
		{"a late answer: a part taken", 2, events{claimed(), lost, tookPart(0)}, Sending, "", nil},
		{"a late answer: a part taken, and nobody goes on", 2, events{claimed(), lost, {Kind: PartTaken, Attempt: 1}}, Unsure, "", ErrTransition},
		{"a late answer: deferred", 1, events{claimed(), lost, deferred}, Ready, "", nil},
		{"a late answer: refused", 1, events{claimed(), inDoubt, refused}, Failed, "refund 1, report failed", nil},
		{"a late answer: never tried", 1, events{claimed(), lost, released}, Ready, "", nil},
		{"a late doubt says nothing", 1, events{claimed(), lost, inDoubt}, Unsure, "", ErrTransition},
		{"a receipt resolves the doubt", 1, events{claimed(), inDoubt, heard(0, PartDelivered)}, Delivered, "report delivered", nil},
		{"a receipt of failure, too", 1, events{claimed(), inDoubt, heard(0, PartFailed)}, Failed, "report failed", nil},
		{"the network tries, so it left", 1, events{claimed(), inDoubt, heard(0, "")}, Sent, "", nil},
		{"the doubt is over and there is more to send", 2, events{claimed(), inDoubt, heard(0, PartDelivered)}, Ready, "", nil},
		{"a person repeats it", 1, events{claimed(), inDoubt, repeat}, Ready, "", nil},
		{"a person gives up on it", 1, events{claimed(), inDoubt, cancel}, Cancelled, "", nil},
		{"nobody cared", 1, events{claimed(), inDoubt, timedOut}, Expired, "report failed", nil},

		{"one receipt of two", 2, events{claimed(), tookPart(0), took(1), heard(1, PartDelivered)}, Sent, "", nil},
		{"both receipts", 2, events{claimed(), tookPart(0), took(1), heard(1, PartDelivered), heard(0, PartDelivered)}, Delivered, "report delivered", nil},
		{"the network gave up on a part", 2, events{claimed(), tookPart(0), took(1), heard(0, PartFailed)}, Failed, "report failed", nil},
		{"one receipt for what was taken whole", 2, events{claimed(), whole(took(0)), heard(0, PartDelivered)}, Delivered, "report delivered", nil},
		{"a part failed while the next was in flight", 2, events{claimed(), tookPart(0), heard(0, PartFailed), took(1)}, Failed, "link, report failed", nil},
		{"a part failed while the message waits", 2, events{claimed(), tookPart(0), part(1, deferred), heard(0, PartFailed)}, Failed, "report failed", nil},
		{"a receipt for what never left", 1, events{heard(0, PartDelivered)}, Ready, "", ErrTransition},
		{"a receipt for no part", 1, events{claimed(), took(0), heard(1, PartDelivered)}, Sent, "", ErrTransition},
		{"a receipt that is none", 1, events{claimed(), took(0), heard(0, PartUnsure)}, Sent, "", ErrTransition},
		{"delivered after all, but told as relayed", 1, events{claimed(), plain(took(0)), heard(0, PartDelivered)}, Delivered, "", nil},
		{"failed after all, though told as relayed", 1, events{claimed(), plain(took(0)), heard(0, PartFailed)}, Failed, "report failed", nil},
		{"no receipt in time", 1, events{claimed(), took(0), timedOut}, Sent, "report relayed", nil},
		{"told once", 1, events{claimed(), took(0), timedOut, timedOut}, Sent, "", ErrTransition},

		{"a delay", 1, events{delayed}, Ready, "report delayed", nil},
		{"a delay while held", 1, events{hold, delayed}, Held, "report delayed", nil},
		{"one warning", 1, events{delayed, delayed}, Ready, "", ErrTransition},
		{"too late", 2, events{timedOut}, Expired, "refund 2, report failed", nil},
		{"too late with a part gone", 2, events{claimed(), tookPart(0), part(1, deferred), timedOut}, Expired, "report failed", nil},
		{"not while it is being sent", 1, events{claimed(), timedOut}, Sending, "", ErrTransition},

		{"stopped", 2, events{cancel}, Cancelled, "refund 2", nil},
		{"stopped while held", 1, events{hold, cancel}, Cancelled, "refund 1", nil},
		{"stopped in flight: it waits", 1, events{claimed(), cancel}, Sending, "", nil},
		{"stopped in flight and deferred", 1, events{claimed(), cancel, deferred}, Cancelled, "refund 1", nil},
		{"stopped in flight and in doubt", 1, events{claimed(), cancel, again(inDoubt)}, Cancelled, "", nil},
		{"stopped too late", 1, events{claimed(), cancel, took(0)}, Sent, "link", nil},
		{"stopped after it was sent", 1, events{claimed(), took(0), cancel}, Sent, "", ErrTransition},
		{"held", 1, events{hold}, Held, "", nil},
		{"resumed", 1, events{hold, resume}, Ready, "", nil},
		{"what is not held is not resumed", 1, events{resume}, Ready, "", ErrTransition},
		{"what is sure is not repeated", 1, events{claimed(), took(0), repeat}, Sent, "", ErrTransition},
		{"a word nobody knows", 1, events{{Kind: "eaten"}}, Ready, "", ErrTransition},
		{"accepted is how it begins, not what happens to it", 1, events{{Kind: Accepted}}, Ready, "", ErrTransition},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newText(c.parts)
			var effects []Effect
			var err error
			for i, e := range c.events {
				if m, effects, err = m.Apply(e, now(e.Kind)); err != nil && i < len(c.events)-1 {
					t.Fatalf("event %d: %v", i, err)
				}
			}
			if !errors.Is(err, c.err) || m.State != c.want || summary(effects) != c.causes {
				t.Errorf("got %s, %q, %v\nwant %s, %q, %v", m.State, summary(effects), err, c.want, c.causes, c.err)
			}
		})
	}
}

// What a report says is what stood when it was decided.
func TestApplyReport(t *testing.T) {
	m := mustApply(t, newText(2), claimed(), tookPart(0))
	_, effects, err := m.Apply(part(1, refused), t0.Add(time.Second))
	if err != nil || len(effects) != 1 {
		t.Fatalf("got %v, %v", effects, err)
	}
	r := effects[0].(NewMessage).Message
	want := Notice{
		Action: ActionFailed, State: Failed, Status: refused.Status,
		At: t0.Add(time.Second), Tried: t0.Add(time.Second), Gateway: "a", Sent: 1, Parts: 2,
	}
	if *r.Body.Notice != want {
		t.Errorf("notice %+v\nwant   %+v", *r.Body.Notice, want)
	}
	if r.Kind != Report || r.About != m.ID || r.To != m.From || !r.From.IsZero() || r.Notify != NotifyNever ||
		r.State != Ready || len(r.Parts) != 1 || r.Account != "" || r.Cost != 0 || r.Source != m.Source ||
		len(r.Route) != 1 || r.Route.String() != MailGateway || !r.Expires.After(r.Created) {
		t.Errorf("report %+v", r)
	}
}

func TestApplyLink(t *testing.T) {
	m := mustApply(t, newText(1), claimed())
	_, effects, _ := m.Apply(took(0), t0)
	want := MakeLink{Link{Ours: ours, Theirs: m.To, Sender: m.From, Message: m.ID, Expires: t0.Add(time.Hour)}}
	if len(effects) != 1 || effects[0] != want {
		t.Errorf("got %+v", effects)
	}
	for name, change := range map[string]func(*Message, *Event){
		"no link wanted":      func(m *Message, _ *Event) { m.LinkFor = 0 },
		"nobody to answer to": func(m *Message, _ *Event) { m.From = Address{} },
		"our number unknown":  func(_ *Message, e *Event) { e.Taken.Ours = Address{} },
	} {
		m, e := m, took(0)
		change(&m, &e)
		if _, effects, _ := m.Apply(e, t0); len(effects) != 0 {
			t.Errorf("%s: got %+v", name, effects)
		}
	}
}

func mustApply(t *testing.T, m Message, es ...Event) Message {
	t.Helper()
	for _, e := range es {
		next, _, err := m.Apply(e, now(e.Kind))
		if err != nil {
			t.Fatal(err)
		}
		m = next
	}
	return m
}
