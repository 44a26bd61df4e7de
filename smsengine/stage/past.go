package stage

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Past is a stored message that rules are asked about again, with what is kept of
// how it came.
type Past struct {
	Message smsengine.Message
	Source  smsengine.Source
	Headers []rule.Header // of its mail
	// Lost are fields that are not kept at all, such as all of a source that was
	// forgotten. What rules rewrote is found out here.
	Lost rule.Fields
}

// Again is what rules say of a message of the past.
type Again struct {
	Decision rule.Decision
	Unknown  rule.Fields       // fields that are not kept, and that the rules ask about
	Message  smsengine.Message // as it would be now: To, Route, Body.Text and Body.Params
	Err      error             // why it could not be sent now
}

// Asked reports whether rules were asked about a message when it came: they are
// not about what rules do, and not about texts from phones that answer others.
func (p Past) Asked() bool {
	m := &p.Message
	switch r := m.Body.Received; {
	case m.Kind == smsengine.Text:
		return (m.About == "" || m.Gathered()) && (!m.From.IsZero() || m.Original != "")
	case m.Kind != smsengine.Incoming || r == nil || m.About != "":
		return false
	default:
		return !strings.HasPrefix(r.Decided, "by the rule ") && !strings.Contains(r.Decided, "conflict: one of ")
	}
}

// EndedBy says how rules have ended a message: "dropped by the rule …", that it was
// forwarded, or gathered for a digest; "" if they have not.
func (p Past) EndedBy() string {
	text := p.Message.Status.Text
	if p.Message.Gathered() {
		return text
	}
	if p.Message.State == smsengine.Cancelled && (strings.HasPrefix(text, droppedBy) || text == forwardedElsewhere) {
		return text
	}
	return ""
}

// Again asks rules about a message of the past, at the time when it came, under
// the terms of today. It looks at no links and no STOP: they may be others now.
func (c Config) Again(ctx context.Context, set *rule.Set, p Past, facts smsengine.Facts, told bool) (Again, error) {
	f, d, err := c.pastOf(ctx, p, facts)
	if err != nil {
		return Again{}, err
	}
	f.Past = true
	f.Unknown = (f.Unknown | p.Lost) & set.Reads()
	a := Again{Unknown: f.Unknown}
	if told {
		a.Decision = set.Explain(f)
	} else {
		a.Decision = set.Decide(f)
	}
	if a.Decision.Verdict != rule.GoOn || a.Decision.Changes.Elsewhere {
		return a, nil
	}
	if d.Message.Kind == smsengine.Incoming {
		a.Message = c.receivedAgain(d.Message, f, a.Decision.Changes)
		return a, nil
	}
	d.Message.To, d.Message.Body.Text = smsengine.Phone(f.To), f.Text
	c.changeSent(d, a.Decision.Changes)
	if a.Err = c.claims(d, a.Decision.Changes.Claimed); a.Err == nil {
		a.Err = c.route(ctx, d)
	}
	d.Message.Body.Params = d.Params
	a.Message = d.Message
	return a, nil
}

// pastOf is what is known of a message of the past, and a draft of it.
func (c Config) pastOf(ctx context.Context, p Past, facts smsengine.Facts) (rule.Facts, *smsengine.Draft, error) {
	d := &smsengine.Draft{Now: p.Message.Created, Source: &p.Source, Message: p.Message, Facts: facts}
	if p.Message.Kind == smsengine.Incoming {
		return c.receivedPast(d), d, nil
	}
	dir, err := facts.Directory(ctx)
	if err != nil {
		return rule.Facts{}, nil, err
	}
	d.Identity = p.Source.Identity
	d.Terms, _ = account.Merge(c.Accounts.LevelsOf(dir, p.Message.Account, p.Source.Identity.User))
	d.Params = slices.Clone(smsengine.Params(p.Message.Body.Params))
	written, to := c.written(p.Message)
	if id := named(written, "id"); id != "" {
		set(&d.Params, "id", id)
	}
	edited := func(field string) bool { return slices.Contains(p.Message.Body.Edited, field) }
	if own := named(d.Params, "sender_phonealias"); edited("sender") {
		d.Params.Take("sender")
		if own != "" {
			set(&d.Params, "sender", own)
		}
	}
	f, err := c.sent(ctx, d)
	if err != nil {
		return f, nil, err
	}
	d.Facts = nil
	f.Headers = p.Headers
	if edited("text") {
		f.Unknown |= rule.FieldSet(rule.Text, rule.Parts, rule.Alphabet)
	}
	if edited("sender") {
		f.Unknown |= rule.FieldSet(rule.Sender)
	}
	switch {
	case edited("to") && to == "":
		f.Unknown |= rule.FieldSet(rule.To, rule.Address)
	case edited("to"):
		f.To = to
	}
	if written == nil { // nobody knows whether the address named a gateway
		f.Unknown |= rule.FieldSet(rule.Gateway, rule.Address, rule.Routed)
	}
	if len(p.Source.Original) > 0 {
		f.Unknown |= rule.FieldSet(rule.Size)
	}
	return f, d, nil
}

// written are the parameters and the number of the address as it was written; nil
// and "" if what is kept of it is no address, as the name of an alias.
func (c Config) written(m smsengine.Message) (smsengine.Params, string) {
	kind, address, typed := strings.Cut(m.Original, ";")
	if !typed || strings.ContainsAny(kind, "@?") {
		address = m.Original
	}
	r, isPhone, err := c.Parser.Parse(address)
	if err != nil || !isPhone {
		return nil, ""
	}
	params := smsengine.Params{}
	for _, p := range r.Params {
		params = append(params, smsengine.Param{Name: p.Name, Value: p.Value})
	}
	return params, r.Number
}

// receivedPast is what is known of a text from a phone of the past.
func (c Config) receivedPast(d *smsengine.Draft) rule.Facts {
	m := &d.Message
	r := m.Body.Received
	f := rule.Facts{
		ID: string(m.ID), From: m.From.Value, To: cmp.Or(m.Original, c.Numbers[r.Gateway].Value), Text: m.Body.Text,
		Gateway: r.Gateway, Door: "gateway:" + r.Gateway, Size: int64(len(m.Body.Text)), Binary: len(r.Data) > 0,
		Routed: strings.HasPrefix(r.Decided, "direct: to ") || strings.Contains(r.Decided, "; direct: to "), At: d.Now.In(c.zone()), Measure: c.measure(d),
	}
	if slices.Contains(m.Body.Edited, "text") {
		f.Unknown |= rule.FieldSet(rule.Text, rule.Parts, rule.Alphabet, rule.Size)
	}
	if slices.Contains(m.Body.Edited, "from") {
		f.Unknown |= rule.FieldSet(rule.From)
	}
	return f
}

// receivedAgain is who would get a text from a phone now, and what it would say.
func (c Config) receivedAgain(m smsengine.Message, f rule.Facts, ch rule.Changes) smsengine.Message {
	switch {
	case ch.To != "":
		m.To = smsengine.Mailbox(ch.To)
	case !f.Routed:
		m.To = c.DefaultRecipient[f.Gateway]
	case slices.Contains(m.Body.Edited, "to"):
		m.To = smsengine.Address{} // whom it named is not kept
	}
	if ch.Text != nil {
		m.Body.Text = *ch.Text
	}
	return m
}

// edited names the fields that rules have rewritten.
func edited(ch rule.Changes) (fields []string) {
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"from", ch.From != ""}, {"to", ch.To != ""}, {"gateway", len(ch.Gateways) > 0}, {"sender", ch.Sender != ""},
		{"subject", ch.Subject != nil}, {"text", ch.Text != nil},
	} {
		if f.is {
			fields = append(fields, f.name)
		}
	}
	return fields
}
