package lmtp

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// deliver reads a mail and submits it to the phones among its recipients. The
// answers stand in the order of the recipients; an error is the answer to all of
// them.
func (s *session) deliver(tx *transaction, r io.Reader) ([]smsengine.Status, error) {
	answers := make([]smsengine.Status, len(tx.recipients))
	if tx.from == "" {
		return answers, s.bounced(r, answers)
	}
	m, err := s.Letters.Open(r)
	if err != nil {
		return nil, s.brokeOff(err)
	}
	defer m.Close()
	for _, g := range s.groups(m.Mail, tx) {
		src := tx.source
		src.Identity = g.identity
		s.submit(m, src, tx, g.places, answers)
	}
	return answers, nil
}

// bounced reads a mail from the null sender. It becomes no text, and nobody could
// hear a refusal: what tells of no mail of ours is taken and dropped.
func (s *session) bounced(r io.Reader, answers []smsengine.Status) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	n, err := s.Letters.Bounced(ctx, s.Desk, r)
	if err != nil {
		return s.brokeOff(err)
	}
	done := smsengine.Status{Code: "2.0.0", Text: "OK: noted as a bounce"}
	if n == 0 {
		done.Text = "OK: dropped, a mail from the null sender does not become a text"
		s.Log.Info("a mail from the null sender is dropped", "door", s.door, "peer", s.peer)
	}
	for i := range answers {
		answers[i] = done
	}
	return nil
}

// brokeOff is the answer to a mail that did not come whole.
func (s *session) brokeOff(err error) error {
	if known, ok := errors.AsType[*smsengine.Error](err); ok {
		s.Log.Error("a mail cannot be taken now", "peer", s.peer, "err", err)
		return reply(known.Status)
	}
	if known, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return known
	}
	s.Log.Warn("a mail broke off", "peer", s.peer, "err", err)
	return reply(smsengine.Status{Class: smsengine.Temporary, Code: "4.4.2", Text: "the mail did not come to its end"})
}

// submit hands the recipients in the given places to the Desk and notes its
// answers.
func (s *session) submit(m *mailbridge.Received, src smsengine.Source, tx *transaction, places []int, answers []smsengine.Status) {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	to := make([]smsengine.Recipient, len(places))
	for i, place := range places {
		to[i] = tx.recipients[place].Recipient
	}
	outcomes := m.Submit(ctx, s.Desk, src, to)
	for i, place := range places {
		answers[place] = answer(outcomes[i])
	}
}

// answer says what came of a recipient. No failure means that it is durable.
func answer(o smsengine.Outcome) smsengine.Status {
	switch {
	case o.Err != nil:
		return smsengine.StatusOf(o.Err)
	case o.Dropped != "":
		return smsengine.Status{Code: "2.0.0", Text: "OK: dropped, " + o.Dropped}
	case o.Duplicate:
		return smsengine.Status{Code: "2.0.0", Text: "OK: known already as " + string(o.ID)}
	}
	return smsengine.Status{Code: "2.0.0", Text: "OK: queued as " + string(o.ID)}
}
