package stage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/sms"
)

// Rules are the administrator's.
type Rules struct {
	// Outgoing and Incoming give the set as it is now; nil: there are no rules.
	Outgoing, Incoming func() *rule.Set
	// Explained gets each decision, told of every rule; nil: nobody asks.
	Explained func(rule.Decision)
}

func (r Rules) decide(set *rule.Set, f rule.Facts) rule.Decision {
	if r.Explained == nil {
		return set.Decide(f)
	}
	d := set.Explain(f)
	r.Explained(d)
	return d
}

// sendRules asks the rules about a text to a phone. What they make of it is checked
// by the stages behind as if the sender had written it; only the gateway and the
// caller ID are the administrator's own word.
func (c Config) sendRules(ctx context.Context, d *smsengine.Draft) error {
	if c.Rules.Outgoing == nil {
		return nil
	}
	set := c.Rules.Outgoing()
	if set == nil {
		return nil
	}
	f, err := c.sent(ctx, d)
	if err != nil {
		return err
	}
	by := c.Rules.decide(set, f)
	c.note(d, by)
	switch by.Verdict {
	case rule.Reject:
		return refuse("rules", "5.7.1", by.Reason)
	case rule.Defer:
		return smsengine.Fail("rules", smsengine.Temporary, "4.3.5", "a rule of this site cannot be carried out now, try again later", errors.New("rule "+by.Rule))
	}
	c.changeSent(d, by.Changes)
	d.Message.Body.Edited = edited(by.Changes)
	if err := c.claims(d, by.Changes.Claimed); err != nil {
		return err
	}
	d.MayMove = by.Maybe.Has(rule.To)
	if err := c.deeds(ctx, d, by.Effects); err != nil {
		return err
	}
	return ends(ctx, d, by)
}

// What is said of messages that rules have ended.
const (
	droppedBy          = "dropped by the rule "
	forwardedElsewhere = "forwarded elsewhere by a rule"
)

// ends ends a message that goes nowhere, and calls the webhooks that hear of it: of
// a text to a phone that it was stopped, for they know of it or will see it; of one
// from a phone that it came, unless it was dropped, for then nobody is told.
func ends(ctx context.Context, d *smsengine.Draft, by rule.Decision) error {
	on := smsengine.OnCancelled
	switch incoming := d.Message.Kind == smsengine.Incoming; {
	case by.Verdict == rule.Drop:
		d.End(smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1", Text: droppedBy + by.Rule})
		if incoming {
			return nil
		}
	case by.Changes.Elsewhere:
		d.End(smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1", Text: forwardedElsewhere})
		if incoming {
			on = smsengine.OnReceived
		}
	default:
		return nil
	}
	return call(ctx, d, on)
}

// sent is what is known of a text to a phone.
func (c Config) sent(ctx context.Context, d *smsengine.Draft) (rule.Facts, error) {
	m := &d.Message
	if id := named(d.Params, "id"); strings.ContainsAny(id, "@?& \t\r\n") { // a rule that rewrites To would read more than a name
		return rule.Facts{}, noGateway()
	}
	f := rule.Facts{
		ID: string(m.ID), From: m.From.Value, To: m.To.Value, Account: m.Account, User: d.Identity.User,
		Sender: named(d.Params, "sender"), PhoneAlias: named(d.Params, "sender_phonealias"), Subject: d.Source.Subject, Text: m.Body.Text, Door: d.Source.Door,
		Gateway: cmp.Or(named(d.Params, "id"), d.Terms.Gateway), Size: int64(len(m.Body.Text)),
		Binary: m.Body.Alphabet == sms.Binary.String(), At: d.Now.In(c.zone()), Measure: c.measure(d),
	}
	_, f.Domain, _ = strings.Cut(m.From.Value, "@")
	if d.Mail != nil {
		f.Subject, f.Size = d.Mail.Subject, d.Mail.Size
		for _, h := range d.Mail.Headers {
			f.Headers = append(f.Headers, rule.Header(h))
		}
	}
	if d.Preview {
		f.Unknown = rule.BeforeText
		return f, nil
	}
	var err error
	f.Reply, err = answersText(ctx, d)
	return f, err
}

// answersText reports whether a mail answers one that Postel made of a text: it
// names its Message-ID, whose left side is ours.
func answersText(ctx context.Context, d *smsengine.Draft) (bool, error) {
	refs := d.Source.References
	if d.Facts == nil || len(refs) == 0 {
		return false, nil
	}
	id, _, _ := strings.Cut(refs[len(refs)-1], "@")
	m, err := d.Facts.Message(ctx, smsengine.MessageID(id))
	if errors.Is(err, smsengine.ErrNotFound) {
		return false, nil
	}
	return m.Kind == smsengine.Incoming, err
}

// named gives a parameter's first value.
func named(ps smsengine.Params, name string) string {
	for _, p := range ps {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// measure counts the parts of what a text may become.
func (c Config) measure(d *smsengine.Draft) func(text string) (int, string) {
	return func(text string) (int, string) {
		if b := d.Message.Body; b.Alphabet == sms.Binary.String() {
			return max(1, (len(b.Data)+139)/140), b.Alphabet
		}
		languages, _ := sms.ParseLanguages(d.Terms.NationalTables) // the stage size reports a mistake
		s, err := sms.SplitText(text, sms.Options{Languages: languages, Transliterate: d.Terms.Transliterate, Ref16: c.WideReferences})
		if err != nil {
			return max(1, len(text)/150), ""
		}
		return len(s.Parts), s.Alphabet.String()
	}
}

// changeSent does what the rules say to a text to a phone.
func (c Config) changeSent(d *smsengine.Draft, by rule.Changes) {
	m := &d.Message
	if by.To != "" {
		m.To = smsengine.Phone(by.To)
	}
	if by.Text != nil {
		m.Body.Text = *by.Text
	}
	for _, p := range by.Params {
		switch p.Name {
		case "user", "pass", "key", "authenticated", "reply", "binary", "template": // what stands before the rules
		case "flash":
			m.Body.Flash = p.Value != "0"
		default:
			set(&d.Params, p.Name, p.Value)
		}
	}
	if by.Sender != "" {
		set(&d.Params, "sender", by.Sender)
	}
	if w := by.Digest; w != nil {
		d.Digest = &smsengine.Digest{Rule: w.Rule, After: w.After, Within: time.Duration(w.Within), Parts: w.Parts}
	}
	if f := by.Fallback; f != nil {
		m.Body.Fallback = &smsengine.Fallback{Rule: f.Rule, Mail: f.Mail, After: time.Duration(f.After)}
	}
	switch names := by.Gateways; {
	case len(names) == 1:
		d.Gateway = names[0].Name
	case len(names) > 1:
		d.Chosen = ranks(names, reference(m.ID), c.Patience)
	}
}

// set gives a parameter one value.
func set(ps *smsengine.Params, name, value string) {
	ps.Take(name)
	*ps = append(*ps, smsengine.Param{Name: name, Value: value})
}

// receivedRules asks the rules about a text from a phone, unless it is decided by
// a link who gets it.
func (c Config) receivedRules(ctx context.Context, d *smsengine.Draft) error {
	if c.Rules.Incoming == nil || d.Message.About != "" || has[smsengine.KeepConflict](d) {
		return nil
	}
	rules := c.Rules.Incoming()
	if rules == nil {
		return nil
	}
	m := &d.Message
	by := c.Rules.decide(rules, rule.Facts{
		ID: string(m.ID), From: m.From.Value, To: cmp.Or(d.Set.To.Value, c.Numbers[d.Set.Gateway].Value), Text: m.Body.Text,
		Gateway: d.Set.Gateway, Door: d.Source.Door, Size: int64(len(m.Body.Text)), Binary: len(m.Body.Received.Data) > 0,
		Routed: !m.To.IsZero(), At: d.Now.In(c.zone()), Measure: c.measure(d),
	})
	c.note(d, by)
	ch := by.Changes
	if ch.To != "" {
		address(m, smsengine.Mailbox(ch.To))
	}
	if ch.From != "" {
		m.From = smsengine.Phone(ch.From)
	}
	if ch.Text != nil {
		m.Body.Text = *ch.Text
	}
	if ch.Subject != nil {
		m.Body.Subject = *ch.Subject
	}
	m.Body.Headers, m.Body.Edited = fields(ch.Headers), edited(ch)
	if err := c.deeds(ctx, d, by.Effects); err != nil {
		return err
	}
	return ends(ctx, d, by)
}

// fields are those of a mail that rules have set.
func fields(hs []rule.Header) []smsengine.Param {
	var all []smsengine.Param
	for _, h := range hs {
		if h.Value != "" {
			all = append(all, smsengine.Param(h))
		}
	}
	return all
}

// note says which rules held, for explain and the trace.
func (c Config) note(d *smsengine.Draft, by rule.Decision) {
	var said []string
	for _, s := range by.Trace {
		var words []string
		switch {
		case s.Off:
			continue
		case s.Result == rule.Yes:
			d.Message.Body.Rules = append(d.Message.Body.Rules, s.Rule)
			words = s.Did
		case s.Result == rule.Unknown:
			words = []string{"not known yet"}
		}
		if words = slices.Concat(words, s.Failed); s.Result == rule.Yes || len(words) > 0 {
			said = append(said, strings.TrimSuffix(s.Rule+": "+strings.Join(words, ", "), ": "))
		}
	}
	d.Note(strings.Join(said, "; "))
}
