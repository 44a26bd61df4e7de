package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/rule"
)

// tried is what came of trying one message for one recipient, as rules test --json
// writes it. Fields are added, never renamed or removed.
type tried struct {
	Note      string         `json:"note,omitempty"`
	Direction rule.Direction `json:"direction"`
	At        time.Time      `json:"at"`
	From      string         `json:"from"`
	To        string         `json:"to"` // as it was given; of a text from a phone our number

	Outcome string       `json:"outcome"`           // "taken", "refused", "deferred", "dropped" or "ended"
	Why     string       `json:"why,omitempty"`     // but for "taken"
	Refused *refusedWith `json:"refusal,omitempty"` // of "refused" and "deferred"
	Goes    string       `json:"goes,omitempty"`    // to whom: a phone, a mailbox, the list of an account

	Stages   []stageStep   `json:"stages"`
	Rules    []rule.Step   `json:"rules"` // empty if they were not asked
	Changes  []changed     `json:"changes,omitempty"`
	Effects  []effectShown `json:"effects,omitempty"`
	Gateways []gatewayRank `json:"gateways,omitempty"` // of a text to a phone
	Parts    []string      `json:"parts,omitempty"`
	Text     string        `json:"text,omitempty"` // of a text from a phone, as its reader gets it
	Told     string        `json:"told,omitempty"` // of a text from a phone: what Postel adds

	Shared bool `json:"shared,omitempty"` // gateways take turns: another text may find them in another order

	asked, none bool // the rules were asked; there are none
}

// refusedWith is what a sender is told.
type refusedWith struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// stageStep is what a stage did.
type stageStep struct {
	Stage string `json:"stage"`
	Note  string `json:"note,omitempty"`
}

// changed is a field that rules have changed.
type changed struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// gatewayRank is a gateway, and whether it may send.
type gatewayRank struct {
	ID     string `json:"id"`
	Rank   int    `json:"rank,omitempty"`   // from 1: those of a rank are alike; 0: it is passed over
	After  string `json:"after,omitempty"`  // how long the ranks before it are waited for if they are busy
	Passed string `json:"passed,omitempty"` // why it is passed over
}

// tried makes the result of what the stages have made of a draft.
func (r *rehearsal) tried(m trial, to string, d *smsengine.Draft, steps []smsengine.Step, err error) tried {
	one := tried{
		Note: m.Note, Direction: rule.Outgoing, At: d.Now, From: m.From, To: phone.Redact(to), asked: r.said != nil,
		Stages: []stageStep{}, Rules: []rule.Step{},
	}
	set := r.rules.out
	if m.Incoming {
		one.Direction, set = rule.Incoming, r.rules.in
	}
	one.none = set == nil
	for _, s := range steps {
		one.Stages = append(one.Stages, stageStep{s.Stage, s.Note})
	}
	if r.said != nil {
		one.Rules = r.said.Trace
		if err == nil {
			one.Changes = changesOf(r.said.Changes)
		}
		one.Shared = slices.ContainsFunc(r.said.Changes.Gateways, func(c rule.Choice) bool { return c.Weight > 0 })
		for i, e := range r.said.Effects {
			if i < len(d.Deeds) {
				one.Effects = append(one.Effects, showEffect(e, d.Deeds[i]))
			}
		}
	}
	one.end(d, err)
	if !d.Ended && d.Dropped == "" && len(d.Message.Route)+len(d.Passed) > 0 {
		one.Gateways = r.ranked(d, steps)
	}
	if one.Outcome == "taken" {
		for _, p := range d.Message.Parts {
			if !m.Incoming {
				one.Parts = append(one.Parts, partText(p))
			}
		}
		if m.Incoming {
			one.Text, one.Told = d.Message.Body.Text, d.Message.Body.Received.Note
		}
	}
	return one
}

// partText is what a part says; of a binary one its octets.
func partText(p smsengine.Part) string {
	if len(p.Data) > 0 {
		return fmt.Sprintf("%x (%s)", p.Data, count(len(p.Data), "octet"))
	}
	return p.Text
}

// end says how it ends.
func (one *tried) end(d *smsengine.Draft, err error) {
	switch status := smsengine.StatusOf(err); {
	case err != nil:
		one.Outcome, one.Refused = "refused", &refusedWith{status.Code, status.Text}
		if status.Class == smsengine.Temporary {
			one.Outcome = "deferred"
		}
		one.Why = outcome(status)
		last := &one.Stages[len(one.Stages)-1]
		last.Note = "refused: " + one.Why
	case d.Dropped != "":
		one.Outcome, one.Why = "dropped", d.Dropped
	case d.Ended:
		one.Outcome, one.Why = "ended", d.Message.Status.Text
	default:
		one.Outcome, one.Goes = "taken", d.Message.To.Value
		if d.Message.To.Scheme == smsengine.InboxOf {
			one.Goes = "the list of the account " + d.Message.To.Value
		}
	}
}

// changesOf lists what rules have changed, in a fixed order.
func changesOf(c rule.Changes) (all []changed) {
	add := func(field, value string) {
		if value != "" {
			all = append(all, changed{field, value})
		}
	}
	whole := func(field string, value *string) {
		if value != nil {
			all = append(all, changed{field, *value})
		}
	}
	add("from", c.From)
	add("to", c.To)
	var gateways []string
	for _, g := range c.Gateways {
		gateways = append(gateways, g.Name)
	}
	add("gateway", strings.Join(gateways, ", "))
	add("sender", c.Sender)
	for _, p := range c.Params {
		add(p.Name, p.Value)
	}
	whole("subject", c.Subject)
	for _, h := range c.Headers {
		all = append(all, changed{"header " + h.Name, h.Value})
	}
	whole("text", c.Text)
	if f := c.Fallback; f != nil {
		add("fallback", f.String())
	}
	add("tag", strings.Join(c.Tags, ", "))
	return all
}

// ranked lists all gateways to phones: first those that may send, in ranks, then
// those that are passed over, with the reason.
func (r *rehearsal) ranked(d *smsengine.Draft, steps []smsengine.Step) (all []gatewayRank) {
	if d.Set != nil {
		return nil
	}
	route, waited := d.Message.Route, time.Duration(0)
	for i, g := range route {
		for _, id := range g.Gateways {
			after := ""
			if i > 0 && waited > 0 {
				after = waited.String()
			}
			all = append(all, gatewayRank{ID: id, Rank: i + 1, After: after})
		}
		waited = g.Patience
	}
	for _, p := range d.Passed {
		all = append(all, gatewayRank{ID: p.Gateway, Passed: p.Why})
	}
	for _, id := range r.stages.Phones {
		if !slices.ContainsFunc(all, func(g gatewayRank) bool { return g.ID == id }) {
			all = append(all, gatewayRank{ID: id, Passed: boundBy(d, steps)})
		}
	}
	return all
}

// boundBy says why a gateway was not even looked at.
func boundBy(d *smsengine.Draft, steps []smsengine.Step) string {
	if d.Gateway != "" || len(d.Chosen) > 0 {
		return "a rule names others"
	}
	for _, s := range steps {
		if s.Stage == "route" && strings.Contains(s.Note, " by its id ") {
			return "the address names another"
		}
	}
	return "the account is bound to another"
}
