package smsengine

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Bounced notes that a mailbox refused a mail after the MTA had taken it. See
// [Desk]. A bounce of what is not known, or failed before, changes nothing. One
// that is quicker than our own record of the mail, or comes while it is handed
// over once more, is a temporary failure: the MTA comes again with it.
func (e *Engine) Bounced(ctx context.Context, b Bounce) error {
	m, err := e.cfg.Store.Message(ctx, b.Message)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	ev := Event{Message: b.Message, Kind: Bounced, At: e.now(), Status: b.Status, Tell: e.setting.Load().administrator}
	if !sameMailbox(b.To, m.To.Value) {
		ev.Onward = b.To
	}
	rs, err := e.cfg.Store.Record(ctx, []Event{ev})
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

// sameMailbox reports whether two addresses are one mailbox, as far as can be
// told from outside: an extension behind "+" and case do not matter. A report
// that names no mailbox is about ours.
func sameMailbox(reported, ours string) bool {
	plain := func(addr string) string {
		local, domain, _ := strings.Cut(strings.ToLower(addr), "@")
		local, _, _ = strings.Cut(local, "+")
		return local + "@" + domain
	}
	return reported == "" || plain(reported) == plain(ours)
}

// bounce ends a mail that was thought delivered. A text has no mailbox that
// could refuse it: its receipts tell. If somebody passed the mail on, and who
// refused is at the end of that way, it is where it was sent to for all we know:
// the administrator hears of it, and nothing else changes.
func (m *Message) bounce(e Event, now time.Time) ([]Effect, error) {
	if m.Kind == Text || m.State != Delivered {
		return nil, ErrTransition
	}
	if e.Onward != "" {
		return m.undelivered(e, now), nil
	}
	m.State, m.Status = Failed, e.Status
	return nil, nil
}
