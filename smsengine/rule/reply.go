package rule

import (
	"strings"
	"time"
)

// AutoReply answers the phone that a text came from.
type AutoReply struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
	// Every is a time in which a phone gets at most one reply of the rule.
	Every Duration `json:"every"`
}

// Kind is the effect's name in JSON.
func (e AutoReply) Kind() string { return "reply" }

// By is the title of the rule that wants it.
func (e AutoReply) By() string { return e.Rule }

// How often a rule replies to one phone.
const (
	usualReply = time.Hour
	minReply   = time.Minute
	maxReply   = 30 * 24 * time.Hour
)

// reply is the action.
type reply struct {
	text  template
	every Duration
}

func (a reply) reads() Fields { return a.text.reads() }
func (reply) changes() Fields { return 0 }

func (a reply) do(r *run, rule *Rule) (string, error) {
	text := strings.TrimSpace(a.text.expand(r.variable, nil))
	if text == "" {
		return "", nil
	}
	r.decision.Effects = append(r.decision.Effects, AutoReply{rule.Title, text, a.every})
	return "replies, at most once in " + a.every.String(), nil
}

// reply reads a text, or { text = "We are closed.", every = "12h" }.
func (r *reader) reply(n *node) {
	if r.set.direction == Outgoing {
		r.refuse(n, "write reject, whose words the sender gets", "a reply is for texts from phones")
		return
	}
	a := reply{every: Duration(usualReply)}
	text := n
	if n.kind == isTable {
		text = n.fields["text"]
		for _, key := range n.keys {
			v := n.fields[key]
			switch key {
			case "text":
			case "every":
				a.every = Duration(r.span(v, key, minReply, maxReply))
			default:
				r.refuse(v, suggest(key, []string{"text", "every"}), "a reply has no %q", key)
			}
		}
	}
	if text == nil || text.kind != isText || strings.TrimSpace(text.text) == "" {
		r.refuse(n, `write reply = "We are closed until Monday."`, "a reply says nothing")
		return
	}
	a.text = r.templateOf(text, text.text, nil)
	r.do(a)
}
