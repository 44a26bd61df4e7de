package lmtp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// deliver reads a mail and submits it. The answers stand in the order of the
// recipients; an error is the answer to all of them.
func (s *session) deliver(tx *transaction, r io.Reader) ([]smsengine.Status, error) {
	m, err := mailbridge.Read(r)
	if err != nil {
		if known, ok := errors.AsType[*smtp.SMTPError](err); ok {
			return nil, known
		}
		s.Log.Warn("a mail broke off", "peer", s.peer, "err", err)
		return nil, reply(smsengine.Status{Class: smsengine.Temporary, Code: "4.4.2", Text: "the mail did not come to its end"})
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
	src := sourceOf(m, tx.source)
	body := smsengine.Body{Text: m.Text()}
	certified, others, identity := s.certified(m, tx)
	if len(certified) > 0 {
		own := src
		own.Identity = identity
		s.submit(own, body, tx, certified, answers)
	}
	if len(others) > 0 {
		s.submit(src, body, tx, others, answers)
	}
	return answers, nil
}

// sourceOf joins what the envelope and what the mail tell of the source.
func sourceOf(m mailbridge.Mail, envelope smsengine.Source) smsengine.Source {
	src := m.Source()
	src.Door, src.Received, src.Identity = envelope.Door, envelope.Received, envelope.Identity
	src.Sender, src.EnvID, src.Return = envelope.Sender, envelope.EnvID, envelope.Return
	if src.MessageID == "" && src.Digest == "" {
		src.Digest = digest(m)
	}
	return src
}

// digest stands for the Message-ID of a mail that has none. A mail without a
// date either is known by the trace line of the MTA that queued it.
func digest(m mailbridge.Mail) string {
	when := m.Date.UTC().Format(time.RFC3339)
	if m.Date.IsZero() {
		when = m.Header.Get("Received")
	}
	sum := sha256.Sum256([]byte(when + "\x00" + m.Subject + "\x00" + m.Body))
	return hex.EncodeToString(sum[:16])
}

// certified opens the mail's ticket, and tells which recipients it is for, by
// their places. The others are left to what else is known of the peer.
func (s *session) certified(m mailbridge.Mail, tx *transaction) (certified, others []int, id smsengine.Identity) {
	ticket, err := s.open(m)
	if err != nil && !s.local {
		s.Log.Info("mail without a valid ticket", "peer", s.peer, "mail", m.MessageID, "err", err)
	}
	for i, r := range tx.recipients {
		lacks := err
		if lacks == nil {
			if lacks = ticket.Covers(tx.from, m.MessageID, r.number); lacks != nil {
				s.Log.Warn("ticket is not for this recipient", "peer", s.peer, "mail", m.MessageID, "err", phone.Redact(lacks.Error()))
			}
		}
		if lacks == nil {
			certified = append(certified, i)
		} else {
			others = append(others, i)
		}
	}
	return certified, others, smsengine.Identity{Method: ticket.Method, User: ticket.User, Peer: s.peer}
}

// maxTickets bounds how many tickets of a mail are tried. The milter leaves one.
const maxTickets = 4

// open opens the first ticket of the mail that can be opened.
func (s *session) open(m mailbridge.Mail) (mailbridge.Ticket, error) {
	err := mailbridge.ErrNoTicket
	if s.Tickets == nil {
		return mailbridge.Ticket{}, err
	}
	for i, v := range m.Header.Values(mailbridge.TicketHeader) {
		if i == maxTickets {
			break
		}
		var t mailbridge.Ticket
		if t, err = s.Tickets.Open(v, s.Now()); err == nil {
			return t, nil
		}
	}
	return mailbridge.Ticket{}, err
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
