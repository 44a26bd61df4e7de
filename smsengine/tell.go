package smsengine

import (
	"cmp"
	"context"
	"errors"
	"strings"
)

// refusals collects the texts that were refused, for a door that cannot say so to
// anybody's face.
type refusals []refusal

type refusal struct {
	draft *Draft
	why   Status
	place int // in the outcomes
}

func (r *refusals) add(d *Draft, why Status, place int) { *r = append(*r, refusal{d, why, place}) }

// tell lets the senders know what was refused for good: each such text is stored
// as failed, with its report. One that was taken when the same mail came before
// is not refused any more. What cannot be stored is refused for now only.
func (e *Engine) tell(ctx context.Context, src Source, refused *refusals, out []Outcome) {
	in := Intake{Source: src}
	var places []int
	for _, r := range *refused {
		if r.why.Class != Permanent {
			continue
		}
		m := r.draft.Message
		id, err := e.cfg.Store.Known(ctx, key(&src, m))
		switch {
		case err == nil:
			out[r.place] = Outcome{ID: id, Duplicate: true}
			continue
		case !errors.Is(err, ErrNotFound):
			out[r.place].Err = e.refusal(err)
			continue
		}
		m, ok := r.failed(&src)
		if !ok {
			continue
		}
		in.Messages = append(in.Messages, m)
		for _, effect := range m.report(ActionFailed, NotifyFailure, r.draft.Now) {
			in.Notices = append(in.Notices, effect.(NewMessage).Message)
		}
		places = append(places, r.place)
	}
	if len(in.Messages) == 0 {
		return
	}
	accepted, err := e.cfg.Store.Accept(ctx, in)
	for n, place := range places {
		if err != nil {
			out[place].Err = e.refusal(err)
			continue
		}
		out[place].ID = accepted[n].ID
		e.logIntake(&src, in.Messages[n], out[place])
	}
}

// failed makes the message for a refused text, if its sender is to be told. Not
// told is who may be forged, and what is no author: an automatic reply that is
// answered begins a loop (RFC 3834 §2).
func (r refusal) failed(src *Source) (Message, bool) {
	d, m := r.draft, r.draft.Message
	switch {
	case d.Mail != nil && (d.Mail.Ours || !d.Mail.Kind.answerable()):
		return m, false
	case d.Identity.Method != "": // the stages have settled who gets reports
	case src.Identity.Method != "":
		m.From = src.Sender
	default:
		return m, false
	}
	if m.To.IsZero() {
		// As it was written, for it could not be read.
		m.To = Phone(strings.TrimPrefix(strings.TrimPrefix(m.Original, "rfc822;"), "utf-8;"))
	}
	if d.Mail != nil {
		m.Body.Language = cmp.Or(m.Body.Language, d.Mail.Language)
	}
	m.Key = "refused:" + key(src, m) // the mail may come again when it is allowed
	m.Source, m.State, m.Status, m.Expires = src.ID, Failed, r.why, d.Now
	m.Charges, m.Route = nil, nil
	if len(m.Parts) == 0 {
		m.Parts = []Part{{}}
	}
	return m, true
}

// answerable reports whether a mail of the kind may be answered with a report.
func (k MailKind) answerable() bool {
	return k != MailAutoReplied && k != MailBounce && k != MailReport
}
