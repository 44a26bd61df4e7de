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
	m, err := mailbridge.Read(r)
	if err != nil {
		return nil, s.brokeOff(err)
	}
	answers := make([]smsengine.Status, len(tx.recipients))
	if refused := mailbridge.Refuse(m, tx.from); refused != nil {
		s.Log.Info("mail does not become a text", "peer", s.peer, "mail", m.MessageID, "reason", refused.Text)
		for i := range answers {
			answers[i] = refused.Status
			if tx.from == "" { // nobody could hear a refusal; see mailbridge.Refuse
				answers[i] = smsengine.Status{Code: "2.0.0", Text: "OK: " + refused.Text}
			}
		}
		return answers, nil
	}
	src, body := mailbridge.SourceOf(m, tx.source), smsengine.Body{Text: m.Text()}
	for _, g := range s.groups(m, tx) {
		src.Identity = g.identity
		s.submit(src, body, tx, g.places, answers)
	}
	return answers, nil
}

// brokeOff is the answer to a mail that did not come whole.
func (s *session) brokeOff(err error) error {
	if known, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return known
	}
	s.Log.Warn("a mail broke off", "peer", s.peer, "err", err)
	return reply(smsengine.Status{Class: smsengine.Temporary, Code: "4.4.2", Text: "the mail did not come to its end"})
}

// submit hands the recipients in the given places to the Desk and notes its
// answers.
func (s *session) submit(src smsengine.Source, body smsengine.Body, tx *transaction, places []int, answers []smsengine.Status) {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	to := make([]smsengine.Recipient, len(places))
	for i, place := range places {
		to[i] = tx.recipients[place].Recipient
	}
	outcomes := s.Desk.Submit(ctx, smsengine.Submission{Source: src, Body: body, Recipients: to})
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
