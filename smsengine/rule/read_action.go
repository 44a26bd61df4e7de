package rule

import (
	"slices"
	"strings"
)

// actionNames are those that may stand under then.
var actionNames = []string{"edit", "gateway", "sender", "forward", "copy", "archive", "fallback", "reply", "digest", "reject", "drop", "run", "call", "sql", "tag"}

// actions reads what a rule does, in the order in which it is written: a table,
// or a list of tables where something is done twice.
func (r *reader) actions(n *node) {
	for _, t := range n.list() {
		if !r.want(t, isTable, "then") {
			continue
		}
		if len(t.keys) == 0 {
			r.refuse(t, "there are "+strings.Join(actionNames, ", "), "nothing is done here")
		}
		for _, key := range t.keys {
			v := t.fields[key]
			if r.rule.verdict != GoOn {
				r.refuse(v, "write it in front", "nothing is done behind %s", r.rule.verdict)
			}
			r.action(v, key)
		}
	}
}

func (r *reader) action(n *node, key string) {
	switch key {
	case "edit":
		r.edits(n)
	case "gateway":
		r.gateway(n)
	case "sender":
		r.sender(n)
	case "forward", "copy", "archive":
		r.passOn(n, key)
	case "fallback":
		r.fallback(n)
	case "reply":
		r.reply(n)
	case "digest":
		r.digest(n)
	case "reject":
		r.reject(n)
	case "drop":
		if n.kind != isFlag || !n.yes {
			r.refuse(n, "", "write drop = true")
		}
		r.rule.verdict = Drop
	case "run":
		r.program(n)
	case "call":
		r.call(n)
	case "sql":
		r.sql(n)
	case "tag":
		r.tags(n)
	case "stop":
		r.refuse(n, "write stop = true in the rule itself", "stop is no action")
	default:
		r.refuse(n, suggest(key, slices.Clone(actionNames)), "there is no action %q", key)
	}
}

func (r *reader) do(a action) { r.rule.actions = append(r.rule.actions, a) }

func (r *reader) reject(n *node) {
	if !r.want(n, isText, "reject") {
		return
	}
	if r.set.direction == Incoming {
		r.refuse(n, "write drop = true", "a text from a phone cannot be rejected: nobody would be told")
	}
	if strings.TrimSpace(n.text) == "" {
		r.refuse(n, `write reject = "why, in words for the sender"`, "reject says nothing")
	}
	r.rule.verdict, r.rule.reason = Reject, r.templateOf(n, n.text, nil)
}

// gateway reads one gateway, or several.
func (r *reader) gateway(n *node) {
	if r.set.direction == Incoming {
		r.refuse(n, "", "texts from phones go to mailboxes, through no gateway")
		return
	}
	var choices []Choice
	for _, item := range n.list() {
		c, ok := r.choice(item)
		if !ok {
			continue
		}
		if slices.ContainsFunc(choices, func(o Choice) bool { return o.Name == c.Name }) {
			r.refuse(item, "", "the gateway %q is there twice", c.Name)
		}
		choices = append(choices, c)
	}
	if len(choices) == 0 {
		r.refuse(n, `write gateway = "NAME"`, "there is no gateway here")
		return
	}
	r.do(setGateway{choices})
}

func (r *reader) choice(n *node) (Choice, bool) {
	if n.kind == isText {
		return Choice{Name: r.known(n, n.text)}, n.text != ""
	}
	if !r.want(n, isTable, "gateway") {
		return Choice{}, false
	}
	var c Choice
	for _, key := range n.keys {
		v := n.fields[key]
		switch key {
		case "name":
			if r.want(v, isText, key) {
				c.Name = r.known(v, v.text)
			}
		case "weight", "cost":
			if !r.want(v, isNumber, key) {
				continue
			}
			if v.number < 0 || key == "weight" && v.number == 0 || v.number > 1e9 {
				r.refuse(v, "", "%s must be more than nothing", key)
			}
			if key == "weight" {
				c.Weight = v.number
			} else {
				c.Cost = v.number
			}
		default:
			r.refuse(v, suggest(key, []string{"name", "weight", "cost"}), "a gateway has no %q here", key)
		}
	}
	if n.fields["name"] == nil {
		r.refuse(n, `write { name = "NAME", weight = 2 }`, "the gateway has no name")
	}
	return c, true
}

func (r *reader) sender(n *node) {
	if !r.want(n, isText, "sender") {
		return
	}
	if r.set.direction == Incoming {
		r.refuse(n, "write edit.from", "sender is the caller ID of texts to phones")
		return
	}
	if strings.TrimSpace(n.text) == "" {
		r.refuse(n, "", "sender says nothing")
	}
	r.do(setSender{r.templateOf(n, n.text, nil)})
}

func (r *reader) passOn(n *node, how string) {
	a := passOn{how: how}
	for _, item := range n.list() {
		read := r.target
		if item.kind == isTable {
			read = r.rota
		}
		t, ok := read(item, how)
		if ok && how == "archive" && t.mail == "" {
			r.refuse(item, "write copy", "an archive is a mailbox, and %s", notMail(t))
		}
		if ok {
			a.targets = append(a.targets, t)
		}
	}
	if len(n.list()) == 0 {
		r.refuse(n, "", "%s: there is no address here", how)
	}
	r.do(a)
}

func notMail(t target) string {
	if t.rota != nil {
		return "nobody takes turns"
	}
	return t.number + " is a number"
}

// target reads one mailbox or number.
func (r *reader) target(n *node, how string) (t target, ok bool) {
	if !r.want(n, isText, how) {
		return t, false
	}
	t, err := r.set.readTarget(n.text)
	if err != nil {
		r.refuse(n, "", "%s: %v", how, err)
	}
	return t, err == nil
}

func (r *reader) tags(n *node) {
	tags := r.textsOf(n, "tag")
	for _, t := range tags {
		if t == "" || len(t) > 64 || oneLine(t) != t || strings.Contains(t, " ") {
			r.refuse(n, "", "%q: a tag is one word", t)
		}
	}
	r.do(addTags{tags})
}
