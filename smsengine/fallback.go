package smsengine

import (
	"fmt"
	"strings"
	"time"
)

// Fallback is the mailbox that gets the words of a text which does not arrive: it
// failed, its time ran out, or the phone has not confirmed it until then, where the network
// tells. A rule wants that.
type Fallback struct {
	Rule string `json:"rule"`
	Mail string `json:"mail"`
	// After is when the text is given up; 0: as late as any other.
	After time.Duration `json:"after,omitempty"`
}

// fallBack makes the mail, one for a text. The words stand in front: they are what
// matters to whoever is on duty.
func (m *Message) fallBack(now time.Time) []Effect {
	f := m.Body.Fallback
	if f == nil {
		return nil
	}
	subject, why := "Text to "+m.To.Value+" was not delivered", m.Status.Text
	if m.State == Sent {
		subject, why = "Text to "+m.To.Value+" is not confirmed", "it was sent, and the phone has not confirmed it"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", m.Body.Text)
	if !m.From.IsZero() {
		fmt.Fprintf(&b, "From: %s\n", m.From.Value)
	}
	fmt.Fprintf(&b, "To: %s\n\nIt comes as a mail because of the rule %q: %s.\n", m.To.Value, f.Rule, why)
	note := NewNote(Mailbox(f.Mail), "fallback:"+string(m.ID), subject, b.String(), now)
	note.Source, note.About = m.Source, m.ID
	return []Effect{NewMessage{note}}
}
