package smsengine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Bounced notes that a mailbox refused a mail after the MTA had taken it. See
// [Desk]. A bounce of what is not known, or was told before, changes nothing.
func (e *Engine) Bounced(ctx context.Context, b Bounce) error {
	rs, err := e.cfg.Store.Record(ctx, []Event{{
		Message: b.Message, Kind: Bounced, At: e.now(), Status: b.Status, Tell: e.cfg.Administrator,
	}})
	if err == nil {
		err = rs[0].Err
	}
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrTransition):
		e.log.Warn("a bounce of no mail of ours", "message", b.Message, "to", b.To, "err", err)
		return nil
	case err != nil:
		return err
	}
	e.log.Warn("a mailbox refused a mail", "message", b.Message, "to", b.To, "code", b.Status.Code, "reason", b.Status.Text)
	return nil
}

// bounce ends a mail that was thought delivered. Of a phone's text somebody must
// hear, for its sender will not ask: the administrator gets it in a note.
func (m *Message) bounce(e Event, now time.Time) ([]Effect, error) {
	if m.Kind == Text || m.State != Delivered {
		return nil, ErrTransition
	}
	m.State, m.Status = Failed, e.Status
	if m.Kind != Incoming || e.Tell.IsZero() || e.Tell == m.To {
		return nil, nil
	}
	return []Effect{NewMessage{Message{
		Source: m.Source, Key: "bounced:" + string(m.ID), Kind: Note, About: m.ID, To: e.Tell,
		Body: Body{
			Subject: "Text could not be delivered to " + m.To.Value,
			Text: fmt.Sprintf("A text from %s did not reach the mailbox %s.\n\nThe reason: %s (%s)\n\nThe text was:\n\n%s\n\nIt is message %s.\n",
				m.From.Value, m.To.Value, e.Status.Text, e.Status.Code, m.Body.Text, m.ID),
		},
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		Route: []string{MailGateway}, State: Ready, Next: now, Parts: []Part{{}},
	}}}, nil
}
