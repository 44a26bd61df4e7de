package rule

import "time"

// Fallback is where a text's words go if it does not arrive.
type Fallback struct {
	Rule string `json:"rule"`
	Mail string `json:"mail"` // a mailbox
	// After is when the text is given up. 0: as late as any other.
	After Duration `json:"after,omitempty"`
}

// Bounds of the time after which a text is given up.
const (
	minAfterwards = time.Minute
	maxAfterwards = 5 * 24 * time.Hour
)

// fallBack is the action. The last rule that wants it counts.
type fallBack struct{ Fallback }

func (fallBack) reads() Fields   { return 0 }
func (fallBack) changes() Fields { return 0 }

func (a fallBack) do(r *run, rule *Rule) (string, error) {
	f := a.Fallback
	f.Rule = rule.Title
	r.decision.Changes.Fallback = &f
	return "falls back to " + f.String(), nil
}

// String is "duty@example.org after 10m".
func (f Fallback) String() string {
	if f.After > 0 {
		return f.Mail + " after " + f.After.String()
	}
	return f.Mail
}

// fallback reads a mailbox, or { mail = "duty@example.org", after = "10m" }.
func (r *reader) fallback(n *node) {
	const remedy = `write fallback = { mail = "duty@example.org", after = "10m" }`
	if r.set.direction == Incoming {
		r.refuse(n, "", "a fallback is for texts to phones")
		return
	}
	var f Fallback
	to := n
	if n.kind == isTable {
		to = n.fields["mail"]
		for _, key := range n.keys {
			v := n.fields[key]
			switch key {
			case "mail":
			case "after":
				f.After = Duration(r.span(v, key, minAfterwards, maxAfterwards))
			default:
				r.refuse(v, suggest(key, []string{"mail", "after"}), "a fallback has no %q", key)
			}
		}
	}
	if to == nil || to.kind != isText {
		r.refuse(n, remedy, "a fallback needs to know which mailbox")
		return
	}
	t, ok := r.target(to, "fallback")
	if ok && t.mail == "" {
		r.refuse(to, remedy, "a fallback is a mailbox, and %s is a number", t.number)
	}
	f.Mail = t.mail
	r.do(fallBack{f})
}
