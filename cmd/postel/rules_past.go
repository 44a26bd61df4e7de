package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// replayed is a stored message, what rules said of it, and what they would say
// now, as rules replay --json writes it. Fields are added, never renamed or removed.
type replayed struct {
	ID        smsengine.MessageID `json:"id"`
	Direction rule.Direction      `json:"direction"`
	At        time.Time           `json:"at"`
	From      string              `json:"from"`
	To        string              `json:"to"`
	State     smsengine.State     `json:"state"`
	Outcome   string              `json:"outcome"` // "same", "differs" or "not known"
	Then      []string            `json:"then_rules"`
	Now       []string            `json:"now_rules"`
	Differs   []difference        `json:"differences,omitempty"`
	Effects   []string            `json:"new_effects,omitempty"` // of rules that hold now and did not then
	Perhaps   []string            `json:"not_known_rules,omitempty"`
	Missing   []string            `json:"missing,omitempty"` // fields that these rules ask about and that are not kept
}

// difference is one thing that would be otherwise.
type difference struct {
	What string `json:"what"` // "end", "to", "text", "sender", "gateway" or "rules"
	Then string `json:"then"`
	Now  string `json:"now"`
}

// replay asks rules again about one message; asked is false if none are about it.
func (r *rehearsal) replay(ctx context.Context, m smsengine.Message, told bool) (one replayed, said rule.Decision, asked bool, err error) {
	set := r.rules.out
	if m.Kind == smsengine.Incoming {
		set = r.rules.in
	}
	p := stage.Past{Message: m}
	if !p.Asked() {
		return one, said, false, nil
	}
	one = replayed{
		ID: m.ID, Direction: rule.Outgoing, At: m.Created.In(r.zone), From: m.From.Value, To: m.To.Value, State: m.State,
		Then: slices.Clone(m.Body.Rules), Outcome: "same",
	}
	if m.Kind == smsengine.Incoming {
		one.Direction = rule.Incoming
	}
	if set == nil { // there are no rules now
		set = r.empty(one.Direction)
	}
	if err := r.recall(ctx, &p, set); err != nil {
		return one, said, false, err
	}
	again, err := r.stages.Again(ctx, set, p, r.facts, told)
	if err != nil {
		return one, said, false, err
	}
	one.compare(p, again)
	return one, again.Decision, true, nil
}

// empty is a set without rules.
func (r *rehearsal) empty(d rule.Direction) *rule.Set {
	set, _ := rule.Parse(nil, string(d), nil, d, rule.Site{}) // nothing can be wrong with nothing
	return set
}

// recall adds what is kept of the message's source.
func (r *rehearsal) recall(ctx context.Context, p *stage.Past, set *rule.Set) error {
	if p.Message.Kind == smsengine.Incoming {
		return nil // its source tells nothing that rules ask about
	}
	if r.source.ID != p.Message.Source || p.Message.Source == "" {
		src, err := r.facts.Source(ctx, p.Message.Source)
		if errors.Is(err, smsengine.ErrNotFound) {
			p.Lost = rule.FieldSet(rule.Subject, rule.HeaderOf, rule.Door, rule.User, rule.Reply, rule.Size)
			return nil
		}
		if err != nil {
			return err
		}
		r.source, r.headers = src, nil
	}
	p.Source = r.source
	if names := set.Headers(); !set.Reads().Has(rule.HeaderOf) || len(p.Source.Original) == 0 {
		return nil
	} else if slices.ContainsFunc(names, func(name string) bool { return !mailbridge.KeepsHeader(name) }) {
		p.Lost |= rule.FieldSet(rule.HeaderOf)
		return nil
	}
	if r.headers == nil {
		m, err := mailbridge.Read(bytes.NewReader(r.source.Original))
		if err != nil {
			p.Lost |= rule.FieldSet(rule.HeaderOf)
			return nil
		}
		for _, h := range mailbridge.WordsOf(m, "", r.letters.Phones).Headers {
			r.headers = append(r.headers, rule.Header(h))
		}
	}
	p.Headers = r.headers
	return nil
}

// compare notes what would be otherwise.
func (one *replayed) compare(p stage.Past, a stage.Again) {
	for _, s := range a.Decision.Trace {
		switch {
		case s.Off:
		case s.Result == rule.Yes:
			one.Now = append(one.Now, s.Rule)
		case s.Result == rule.Unknown || s.Result == rule.Failed:
			one.Perhaps = append(one.Perhaps, s.Rule)
		}
	}
	then, now := cmp.Or(p.EndedBy(), "it went on"), endOf(a)
	if p.Message.Gathered() && a.Decision.Changes.Digest != nil && now == "it went on" {
		now = then // how many came meanwhile is not asked again
	}
	one.differ("end", then, now)
	if now == "it went on" && then == now {
		one.compareMessages(p, a)
	}
	if !slices.Equal(one.Then, one.Now) {
		one.differ("rules", commas(one.Then), commas(one.Now))
	}
	for _, e := range a.Decision.Effects {
		if !slices.Contains(one.Then, e.By()) {
			one.Effects = append(one.Effects, e.By()+": "+showEffect(e, smsengine.Message{}).What)
		}
	}
	if len(one.Perhaps) > 0 { // and so is all that they may change
		one.Outcome, one.Missing = "not known", a.Unknown.Names()
		one.Differs, one.Effects = nil, nil
	}
}

// compareMessages compares what a message was and would be.
func (one *replayed) compareMessages(p stage.Past, a stage.Again) {
	was, is := p.Message, a.Message
	if a.Err != nil {
		one.differ("end", "it went on", "no gateway can take it: "+outcome(smsengine.StatusOf(a.Err)))
		return
	}
	if !is.To.IsZero() {
		one.differ("to", was.To.Value, is.To.Value)
	}
	changed := func(field string) bool { return slices.Contains(was.Body.Edited, field) }
	if was.Body.Text != is.Body.Text {
		one.differ("text", "as it was sent", "rewritten")
	} else if changed("text") && a.Decision.Changes.Text == nil {
		one.differ("text", "rewritten", "as it came")
	}
	if was.Kind == smsengine.Incoming {
		return
	}
	one.differ("sender", param(was, "sender"), param(is, "sender"))
	if len(a.Decision.Changes.Gateways) > 0 || changed("gateway") {
		then, now := was.Route.Gateways(), is.Route.Gateways()
		if !slices.Equal(then, now) {
			said := commas(then)
			if was.Gateway != "" && len(then) > 1 {
				said += "; " + was.Gateway + " had it"
			}
			one.differ("gateway", said, commas(now))
		}
	}
}

func param(m smsengine.Message, name string) string {
	for _, p := range m.Body.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (one *replayed) differ(what, then, now string) {
	if then != now {
		one.Differs, one.Outcome = append(one.Differs, difference{what, cmp.Or(then, "none"), cmp.Or(now, "none")}), "differs"
	}
}

func commas(names []string) string { return strings.Join(names, ", ") }

// endOf says how the rules would end a message now.
func endOf(a stage.Again) string {
	switch d := a.Decision; {
	case d.Verdict == rule.Reject:
		return "refused by the rule " + d.Rule + ": " + d.Reason
	case d.Verdict == rule.Drop:
		return "dropped by the rule " + d.Rule
	case d.Verdict == rule.Defer:
		return "kept waiting: the rule " + d.Rule + " cannot be decided"
	case d.Changes.Elsewhere:
		return "forwarded elsewhere by a rule"
	}
	return "it went on"
}
