package icewarp

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/rule"
)

// words makes a condition of a comparison with words. Of a text to a phone, To is
// the number, with "@gateway" if it is bound to one: here, that is "address".
func (c *converter) words(n *node, field string) rulefile.Table {
	w := comparison{c: c, field: field, value: n.value()}
	if k := n.child("matchvalue", "contain", "value"); k != nil {
		k.used = true
	}
	how := c.kind(n, functionTypes, "matchfunction", "containtype", "function")
	w.exact, w.whole = n.flag(false, "matchcase"), n.flag(false, "matchwholewordsonly")
	n.flag(false, "parsexml")                                                         // a text has no markup
	c.kind(n, []string{"none", "convert", "all", "atleastone"}, "multipleitemsmatch") // here each is one
	if c.site.Direction == rule.Incoming && field == "from" {
		w.ofPhone()
	}
	if w.value == "" && how != "equals" {
		c.left("a condition on %s at line %d compares with nothing", field, n.line)
		return never()
	}
	if w.ofNumbers() && dialled(w.value, how) {
		c.left("the number %q: here, numbers begin with + and the country", oneLine(w.value))
	}
	switch how {
	case "contains":
		return w.contains()
	case "containslist":
		return ask(w.address(), "contains", rulefile.Field("in", c.list(w.value)))
	case "regex":
		return w.regex()
	case "startswith":
		return w.simple("starts", "^", "")
	case "endswith":
		return ask(w.address(), "matches", w.pattern("", "$"))
	case "equals":
		if w.exact && letters(w.value) || w.whole {
			return ask(w.address(), "matches", w.pattern("^", "$"))
		}
		return rulefile.Field(w.address(), w.value)
	}
	c.left("a condition on %s at line %d compares in a way that has no counterpart: %q with %q", field, n.line, how, oneLine(w.value))
	return never()
}

// comparison is a field with what it is compared with.
type comparison struct {
	c            *converter
	field, value string
	exact        bool // upper and lower case differ
	whole        bool // whole words only
}

func letters(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

// ofNumbers reports whether the field is a phone.
func (w comparison) ofNumbers() bool {
	return (w.field == "to") == (w.c.site.Direction == rule.Outgoing) && (w.field == "to" || w.field == "from")
}

var (
	fewDigits    = regexp.MustCompile(`^[0-9]{1,6}$`)
	digitsBefore = regexp.MustCompile(`^\^\(?[0-9]`)
)

// dialled reports whether a number, or a pattern of one, begins as people dial and
// no number does here. A short code is as it is.
func dialled(value, how string) bool {
	switch how {
	case "startswith":
		return value != "" && value[0] >= '0' && value[0] <= '9'
	case "equals":
		return value != "" && value[0] >= '0' && value[0] <= '9' && !fewDigits.MatchString(value)
	case "regex":
		return digitsBefore.MatchString(value)
	}
	return false
}

// address is the field, as far as IceWarp's To is more than the number.
func (w comparison) address() string {
	if w.field == "to" && w.c.site.Direction == rule.Outgoing {
		return "address"
	}
	return w.field
}

// ofPhone takes "sms:" away, which IceWarp may write in front of a phone: here, it
// is the number alone.
func (w *comparison) ofPhone() {
	if rest, ok := strings.CutPrefix(w.value, "sms:"); ok && rest != "" {
		w.value = rest
	}
	if strings.Contains(strings.ToLower(w.value), "sms:") || strings.Contains(w.value, "@") {
		w.c.left("the sender %q: here, it is the number of the phone, without sms: and domain", oneLine(w.value))
	}
}

// contains splits what it looks for at ";", as the manual has it.
func (w comparison) contains() rulefile.Table {
	if w.address() == "address" && w.value == "@" {
		return rulefile.Field("routed", true)
	}
	var values []string
	for v := range strings.SplitSeq(w.value, ";") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	switch {
	case len(values) == 0:
		w.c.left("a condition on %s compares with nothing", w.field)
		return never()
	case len(values) == 1:
		w.value = values[0]
		return w.simple("contains", "", "")
	case w.exact || w.whole:
		var patterns []string
		for _, v := range values {
			w.value = v
			patterns = append(patterns, w.pattern("", ""))
		}
		return ask(w.address(), "matches", patterns)
	}
	return ask(w.address(), "contains", values)
}

// simple writes a comparison that knows no case, or else the pattern for it.
func (w comparison) simple(op, before, after string) rulefile.Table {
	if w.exact && letters(w.value) || w.whole {
		return ask(w.address(), "matches", w.pattern(before, after))
	}
	if op == "starts" && w.field == "to" {
		return ask("to", op, w.value)
	}
	return ask(w.address(), op, w.value)
}

// pattern is one that finds the value.
func (w comparison) pattern(before, after string) string {
	p := regexp.QuoteMeta(w.value)
	if w.whole {
		p = `(?:\b|^)` + p + `(?:\b|$)`
	}
	p = before + p + after
	if !w.exact && letters(w.value) {
		p = "(?i)" + p
	}
	return p
}

// notRouted are patterns by which IceWarp's manual tells that no gateway is named.
var notRouted = []string{`^(?!.*@)(.*)$`, `^(?!.*@).*$`, `^[^@]*$`, `^([^@]*)$`, `^[^@]+$`, `^([^@]+)$`}

// begins finds patterns that only say how a number begins.
var begins = regexp.MustCompile(`^\^\(?(\\\+[0-9]+(?:\|\\\+[0-9]+)*)\)?(?:\.\*|\(\.\*\))?\$?$`)

// beginnings are the prefixes that a pattern asks for: "^(\+1)(.*)" is "+1". What
// asks for more than that has none.
func beginnings(pattern string) []string {
	m := begins.FindStringSubmatch(pattern)
	if m == nil || strings.Count(pattern, "(") != strings.Count(pattern, ")") {
		return nil
	}
	bare := strings.TrimPrefix(pattern, "^")
	if strings.Contains(m[1], "|") && !strings.HasPrefix(bare, "(") {
		return nil // "^\+1|\+44" finds the second anywhere
	}
	if strings.HasSuffix(pattern, "$") && !strings.Contains(pattern, ".*") {
		return nil // the whole number, not its beginning
	}
	return strings.Split(strings.ReplaceAll(m[1], `\`, ""), "|")
}

// regex makes a condition of a pattern.
func (w comparison) regex() rulefile.Table {
	if w.address() == "address" {
		for _, p := range notRouted {
			if w.value == p {
				return rulefile.Field("routed", false)
			}
		}
		if to := beginnings(w.value); to != nil {
			return ask("to", "starts", oneOrAll(to))
		}
	}
	if p := w.value; !w.exact && letters(regexp.MustCompile(`\\.`).ReplaceAllString(p, "")) && !strings.HasPrefix(p, "(?i)") {
		return ask(w.address(), "matches", "(?i)"+p)
	}
	return ask(w.address(), "matches", w.value)
}

// oneOrAll writes a list of one as that one.
func oneOrAll(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}
