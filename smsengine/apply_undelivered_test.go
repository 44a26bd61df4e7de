package smsengine

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	handedOver = Event{Kind: Taken, Attempt: 1, Taken: Taking{Whole: true, Delivered: true}}
	cameBack   = Event{Kind: Bounced, Tell: administrator, Status: Status{Class: Permanent, Code: "5.1.1", Text: "no such mailbox"}}
)

func claimedMail() Event { return Event{Kind: Claimed, Gateway: MailGateway, Node: "n", Until: lease} }

// However a text from a phone comes to nothing, the administrator hears of it,
// once, with its words.
func TestApplyTellsOfUndeliveredTexts(t *testing.T) {
	no := refused
	no.Tell, no.Status = administrator, cameBack.Status
	late := timedOut
	late.Tell = administrator
	for name, events := range map[string][]Event{
		"the mail came back":  {claimedMail(), handedOver, cameBack},
		"it was refused":      {claimedMail(), no},
		"its time ran out":    {late},
		"it was in doubt":     {claimedMail(), inDoubt, late},
		"it was given up for": {claimedMail(), deferred, late},
	} {
		last := len(events) - 1
		m := mustApply(t, newMail(), events[:last]...)
		m, effects, err := m.Apply(events[last], now(events[last].Kind))
		if err != nil || summary(effects) != "note" || m.State != Failed && m.State != Expired {
			t.Errorf("%s: %s, %q, %v", name, m.State, summary(effects), err)
			continue
		}
		n := effects[0].(NewMessage).Message
		if n.Kind != Note || n.To != administrator || !n.From.IsZero() || n.About != m.ID || n.Notify != NotifyNever ||
			n.Route.String() != MailGateway || !n.Expires.After(n.Created) || n.Key == m.Key {
			t.Errorf("%s: %+v", name, n)
		}
		for _, want := range []string{"+15555550123", "john@example.org", "I am on my way", "postel trace m2", m.Status.Text} {
			if !strings.Contains(n.Body.Subject+n.Body.Text, want) {
				t.Errorf("%s: the note does not say %q:\n%s\n%s", name, want, n.Body.Subject, n.Body.Text)
			}
		}
		if again, effects, err := m.Apply(cameBack, expiry); !errors.Is(err, ErrTransition) || len(effects) > 0 || again.State != m.State {
			t.Errorf("%s: it came back after: %q, %v", name, summary(effects), err)
		}
	}
}

// Nothing that Postel says of its own can set off more of it: else two mailboxes
// that refuse would keep it busy for ever.
func TestApplyTellsOfNothingElse(t *testing.T) {
	for name, change := range map[string]func(*Message, *Event){
		"a report":                        func(m *Message, _ *Event) { m.Kind = Report },
		"a note":                          func(m *Message, _ *Event) { m.Kind = Note },
		"a text to the administrator":     func(m *Message, e *Event) { m.To = e.Tell },
		"there is no administrator":       func(_ *Message, e *Event) { e.Tell = Address{} },
		"a report that reports are about": func(m *Message, _ *Event) { m.Kind, m.From = Report, Mailbox("john@example.org") },
	} {
		m, e := newMail(), cameBack
		change(&m, &e)
		m.Notify = NotifySuccess | NotifyFailure | NotifyDelay
		m = mustApply(t, m, claimedMail(), handedOver)
		if m, effects, err := m.Apply(e, t0); err != nil || len(effects) > 0 || m.State != Failed || m.Status != e.Status {
			t.Errorf("%s: %s, %q, %v", name, m.State, summary(effects), err)
		}
	}
}

// What has not left for good cannot come back: the engine asks the MTA to wait.
func TestApplyBouncedTooEarly(t *testing.T) {
	for name, events := range map[string][]Event{
		"waiting": nil, "under way": {claimedMail()}, "to be repeated": {claimedMail(), again(inDoubt)}, "held": {hold},
	} {
		m := mustApply(t, newMail(), events...)
		if _, effects, err := m.Apply(cameBack, t0.Add(time.Second)); !errors.Is(err, ErrTransition) || len(effects) > 0 {
			t.Errorf("%s: %q, %v", name, summary(effects), err)
		}
	}
}
