package rule

import (
	"maps"
	"slices"
	"strings"
)

// passOn sends what the message says to others, too, or (forward) instead.
type passOn struct {
	targets []target
	how     string // "copy", "forward", "archive"
}

func (passOn) reads() Fields { return 0 }

func (a passOn) changes() Fields {
	if a.how == "forward" {
		return FieldSet(To, Address, Routed)
	}
	return 0
}

func (a passOn) do(r *run, rule *Rule) (string, error) {
	all := slices.Clone(a.targets)
	for i, t := range all {
		if t.rota != nil {
			all[i] = t.rota.at(r.facts.At)
		}
	}
	targets := all
	if a.how == "forward" {
		targets = r.forward(targets)
	}
	for _, t := range targets {
		r.decision.Effects = append(r.decision.Effects, r.copyTo(t, rule, a.how == "archive"))
	}
	named := make([]string, len(all))
	for i, t := range all {
		named[i] = t.String()
	}
	return map[string]string{"copy": "copied to ", "forward": "forwarded to ", "archive": "archived in "}[a.how] + strings.Join(named, ", "), nil
}

// forward gives the message itself to the first target that is of the kind that it
// goes to anyway, and leaves the others. If another rule has forwarded it already,
// all are left.
func (r *run) forward(targets []target) (left []target) {
	c := &r.decision.Changes
	own := func(t target) bool { return (t.number != "") == (r.set.direction == Outgoing) }
	i := slices.IndexFunc(targets, own)
	switch {
	case r.forwarded:
		i = -1
	case i >= 0:
		r.forwarded, c.Elsewhere = true, false
		c.To = targets[i].String()
		if r.set.direction == Outgoing {
			r.setText(To, c.To)
		}
	default:
		c.Elsewhere = true
	}
	r.routed, r.env = true, nil
	for j, t := range targets {
		if j != i {
			left = append(left, t)
		}
	}
	return left
}

// copyTo is the effect that sends what the message says now to somebody.
func (r *run) copyTo(t target, rule *Rule, archive bool) Effect {
	if t.number != "" {
		return SMS{Rule: rule.Title, To: t.number, Sender: r.value[Sender], Text: r.value[Text]}
	}
	return Mail{
		Rule: rule.Title, To: t.mail, Archive: archive, From: r.value[From], Number: r.value[To], Account: r.value[Account],
		Gateway: r.value[Gateway], Subject: r.value[Subject], Text: r.value[Text], Headers: slices.Clone(r.decision.Changes.Headers), At: r.facts.At,
	}
}

// perform stores an effect with the values that it needs.
type perform struct {
	effect Effect
	values []string // names of variables
}

func (perform) reads() Fields   { return 0 }
func (perform) changes() Fields { return 0 }

func (a perform) do(r *run, rule *Rule) (string, error) {
	values := make(map[string]string, len(a.values))
	for _, name := range a.values {
		values[name] = r.variable(name)
	}
	var did string
	switch e := a.effect.(type) {
	case Run:
		e.Rule, e.Values, did = rule.Title, values, "runs "+e.Command[0]
		e.Command, e.Env = slices.Clone(e.Command), maps.Clone(e.Env)
		if e.Shell {
			did = "runs a line of the shell"
		}
		r.decision.Effects = append(r.decision.Effects, e)
	case Call:
		where, _, _ := strings.Cut(e.URL, "?") // a query may have a password in it
		e.Rule, e.Values, did = rule.Title, values, "calls "+where
		e.Headers = maps.Clone(e.Headers)
		r.decision.Effects = append(r.decision.Effects, e)
	case SQL:
		e.Rule, e.Values, did = rule.Title, values, "statement for the database "+e.Database
		r.decision.Effects = append(r.decision.Effects, e)
	}
	return did, nil
}
