package smsengine

import (
	"context"
	"errors"
)

// Bounced notes that a mailbox refused a mail after the MTA had taken it. See
// [Desk]. A bounce of what is not known, or failed before, changes nothing. One
// that is quicker than our own record of the mail, or comes while it is handed
// over once more, is a temporary failure: the MTA comes again with it.
func (e *Engine) Bounced(ctx context.Context, b Bounce) error {
	rs, err := e.cfg.Store.Record(ctx, []Event{{
		Message: b.Message, Kind: Bounced, At: e.now(), Status: b.Status, Tell: e.cfg.Administrator,
	}})
	if err == nil {
		err = rs[0].Err
	}
	log := e.log.With("message", b.Message, "to", b.To, "code", b.Status.Code, "reason", b.Status.Text)
	switch {
	case err == nil:
		log.Warn("a mailbox refused a mail")
		return nil
	case errors.Is(err, ErrTransition):
		return e.bouncedEarly(ctx, b.Message)
	case errors.Is(err, ErrNotFound):
		log.Warn("a bounce of no mail of ours")
		return nil
	}
	return err
}

// bouncedEarly says what to do about a bounce that does not fit.
func (e *Engine) bouncedEarly(ctx context.Context, id MessageID) error {
	m, err := e.cfg.Store.Message(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case m.Kind != Text && !m.State.Final():
		return Fail("bounced", Temporary, "4.3.0", "the mail is still being sent, try again later", nil)
	}
	e.log.Info("a bounce of what is over", "message", id, "state", m.State)
	return nil
}

// bounce ends a mail that was thought delivered. A text has no mailbox that
// could refuse it: its receipts tell.
func (m *Message) bounce(e Event) error {
	if m.Kind == Text || m.State != Delivered {
		return ErrTransition
	}
	m.State, m.Status = Failed, e.Status
	return nil
}
