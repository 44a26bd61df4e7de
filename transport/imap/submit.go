package imap

import (
	"context"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// submit hands the texts to the Desk and sums up what came of them. refusal is
// why none of them is to be sent, nil for no reason.
func (v *visit) submit(l letter, got *mailbridge.Received, phones []smsengine.Recipient, refusal *smsengine.Error) end {
	defer got.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.under), submitTime)
	defer cancel()
	if refusal != nil {
		return v.sum(l, got.Refuse(ctx, v.Desk, v.envelope(l), phones, refusal), phones)
	}
	return v.sum(l, got.Submit(ctx, v.Desk, v.envelope(l), phones), phones)
}

// envelope is what a mail server would tell of the mail.
func (v *visit) envelope(l letter) smsengine.Source {
	e := smsengine.Source{Door: v.door(), Received: l.arrived, Identity: smsengine.Identity{Secure: true}}
	if l.nullSender() {
		return e
	}
	e.Sender = smsengine.Mailbox(phone.Redact(l.From))
	if author, ok := proved(l.Header, v.AuthServer); ok {
		e.Sender = smsengine.Mailbox(author)
		e.Identity.Method, e.Identity.User = smsengine.MethodDMARC, author
	}
	return e
}

// sum says what becomes of the mail: it waits while one of its texts may still be
// taken, and else it is refused if one of them was.
func (v *visit) sum(l letter, outcomes []smsengine.Outcome, phones []smsengine.Recipient) end {
	what := done
	for i, o := range outcomes {
		if o.Err == nil {
			continue
		}
		v.Log.Info("not accepted", "mail", l.MessageID, "to", phone.Redact(phones[i].Address), "code", o.Err.Code, "err", o.Err)
		if o.Err.Class == smsengine.Permanent {
			if what == done {
				what = refused
			}
			continue
		}
		what = later
	}
	return what
}
