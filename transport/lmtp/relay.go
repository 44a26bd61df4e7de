package lmtp

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport"
	"github.com/postel-mail/postel/transport/lmtp/smarthost"
)

// relayTime bounds the hand-over of a mail to the smarthost. Clients wait ten
// minutes for the answer to a mail (RFC 5321 §4.5.3.2.6).
const relayTime = 9 * time.Minute

// mayRelay reports whether mail for others than phones is taken: from somebody
// who proved by a password, or by a network of trust, to be of the site.
func (s *session) mayRelay() bool {
	return s.Relay != nil && s.SMTP && (s.login.Method != "" || s.local)
}

// relay asks the smarthost about a recipient that is no phone.
func (s *session) relay(tx *transaction, opts *smtp.RcptOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	s.mu.Lock()
	onward := tx.onward
	s.mu.Unlock()
	if onward == nil {
		mail := tx.opts
		mail.Auth, mail.RequireTLS = nil, false
		var err error
		if onward, err = s.Relay.Begin(ctx, tx.path, &mail); err != nil {
			return s.passOn(err)
		}
		s.mu.Lock()
		tx.onward = onward
		s.mu.Unlock()
	}
	if err := onward.Rcpt(ctx, quotePath(s.conn.path), opts); err != nil {
		return s.passOn(err)
	}
	tx.others++
	return nil
}

// takeOnward gives the hand-over to whoever ends it, nil if there is none.
func (s *session) takeOnward(tx *transaction) *smarthost.Transfer {
	s.mu.Lock()
	defer s.mu.Unlock()
	onward := tx.onward
	tx.onward = nil
	return onward
}

// forward takes a mail that goes to the smarthost, and perhaps to phones too.
// The phones come first: if one fails that is the answer, and nothing is
// relayed. Then the smarthost's answer is ours. A client that repeats the mail
// because of either makes no text twice, for they are known by its Message-ID.
func (s *session) forward(tx *transaction, onward *smarthost.Transfer, r io.Reader) error {
	defer onward.Close()
	mail, err := newSpool(r)
	if err != nil {
		return s.brokeOff(err)
	}
	defer mail.Close()
	header, body, err := s.outgoing(s.received(), tx.secrets, mail.Reader())
	if err != nil {
		return err
	}
	if len(tx.recipients) > 0 {
		answers, err := s.deliver(tx, mail.Reader())
		if err != nil {
			return err
		}
		if w := worst(answers); rank(w) > 0 {
			return reply(w)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), relayTime)
	defer cancel()
	said, err := onward.Send(ctx, io.MultiReader(header, body))
	if err != nil {
		return s.passOn(err)
	}
	s.Log.Info("relayed", "peer", s.peer, "user", tx.source.Identity.User, "recipients", tx.others, "smarthost", s.Relay.String(), "said", phone.Redact(said))
	return reply(smsengine.Status{Code: "2.0.0", Text: said})
}

// passOn makes the smarthost's answer ours: its code, and its words made safe.
func (s *session) passOn(err error) error {
	answer, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok {
		return err
	}
	s.Log.Warn("not relayed", "peer", s.peer, "smarthost", s.Relay.String(), "code", answer.Code, "err", phone.Redact(answer.Message))
	_, _, text := transport.Reply(smsengine.Status{Class: smsengine.Permanent, Text: phone.Redact(answer.Message)})
	return replyWith(answer.Code, answer.EnhancedCode[0], answer.EnhancedCode[1], answer.EnhancedCode[2], text)
}
