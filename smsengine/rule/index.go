package rule

import (
	"regexp/syntax"
	"slices"
	"sort"
	"strings"
)

// index finds the rules that can hold for a message, so that of ten thousand
// rules about numbers a few are asked. A rule stands under one of its conditions
// that must hold, its guard: a field is, or begins with, one of few texts. Rules
// without one are always asked. The order of the file is kept: a cursor gives the
// next of all lists.
type index struct {
	always []int32
	fields []*posting // nil: no rule stands under this field
}

// posting is the lists of one field.
type posting struct {
	exact  map[string][]int32
	prefix map[string][]int32
	sizes  []int   // lengths of the prefixes, rising
	rules  []int32 // all of them: asked while the field is unknown
}

// guard is a condition that a rule may stand under.
type guard struct {
	field  Field
	prefix bool
	keys   []string
}

// maxKeys is the number of texts that a guard can have.
const maxKeys = 1000

// newIndex sorts rules into lists. Of the guards of a rule it takes the one that
// it shares with the fewest other rules.
func newIndex(rules []*Rule) index {
	type key struct {
		field  Field
		prefix bool
		key    string
	}
	shared := map[key]int{}
	guards := make([][]guard, len(rules))
	for i, r := range rules {
		if r.Active {
			guards[i] = guardsOf(r.when)
		}
		for _, g := range guards[i] {
			for _, k := range g.keys {
				shared[key{g.field, g.prefix, k}]++
			}
		}
	}
	x := index{fields: make([]*posting, texts)}
	for i, r := range rules {
		if !r.Active {
			continue
		}
		var best *guard
		least := 0
		for j := range guards[i] {
			g := &guards[i][j]
			most := 0
			for _, k := range g.keys {
				most = max(most, shared[key{g.field, g.prefix, k}])
			}
			if best == nil || most < least {
				best, least = g, most
			}
		}
		x.add(int32(i), best)
	}
	return x
}

func (x *index) add(rule int32, g *guard) {
	if g == nil {
		x.always = append(x.always, rule)
		return
	}
	p := x.fields[g.field]
	if p == nil {
		p = &posting{exact: map[string][]int32{}, prefix: map[string][]int32{}}
		x.fields[g.field] = p
	}
	p.rules = append(p.rules, rule)
	for _, k := range g.keys {
		if !g.prefix {
			p.exact[k] = append(p.exact[k], rule)
			continue
		}
		p.prefix[k] = append(p.prefix[k], rule)
		if at, found := slices.BinarySearch(p.sizes, len(k)); !found {
			p.sizes = slices.Insert(p.sizes, at, len(k))
		}
	}
}

// guardsOf are the conditions that must hold for c to hold, as far as a rule can
// stand under them.
func guardsOf(c condition) (gs []guard) {
	switch c := c.(type) {
	case *group:
		if c.of == all || len(c.members) == 1 && c.of == any1 {
			for _, m := range c.members {
				gs = append(gs, guardsOf(m)...)
			}
		}
	case *compare:
		if int(c.field) < texts && c.field != Text && c.op != opContains && c.table.len() <= maxKeys {
			g := guard{field: c.field, prefix: c.op == opStarts}
			for i := range c.table.len() {
				g.keys = append(g.keys, c.table.entry(i))
			}
			gs = append(gs, g)
		}
	case *matches:
		if int(c.field) < texts && c.field != Text {
			g := guard{field: c.field, prefix: true}
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

// cursor goes through several lists as through one.
type cursor struct{ lists [][]int32 }

// seek finds the lists for a message as it now is, from behind one rule on.
func (x *index) seek(c *cursor, r *run, behind int) {
	c.lists = c.lists[:0]
	c.add(x.always, behind)
	for f, p := range x.fields {
		switch {
		case p == nil:
		case r.unknown.Has(Field(f)):
			c.add(p.rules, behind)
		default:
			v := r.fold(Field(f))
			c.add(p.exact[v], behind)
			for _, n := range p.sizes {
				if n > len(v) {
					break
				}
				c.add(p.prefix[v[:n]], behind)
			}
		}
	}
}

func (c *cursor) add(list []int32, behind int) {
	if i := sort.Search(len(list), func(i int) bool { return int(list[i]) > behind }); i < len(list) {
		c.lists = append(c.lists, list[i:])
	}
}

// next is the first rule behind one, -1 if there is none.
func (c *cursor) next(behind int) int {
	first := -1
	for k, l := range c.lists {
		for len(l) > 0 && int(l[0]) <= behind {
			l = l[1:]
		}
		c.lists[k] = l
		if len(l) > 0 && (first < 0 || int(l[0]) < first) {
			first = int(l[0])
		}
	}
	return first
}
