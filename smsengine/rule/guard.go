package rule

import (
	"regexp/syntax"
	"strings"
)

// guardsOf are the conditions that must hold for c to hold, as far as a rule can
// stand under them.
func guardsOf(c condition) (gs []guard) {
	switch c := c.(type) {
	case *group:
		if c.of == allOf || len(c.members) == 1 && c.of == anyOf {
			for _, m := range c.members {
				gs = append(gs, guardsOf(m)...)
			}
		}
	case *compare:
		if g, ok := c.guard(); ok {
			gs = append(gs, g)
		}
	case *matches:
		if int(c.field) < texts {
			g := guard{field: c.field, kind: begins}
			for _, p := range c.patterns {
				k := beginning(p, fields[c.field].form)
				if k == "" {
					return nil
				}
				g.keys = append(g.keys, k)
			}
			gs = append(gs, g)
		}
	}
	return gs
}

// guard is the comparison as one, if it can be one.
func (c *compare) guard() (guard, bool) {
	g := guard{field: c.field, kind: map[string]guardKind{opIs: exactly, opStarts: begins, opContains: inside}[c.op]}
	if int(c.field) >= texts || c.table.len() > maxKeys {
		return g, false
	}
	for i := range c.table.len() {
		k := c.table.entry(i)
		if g.kind == inside && len(k) < gram {
			return g, false
		}
		g.keys = append(g.keys, k)
	}
	return g, true
}

// beginning is what a text must begin with for the pattern to match, in the form in
// which fields are compared; "" if nothing is known.
func beginning(p *pattern, f form) string {
	if p.back != nil {
		return ""
	}
	re, err := syntax.Parse(p.source, syntax.Perl)
	if err != nil {
		return ""
	}
	re = re.Simplify()
	anchored := false
	for re != nil {
		switch {
		case re.Op == syntax.OpConcat && !anchored && re.Sub[0].Op == syntax.OpBeginText && len(re.Sub) > 1:
			anchored, re = true, re.Sub[1]
		case re.Op == syntax.OpConcat && anchored:
			re = re.Sub[0]
		case re.Op == syntax.OpCapture:
			re = re.Sub[0]
		case re.Op == syntax.OpLiteral && anchored && re.Flags&syntax.FoldCase == 0:
			literal := string(re.Rune)
			if f == number && (literal[0] != '+' || strings.Trim(literal[1:], "0123456789") != "") {
				return "" // comparing numbers drops what the pattern may ask for
			}
			return strings.ToLower(literal)
		default:
			return ""
		}
	}
	return ""
}
