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
	if m.Kind != Incoming || e.Tell.IsZero() || e.Tell == m.To {
		return nil
	}
	return []Effect{NewMessage{Message{
		Source: m.Source, Key: "undelivered:" + string(m.ID), Kind: Note, About: m.ID, To: e.Tell,
		Body: Body{
			Subject: fmt.Sprintf("Text from %s could not be delivered to %s", m.sender(), m.To.Value),
			Text:    m.obituary(),
		},
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		Route: []string{MailGateway}, State: Ready, Next: now, Parts: []Part{{}},
	}}}
}

// obituary says what the text was and why nobody has it.
func (m *Message) obituary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A text from %s did not reach the mailbox %s.\n", m.sender(), m.To.Value)
	if m.Status.Text != "" {
		fmt.Fprintf(&b, "\nThe reason: %s (%s)\n", m.Status.Text, m.Status.Code)
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
