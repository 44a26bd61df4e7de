package rule

import (
	"fmt"
	"slices"
	"strings"
)

// edits reads edit.FIELD and edit.header.NAME.
func (r *reader) edits(n *node) {
	if !r.want(n, isTable, "edit") {
		return
	}
	for _, key := range n.keys {
		v := n.fields[key]
		known := map[Direction][]string{Outgoing: {"to", "text", "subject", "header"}, Incoming: {"from", "text", "subject", "header"}}[r.set.direction]
		f, _ := fieldNamed(key, Outgoing)
		switch {
		case !slices.Contains(known, key):
			r.refuse(v, suggest(key, slices.Clone(known)), "%q cannot be edited", key)
		case key != "header":
			r.edit(v, f, "")
		case r.want(v, isTable, "edit.header"):
			for _, name := range v.keys {
				r.editHeader(v.fields[name], name)
			}
		}
	}
}

// reserved are header fields that are not a rule's: those that say where a mail
// goes and where it comes from, and what its body is.
var reserved = []string{
	"from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "received", "date", "message-id", "in-reply-to", "references",
	"subject", "mime-version", "auto-submitted", "delivered-to", "dkim-signature", "authentication-results",
}

func (r *reader) editHeader(n *node, name string) {
	lower := strings.ToLower(name)
	switch {
	case !isToken(lower):
		r.refuse(n, "", "%q is no name of a header field", name)
	case slices.Contains(reserved, lower) || strings.HasPrefix(lower, "content-") || strings.HasPrefix(lower, "resent-") || strings.HasPrefix(lower, "arc-"):
		r.refuse(n, "take a name of your own, like X-Department", "the header field %s is not a rule's", name)
	default:
		r.edit(n, HeaderOf, name)
	}
}

// edit reads a new value, or what a pattern finds and what stands there then.
func (r *reader) edit(n *node, f Field, header string) {
	e := &edit{field: f, header: header}
	with := n
	if n.kind == isTable {
		if key, more := n.other("matches", "with"); more {
			r.refuse(n.fields[key], suggest(key, []string{"matches", "with"}), "an edit has no key %q", key)
		}
		found := n.fields["matches"]
		if with = n.fields["with"]; found == nil || with == nil {
			r.refuse(n, fmt.Sprintf(`write { matches = 'PATTERN', with = '…' }, or only %s = "…"`, f), "an edit needs matches and with")
			return
		}
		if !r.want(found, isText, "matches") {
			return
		}
		if e.pattern = r.patternOf(found, found.text); e.pattern == nil {
			return
		}
	}
	if !r.want(with, isText, "with") {
		return
	}
	e.with = r.templateOf(with, with.text, e.pattern)
	if f == To {
		r.checkTo(with, e.with)
	}
	r.do(e)
}

// checkTo finds what is wrong in a rewritten To whatever the values are.
func (r *reader) checkTo(n *node, with template) {
	filled := with.expand(func(string) string { return "1" }, func(int) string { return "1" })
	i := strings.IndexAny(filled, "?&")
	if i < 0 {
		return
	}
	if _, err := r.set.readTo("1"+filled[i:], "1"); err != nil {
		r.refuse(n, "", "%v", err)
	}
}
