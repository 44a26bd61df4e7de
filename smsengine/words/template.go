package words

import (
	"fmt"
	"slices"
	"strings"
)

// Variables are the names that may stand in a template, with what they mean.
var Variables = []string{"text", "subject", "from", "name", "date", "size", "attachments"}

// Template is the form of a text. Parse makes it.
type Template struct{ nodes []node }

// node is a piece of a template: a literal, variables of which the first that is
// not empty counts, or nodes that are left out if all their variables are empty.
type node struct {
	literal  string
	names    []string
	optional []node
}

// Error is what is wrong with a template.
type Error struct {
	At     int // octets before it
	What   string
	Remedy string
}

func (e *Error) Error() string {
	s := fmt.Sprintf("at character %d: %s", e.At+1, e.What)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// maxTemplate bounds a template, in octets.
const maxTemplate = 4096

// Parse reads a template:
//
//	{text|subject}   the first that is not empty
//	[{subject}: ]    left out if all variables in it are empty; not nested
//	\{ \[ \\ \n      the character itself; a new line
//
// The error is an *Error.
func Parse(s string) (Template, error) {
	if len(s) > maxTemplate {
		return Template{}, &Error{maxTemplate, "it is too long", fmt.Sprintf("at most %d octets are possible", maxTemplate)}
	}
	p := parser{in: s}
	nodes, err := p.nodes(false)
	if err != nil {
		return Template{}, err
	}
	return Template{nodes}, nil
}

type parser struct {
	in string
	at int
}

func (p *parser) nodes(inside bool) ([]node, error) {
	var all []node
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			all = append(all, node{literal: literal.String()})
			literal.Reset()
		}
	}
	begin := p.at - 1
	for p.at < len(p.in) {
		c := p.in[p.at]
		p.at++
		switch {
		case c == '\\':
			escaped, err := p.escaped()
			if err != nil {
				return nil, err
			}
			literal.WriteByte(escaped)
		case c == '{':
			names, err := p.variables()
			if err != nil {
				return nil, err
			}
			flush()
			all = append(all, node{names: names})
		case c == '[' && inside:
			return nil, &Error{p.at - 1, "brackets in brackets", `write \[ for a bracket`}
		case c == '[':
			optional, err := p.nodes(true)
			if err != nil {
				return nil, err
			}
			flush()
			all = append(all, node{optional: optional})
		case c == ']' && inside:
			flush()
			if !slices.ContainsFunc(all, func(n node) bool { return n.names != nil }) {
				return nil, &Error{begin, "no variable in these brackets", `write \[ for a bracket`}
			}
			return all, nil
		case c == ']' || c == '}':
			return nil, &Error{p.at - 1, fmt.Sprintf("%q closes nothing", c), fmt.Sprintf(`write \%c for the character`, c)}
		default:
			literal.WriteByte(c)
		}
	}
	if inside {
		return nil, &Error{begin, "the bracket is not closed", `write \[ for a bracket`}
	}
	flush()
	return all, nil
}

func (p *parser) escaped() (byte, error) {
	if p.at == len(p.in) {
		return 0, &Error{p.at - 1, "a backslash ends it", `write \\ for a backslash`}
	}
	c := p.in[p.at]
	p.at++
	switch {
	case c == 'n':
		return '\n', nil
	case strings.IndexByte(`\{}[]|`, c) >= 0:
		return c, nil
	}
	return 0, &Error{p.at - 2, "a backslash before a character that needs none", `write \\ for a backslash`}
}

// variables reads what stands in braces.
func (p *parser) variables() ([]string, error) {
	begin := p.at - 1
	end := strings.IndexByte(p.in[p.at:], '}')
	if end < 0 {
		return nil, &Error{begin, "the brace is not closed", `write \{ for a brace`}
	}
	names := strings.Split(p.in[p.at:p.at+end], "|")
	for _, name := range names {
		if !slices.Contains(Variables, name) {
			return nil, &Error{begin, fmt.Sprintf("there is no variable %.40q", name), "there are " + strings.Join(Variables, ", ")}
		}
	}
	p.at += end + 1
	return names, nil
}

// IsName reports whether s can be the name of a template. Then it is taken for one,
// and not for a text without variables.
func IsName(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// Uses reports whether the template has the variable.
func (t Template) Uses(name string) bool { return uses(t.nodes, name) }

func uses(nodes []node, name string) bool {
	return slices.ContainsFunc(nodes, func(n node) bool {
		return slices.Contains(n.names, name) || uses(n.optional, name)
	})
}

// Expand gives the text; value gives what the variables stand for.
func (t Template) Expand(value func(name string) string) string {
	var b strings.Builder
	expand(&b, t.nodes, value)
	return b.String()
}

// expand reports whether a variable had a value.
func expand(b *strings.Builder, nodes []node, value func(string) string) (some bool) {
	for _, n := range nodes {
		b.WriteString(n.literal)
		for _, name := range n.names {
			if v := value(name); v != "" {
				b.WriteString(v)
				some = true
				break
			}
		}
		if n.optional != nil {
			var inner strings.Builder
			if expand(&inner, n.optional, value) {
				b.WriteString(inner.String())
				some = true
			}
		}
	}
	return some
}
