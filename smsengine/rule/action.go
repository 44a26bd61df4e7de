package rule

import (
	"fmt"
	"strings"
)

// action is one thing that a rule does.
type action interface {
	// do changes the run, and says in words what it did; "" for nothing.
	do(r *run, rule *Rule) (did string, err error)
	// reads and changes are the fields that it depends on and those that it may change.
	reads() Fields
	changes() Fields
}

// edit rewrites a field: the places that a pattern finds, or all of it.
type edit struct {
	field   Field
	header  string   // of HeaderOf, as it is written
	pattern *pattern // nil: all of it
	with    template
}

func (e *edit) reads() Fields {
	set := e.with.reads()
	if e.pattern != nil {
		set |= FieldSet(e.field)
		if e.field == To {
			set |= FieldSet(Address, Gateway)
		}
	}
	return set
}

func (e *edit) changes() Fields {
	switch e.field {
	case To:
		return FieldSet(To, Address, Gateway, Routed, Sender)
	case Text:
		return FieldSet(Text, Parts, Alphabet)
	}
	return FieldSet(e.field)
}

func (e *edit) do(r *run, _ *Rule) (string, error) {
	switch e.field {
	case To:
		return e.rewriteTo(r)
	case HeaderOf:
		return e.rewriteHeader(r)
	}
	before := r.text(e.field)
	after, found, err := e.rewrite(r, before, r.variable)
	if err != nil || !found || after == before {
		return "", err
	}
	switch e.field {
	case From:
		if after, err = r.set.number(after); err != nil {
			return "", err
		}
		r.decision.Changes.From = after
	case Subject:
		after = oneLine(after)
		r.decision.Changes.Subject = &after
	case Text:
		r.decision.Changes.Text = &after
	}
	r.setText(e.field, after)
	if e.field == Text {
		return "text edited", nil // it may hold what is nobody's business
	}
	return fmt.Sprintf("%s is now %q", e.field, after), nil
}

// rewrite gives the new value, and whether the pattern was found at all.
func (e *edit) rewrite(r *run, before string, value func(name string) string) (string, bool, error) {
	if e.pattern == nil {
		return e.with.expand(value, nil), true, nil
	}
	return e.pattern.replace(&r.purse, before, func(group func(int) string) string { return e.with.expand(value, group) })
}

func (e *edit) rewriteTo(r *run) (string, error) {
	after, found, err := e.rewrite(r, r.text(Address), func(name string) string {
		if name == "to" || name == "address" || name == "gateway" {
			return r.variable(name)
		}
		return encode(r.variable(name)) // it stays one value of one parameter
	})
	if err != nil || !found {
		return "", err
	}
	to, err := r.set.readTo(after, r.value[To])
	if err != nil {
		return "", err
	}
	var did []string
	claimed := r.claims(e.with)
	if to.number != r.value[To] {
		r.setText(To, to.number)
		r.decision.Changes.To = to.number
		did = append(did, "to is now "+to.number)
	}
	if to.gateway != "" && to.gateway != r.value[Gateway] {
		did = append(did, r.bind([]Choice{{Name: to.gateway}}))
	}
	for _, p := range to.params {
		switch {
		case p.Name == "sender" && p.Value == "":
		case p.Name == "sender":
			did = append(did, r.sender(p.Value, claimed))
		default:
			r.decision.Changes.Params = append(r.decision.Changes.Params, p)
			r.claim(p.Name, claimed)
			did = append(did, p.Name+"="+p.Value)
		}
	}
	return strings.Join(did, ", "), nil
}

// rewriteHeader edits each field of the name, or sets the one. An empty value
// takes it away.
func (e *edit) rewriteHeader(r *run) (string, error) {
	var kept []Header
	result := ""
	seen := false
	for _, h := range r.headers {
		if !strings.EqualFold(h.Name, e.header) {
			kept = append(kept, h)
			continue
		}
		after, found, err := e.rewrite(r, h.Value, r.variable)
		if err != nil {
			return "", err
		}
		if e.pattern == nil && seen {
			continue
		}
		if !found {
			after = h.Value
		}
		seen = true
		if h.Value = oneLine(after); h.Value != "" {
			kept = append(kept, h)
			result = h.Value
		}
	}
	if !seen {
		after, found, err := e.rewrite(r, "", r.variable)
		if err != nil || !found {
			return "", err
		}
		if result = oneLine(after); result != "" {
			kept = append(kept, Header{e.header, result})
		}
	}
	r.headers, r.env = kept, nil
	r.note(Header{e.header, result})
	return fmt.Sprintf("header %s is now %q", e.header, result), nil
}

// note remembers what a header field has become.
func (r *run) note(h Header) {
	hs := &r.decision.Changes.Headers
	for i := range *hs {
		if strings.EqualFold((*hs)[i].Name, h.Name) {
			(*hs)[i] = h
			return
		}
	}
	*hs = append(*hs, h)
}

// setGateway binds the message to gateways.
type setGateway struct{ choices []Choice }

func (setGateway) reads() Fields   { return 0 }
func (setGateway) changes() Fields { return FieldSet(Gateway, Address, Routed) }

func (a setGateway) do(r *run, _ *Rule) (string, error) { return r.bind(a.choices), nil }

func (r *run) bind(choices []Choice) string {
	r.decision.Changes.Gateways = choices
	r.setText(Gateway, choices[0].Name)
	r.routed = true
	named := make([]string, len(choices))
	for i, c := range choices {
		named[i] = c.Name
	}
	return "gateway is now " + strings.Join(named, ", ")
}

// setSender sets the caller ID.
type setSender struct{ to template }

func (a setSender) reads() Fields { return a.to.reads() }
func (setSender) changes() Fields { return FieldSet(Sender) }

func (a setSender) do(r *run, _ *Rule) (string, error) {
	if v := oneLine(a.to.expand(r.variable, nil)); v != "" {
		return r.sender(v, r.claims(a.to)), nil
	}
	return "", nil // whoever has no number of their own keeps the gateway's
}

func (r *run) sender(v string, claimed bool) string {
	r.decision.Changes.Sender = v
	r.claim("sender", claimed)
	r.setText(Sender, v)
	return "sender is now " + v
}

// addTags calls the message something.
type addTags struct{ tags []string }

func (addTags) reads() Fields   { return 0 }
func (addTags) changes() Fields { return FieldSet(Tag) }

func (a addTags) do(r *run, _ *Rule) (string, error) {
	r.tags = append(r.tags[:len(r.tags):len(r.tags)], a.tags...)
	r.decision.Changes.Tags = append(r.decision.Changes.Tags, a.tags...)
	r.env = nil
	return "tagged " + strings.Join(a.tags, ", "), nil
}
