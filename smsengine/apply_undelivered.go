package smsengine

import (
	"fmt"
	"strings"
	"time"
)

// undelivered tells the administrator, if the event names one, of a text from a
// phone that reaches no mailbox: whoever wrote it will not ask, and whom it was
// for does not know of it. Nothing is told of reports and notes that reach
// nobody, and so a note about a note can never be.
func (m *Message) undelivered(e Event, now time.Time) []Effect {
	if m.Kind == Deed && !e.Tell.IsZero() {
		return []Effect{NewMessage{m.undone(e, now)}}
	}
	if m.Kind != Incoming || e.Tell.IsZero() || e.Tell == m.To {
		return nil
	}
	note := NewNote(e.Tell, strings.TrimSuffix("undelivered:"+string(m.ID)+":"+strings.ToLower(e.Onward), ":"),
		fmt.Sprintf("Text from %s could not be delivered to %s", m.sender(), m.To.Value), m.obituary(e), now)
	note.Source, note.About = m.Source, m.ID
	return []Effect{NewMessage{note}}
}

// undone tells of what a rule wants and does not get: once a day for each rule,
// for the next message may fare alike.
func (m *Message) undone(e Event, now time.Time) Message {
	rule := m.To.Value
	text := fmt.Sprintf("The rule %q wants something done that could not be done: %s.\n\nThe reason: %s (%s)\n", rule, m.Body.Subject, m.Status.Text, m.Status.Code)
	if d := m.Status.Diagnostic; d != "" {
		text += "It said: " + d + "\n"
	}
	text += fmt.Sprintf("\nIf it happens again today, this is not said again. \"postel trace %s\" shows what happened.\n", m.ID)
	note := NewNote(e.Tell, "undone:"+now.Format(time.DateOnly)+":"+rule, fmt.Sprintf("The rule %q does not get what it wants", rule), text, now)
	note.Source, note.About = m.Source, m.ID
	return note
}

// obituary says what the text was and why nobody has it.
func (m *Message) obituary(e Event) string {
	var b strings.Builder
	why := m.Status
	if e.Onward == "" {
		fmt.Fprintf(&b, "A text from %s did not reach the mailbox %s.\n", m.sender(), m.To.Value)
	} else {
		why = e.Status
		fmt.Fprintf(&b, "A text from %s to the mailbox %s was passed on to %s, which refused it.\nIf only a copy was passed on, it may have arrived all the same.\n",
			m.sender(), m.To.Value, e.Onward)
	}
	if reason := why.Text; reason != "" {
		if !strings.Contains(reason, why.Code) {
			reason += " (" + why.Code + ")"
		}
		fmt.Fprintf(&b, "\nThe reason: %s\n", reason)
	}
	switch r := m.Body.Received; {
	case m.Body.Text != "":
		fmt.Fprintf(&b, "\nThe text was:\n\n    %s\n", strings.ReplaceAll(m.Body.Text, "\n", "\n    "))
	case r != nil && len(r.Data) > 0:
		fmt.Fprintf(&b, "\nIt was no text but %d octets of data.\n", len(r.Data))
	}
	fmt.Fprintf(&b, "\nNobody else is told. \"postel trace %s\" shows what happened to it.\n", m.ID)
	return b.String()
}

func (m *Message) sender() string {
	if m.From.Value == "" {
		return "an unknown number"
	}
	return m.From.Value
}
