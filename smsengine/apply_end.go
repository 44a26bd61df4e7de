package smsengine

import (
	"fmt"
	"slices"
	"time"
)

// end brings the message to a state for good. What was reserved is given back
// if no part can have left. A sender who was told that the text was relayed is
// not told again that it was delivered, but is told when it failed after all.
func (m *Message) end(s State, a Action, now time.Time) []Effect {
	told := m.State == Sent && !m.Awaits
	m.free()
	m.State, m.Awaits = s, false
	var effects []Effect
	if back := m.refundable(); m.untouched() && len(back) > 0 {
		effects = append(effects, Refund{back})
	}
	switch {
	case a == ActionFailed:
		effects = append(effects, m.report(a, NotifyFailure, now)...)
	case a == ActionDelivered && !told:
		effects = append(effects, m.report(a, NotifySuccess, now)...)
	}
	return effects
}

// refundable are the charges that a text which never left gets back. Windows of
// digests count what came, sent or not: a hundred alerts for a phone that is gone are
// told of in one text as well.
func (m *Message) refundable() []Charge {
	return slices.DeleteFunc(slices.Clone(m.Charges), func(c Charge) bool { return c.Account == DigestCounter })
}

// free ends what belongs to an attempt.
func (m *Message) free() { m.Lease, m.Cancel = Lease{}, false }

// untouched reports that no part left or may have left, now or in an attempt
// that was repeated.
func (m *Message) untouched() bool {
	return m.Repeats == 0 && !slices.ContainsFunc(m.Parts, func(p Part) bool { return p.State != PartWaiting })
}

// report makes the message that tells the sender, if the sender wants to know
// and there is one. Reports, notes and answers from phones cause no reports: there is
// nobody behind them who asked for anything (RFC 3464 §2, RFC 5321 §4.5.5).
func (m *Message) report(a Action, kind Notify, now time.Time) []Effect {
	if m.Kind != Text || m.From.Scheme != Mailto || !m.Notify.Wants(kind) {
		return nil
	}
	return []Effect{NewMessage{Message{
		Source: m.Source, Key: fmt.Sprintf("report:%s:%s:%s:%d", m.ID, a, m.State, m.Attempt),
		Kind: Report, About: m.ID, To: m.From,
		Body: Body{Notice: &Notice{
			Action: a, State: m.State, Status: m.Status, At: now,
			Gateway: m.Gateway, Sent: m.Left(), Parts: len(m.Parts),
		}},
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		Route: Over(MailGateway), State: Ready, Next: now, Parts: []Part{{}},
	}}}
}
