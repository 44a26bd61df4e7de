package rule

import (
	"slices"
	"strings"
)

// This file tells what a rule says from what it repeats. A rule is the
// administrator's word; but one that makes the caller ID of a subject lets whoever
// wrote the subject choose it.

// claims reports whether a template repeats what the writer of the message chose
// freely: words of the mail, or a caller ID that is made of them. Numbers, accounts
// and gateways have been checked before.
func (r *run) claims(t template) bool {
	for _, name := range names(t) {
		switch {
		case name == "subject", name == "text", strings.HasPrefix(name, "header."):
			return true
		case name == "sender" && slices.Contains(r.decision.Changes.Claimed, "sender"):
			return true
		}
	}
	return false
}

// claim notes whether a parameter's value, as it is now, is the writer's.
func (r *run) claim(param string, claimed bool) {
	c := &r.decision.Changes
	i := slices.Index(c.Claimed, param)
	switch {
	case claimed && i < 0:
		c.Claimed = append(c.Claimed, param)
	case !claimed && i >= 0:
		c.Claimed = slices.Delete(c.Claimed, i, i+1)
	}
}
