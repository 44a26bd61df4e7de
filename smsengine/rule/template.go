package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// variables are the names that may stand in %%percent signs%%, with the other
// names that the reference and its URLs have for some.
var variables = map[string]string{
	"id": "id", "from": "from", "to": "to", "address": "address", "sender": "sender", "account": "account", "user": "user",
	"domain": "domain", "subject": "subject", "text": "text", "gateway": "gateway", "door": "door", "parts": "parts",
	"alphabet": "alphabet", "tag": "tag", "size": "size", "date": "date", "time": "time", "phonealias": "phonealias",
	"number": "to", "body": "text", "data": "text", "sender_phonealias": "phonealias",
}

// phoneAlias is the one variable that stands between single percent signs, too,
// as in the reference.
const phoneAlias = "%sender_phonealias%"

// maxTemplate bounds a template, in octets.
const maxTemplate = 16 << 10

// maxName is where the end of a variable is looked for, in octets.
const maxName = 100

// segment is a piece of a template: words, a variable, or a group of a pattern.
type segment struct {
	literal  string
	variable string // "to", "header.x-priority"
	group    int
}

// template is a text with variables in it.
type template []segment

// newTemplate reads %%variables%% and, if groups is not nil, $1, ${name} and $$.
// Whatever else has a percent sign or a dollar in it stands for itself.
func newTemplate(s string, groups func(name string) (int, bool)) (template, error) {
	if len(s) > maxTemplate {
		return nil, fmt.Errorf("it is too long: at most %d octets are possible", maxTemplate)
	}
	var t template
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t = append(t, segment{literal: literal.String()})
			literal.Reset()
		}
	}
	for s != "" {
		switch name, rest, ok := readVariable(s); {
		case ok:
			v, err := variableNamed(name)
			if err != nil {
				return nil, err
			}
			flush()
			t, s = append(t, segment{variable: v}), rest
		case groups != nil && s[0] == '$':
			name, rest := readGroup(s)
			if name == "" {
				literal.WriteByte('$')
				s = rest
				continue
			}
			n, known := groups(name)
			if !known {
				return nil, fmt.Errorf("the pattern has no group %s; write $$ for a dollar", name)
			}
			flush()
			t, s = append(t, segment{group: n}), rest
		default:
			literal.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	return t, nil
}

// readVariable takes a variable from the front of s.
func readVariable(s string) (name, rest string, ok bool) {
	if len(s) >= len(phoneAlias) && strings.EqualFold(s[:len(phoneAlias)], phoneAlias) {
		return "phonealias", s[len(phoneAlias):], true
	}
	after, ok := strings.CutPrefix(s, "%%")
	if !ok {
		return "", "", false
	}
	end := strings.Index(after[:min(len(after), maxName)], "%%")
	if end < 1 {
		return "", "", false
	}
	name, rest = after[:end], after[end+2:]
	if strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) {
		return "", "", false
	}
	return name, rest, true
}

// variableNamed is the variable that a name means.
func variableNamed(name string) (string, error) {
	lower := strings.ToLower(name)
	if v, ok := variables[lower]; ok {
		return v, nil
	}
	if field, ok := strings.CutPrefix(lower, "header."); ok && isToken(field) {
		return lower, nil
	}
	var known []string
	for v := range variables {
		known = append(known, v)
	}
	return "", fmt.Errorf("there is no variable %%%%%.40s%%%%; %s", name, suggest(lower, append(known, "header.NAME")))
}

// readGroup takes "$1", "${1}" or "${name}" from the front of s; "" for a dollar.
func readGroup(s string) (name, rest string) {
	if strings.HasPrefix(s, "$$") {
		return "", s[2:]
	}
	if inner, ok := strings.CutPrefix(s, "${"); ok {
		if name, rest, ok := strings.Cut(inner, "}"); ok && name != "" && isToken(name) {
			return name, rest
		}
		return "", s[1:]
	}
	n := 1
	for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[1:n], s[n:]
}

// expand gives the text: value is what a variable stands for, group what a group.
func (t template) expand(value func(name string) string, group func(n int) string) string {
	var b strings.Builder
	for _, s := range t {
		switch {
		case s.literal != "":
			b.WriteString(s.literal)
		case s.variable != "":
			b.WriteString(value(s.variable))
		case group != nil:
			b.WriteString(group(s.group))
		}
	}
	return b.String()
}

// source is the template as it is written, more or less.
func (t template) source() string {
	return t.expand(func(name string) string { return "%%" + name + "%%" }, func(n int) string { return "$" + strconv.Itoa(n) })
}

// names are the variables of templates, each once.
func names(ts ...template) (all []string) {
	for _, t := range ts {
		for _, s := range t {
			if s.variable != "" && !slices.Contains(all, s.variable) {
				all = append(all, s.variable)
			}
		}
	}
	return all
}

// reads are the fields that the template needs.
func (t template) reads() (set Fields) {
	for _, name := range names(t) {
		set |= readBy(name)
	}
	return set
}

// readBy are the fields that a variable stands for.
func readBy(variable string) Fields {
	if strings.HasPrefix(variable, "header.") {
		return FieldSet(HeaderOf)
	}
	for f := range fieldCount {
		if fields[f].name == variable {
			return FieldSet(f)
		}
	}
	return 0
}

// isToken reports whether s can be the name of a header field: the atoms of
// RFC 5322 §3.6.8, of which we take those that people use.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 76
}
