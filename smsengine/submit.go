package smsengine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
)

var _ Desk = (*Engine)(nil)

// Check runs the outgoing list without a text. See [Desk].
func (e *Engine) Check(ctx context.Context, src *Source, r Recipient, pending int) (Verdict, error) {
	d := e.draft(src, Body{}, r)
	d.Preview, d.Pending = true, pending
	if _, err := Decide(ctx, e.setting.Load().outgoing, d); err != nil {
		return Verdict{}, e.refusal(err)
	}
	return Verdict{Cost: d.Message.Cost, Identity: d.Identity}, nil
}

// Explain runs the outgoing list as Submit would, and stores nothing.
func (e *Engine) Explain(ctx context.Context, src Source, body Body, mail *Mail, r Recipient) (*Draft, []Step, error) {
	d := e.draft(&src, body, r)
	d.Mail = mail
	steps, err := Decide(ctx, e.setting.Load().outgoing, d)
	return d, steps, err
}

// Submit runs the outgoing list for each recipient and stores the messages in
// one transaction. See [Desk].
func (e *Engine) Submit(ctx context.Context, s Submission) []Outcome {
	now, set := e.now(), e.setting.Load()
	s.Source.ID = NewSourceID(now)
	if s.Source.Received.IsZero() {
		s.Source.Received = now
	}
	out := make([]Outcome, len(s.Recipients))
	in := Intake{Limits: make(Limits)}
	place := make([]int, 0, len(out)) // of each message in out
	drafts := make([]*Draft, 0, len(out))
	pending := 0
	var refused refusals
	for i, r := range s.Recipients {
		d := e.draft(&s.Source, s.Body, r)
		d.Pending, d.Mail = pending, s.Mail
		if s.SendAt.After(now) {
			d.Message.Next = s.SendAt
		}
		_, err := Decide(ctx, set.outgoing, d)
		if s.Refusal != nil && d.Dropped == "" && StatusOf(err).Class != Permanent {
			err = s.Refusal
		}
		switch {
		case err != nil && e.took(ctx, d, &out[i]):
		case err != nil:
			out[i].Err = e.refusal(err)
			refused.add(d, out[i].Err.Status, i)
		case d.Dropped != "":
			out[i].Dropped = d.Dropped
		default:
			d.Message.Key = key(&s.Source, d.Message)
			pending += d.Message.Cost
			in.add(d)
			place, drafts = append(place, i), append(drafts, d)
			out[i].Links = d.Links
		}
	}
	if s.Tell {
		defer e.tell(ctx, s.Source, &refused, out)
	}
	if len(in.Messages) == 0 {
		return out
	}
	in.Source = s.Source
	accepted, err := e.accept(ctx, set, in)
	for n, i := range place {
		switch {
		case err != nil:
			out[i].Err = e.refusal(err)
		case accepted[n].Err != nil:
			out[i].Err = accepted[n].Err
			refused.add(drafts[n], out[i].Err.Status, i)
		case accepted[n].Dropped != "":
			out[i].Dropped = accepted[n].Dropped
		default:
			out[i].ID, out[i].Duplicate = accepted[n].ID, accepted[n].Duplicate
		}
		e.logIntake(&s.Source, in.Messages[n], out[i])
	}
	return out
}

// took reports whether a text that would be refused now was taken when the same
// mail came before: its own cost may have been the last that was left. The answer
// to the first may have been lost, and a refusal would say that nothing was sent.
func (e *Engine) took(ctx context.Context, d *Draft, o *Outcome) bool {
	if d.Identity.Method == "" { // nobody whom it would be told to
		return false
	}
	id, err := e.cfg.Store.Known(ctx, key(d.Source, d.Message))
	if err != nil {
		return false
	}
	o.ID, o.Duplicate = id, true
	e.logIntake(d.Source, d.Message, *o)
	return true
}

// add puts a message in that was said yes to, with what its stages want to be
// stored beside it.
func (in *Intake) add(d *Draft) {
	in.Messages = append(in.Messages, d.Message)
	in.Notices = append(append(in.Notices, d.Notices...), d.deeds()...)
	in.Effects = append(in.Effects, d.Effects...)
	maps.Copy(in.Limits, d.Limits)
	if k := d.Identity.Key; d.Identity.Method == MethodKey && !slices.Contains(in.KeysUsed, k) {
		in.KeysUsed = append(in.KeysUsed, k)
	}
}

// accept stores the messages and begins an attempt at those for which there is a
// free place. Nobody is overtaken: while messages wait for places, new ones join
// them.
func (e *Engine) accept(ctx context.Context, s *setting, in Intake) ([]AcceptedMessage, error) {
	in.Claim = e.claimFor(s)
	if e.running.Load() && !e.backlog.Load() {
		for _, m := range in.Messages {
			if !m.Next.After(in.Claim.Now) {
				e.reserve(s, m, in.Claim)
			}
		}
	}
	accepted, err := e.cfg.Store.Accept(ctx, in)
	for _, a := range accepted {
		if a.Delivery != nil {
			in.Claim.Room[a.Delivery.Message.Gateway]--
			e.begin(s.lanes[a.Delivery.Message.Gateway], *a.Delivery)
		}
	}
	for g, unused := range in.Claim.Room {
		s.lanes[g].give(unused)
	}
	if e.backlog.Load() {
		signal(e.freed)
	}
	return accepted, err
}

func (e *Engine) draft(src *Source, body Body, r Recipient) *Draft {
	now := e.now()
	m := Message{
		ID: NewMessageID(now), Source: src.ID, Kind: Text, From: src.Sender,
		Body: body, Notify: r.Notify, Created: now, State: Ready, Next: now,
	}
	return &Draft{Now: now, Source: src, Facts: e.cfg.Store, Recipient: r, Message: m}
}

// refusal makes an *Error of whatever a stage or the Store said, and logs what
// a stranger must not read.
func (e *Engine) refusal(err error) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	e.log.Error("cannot decide", "err", err)
	return Fail("engine", Temporary, "4.3.0", "the phone service cannot store messages now, try again later", err)
}

func (e *Engine) logIntake(src *Source, m Message, o Outcome) {
	args := []any{"message", o.ID, "door", src.Door, "from", m.From, "to", m.To, "account", m.Account}
	switch {
	case o.Err != nil:
		e.log.Warn("not accepted", append(args, "code", o.Err.Code, "err", o.Err)...)
	case o.Dropped != "":
		e.log.Warn("dropped", append(args, "why", o.Dropped)...)
	case o.Duplicate:
		e.log.Info("known already", append(args, "mail", src.MessageID)...)
	default:
		e.log.Info("accepted", append(args, "cost", m.Cost, "mail", src.MessageID)...)
	}
}

// key is what two hand-overs of the same text share: sender, number and the
// mail's Message-ID, or its date and text if it has none (S6). What nobody hands
// over twice has a key that begins with the time, as IDs do: the Store's index of
// keys then grows at its end, and a page of it has those of many texts.
func key(src *Source, m Message) string {
	id := src.MessageID
	switch {
	case id != "":
		id = "id\x00" + id
	case src.Digest != "":
		id = "digest\x00" + src.Digest
	default:
		return string(src.ID) + m.To.Value
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{m.From.String(), m.To.String(), id}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
