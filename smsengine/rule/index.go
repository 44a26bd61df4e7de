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

// posting is the lists of one field, by what it is, begins with or contains. Of
// texts that it contains there are three octets, the rarest.
type posting struct {
	lists [guardKinds]map[string][]int32
	sizes []int   // lengths of what it begins with, rising
	rules []int32 // all of them: asked while the field is unknown
}

// guardKind says how a field is compared.
type guardKind uint8

const (
	exactly guardKind = iota
	begins
	inside
	guardKinds
)

// guard is a condition that a rule may stand under.
type guard struct {
	field Field
	kind  guardKind
	keys  []string
}

// Bounds of a guard: the texts that it can have, and the octets that stand for one.
const (
	maxKeys = 1000
	gram    = 3
)

// sharing counts the rules that a text would be a guard of.
type sharing map[guardKey]int

type guardKey struct {
	field Field
	kind  guardKind
	key   string
}

func (n sharing) count(g guard) {
	for _, k := range g.keys {
		if g.kind != inside {
			n[guardKey{g.field, g.kind, k}]++
			continue
		}
		for i := range len(k) - gram + 1 {
			n[guardKey{g.field, g.kind, k[i : i+gram]}]++
		}
	}
}

// narrow takes, of texts that are contained, the rarest octets, and gives how many
// rules share the most common of the keys.
func (n sharing) narrow(g *guard) (most int) {
	for j, k := range g.keys {
		best := n[guardKey{g.field, g.kind, k}]
		if g.kind == inside {
			best = 0
			for i := range len(k) - gram + 1 {
				if c := n[guardKey{g.field, g.kind, k[i : i+gram]}]; best == 0 || c < best {
					best, g.keys[j] = c, k[i:i+gram]
				}
			}
		}
		most = max(most, best)
	}
	return most
}

// newIndex sorts rules into lists. Of the guards of a rule it takes the one that
// it shares with the fewest other rules.
func newIndex(rules []*Rule) index {
	n := sharing{}
	guards := make([][]guard, len(rules))
	for i, r := range rules {
		if r.Active {
			guards[i] = guardsOf(r.when)
		}
		for _, g := range guards[i] {
			n.count(g)
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
			if most := n.narrow(g); best == nil || most < least {
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
		p = &posting{}
		for k := range p.lists {
			p.lists[k] = map[string][]int32{}
		}
		x.fields[g.field] = p
	}
	p.rules = append(p.rules, rule)
	for _, k := range g.keys {
		list := p.lists[g.kind][k]
		if len(list) > 0 && list[len(list)-1] == rule {
			continue
		}
		p.lists[g.kind][k] = append(list, rule)
		if g.kind != begins {
			continue
		}
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
			p.find(c, r.fold(Field(f)), behind)
		}
	}
}

// find adds the lists of the rules that may hold for a value.
func (p *posting) find(c *cursor, v string, behind int) {
	c.add(p.lists[exactly][v], behind)
	for _, n := range p.sizes {
		if n > len(v) {
			break
		}
		c.add(p.lists[begins][v[:n]], behind)
	}
	if len(p.lists[inside]) == 0 {
		return
	}
	for i := range len(v) - gram + 1 {
		c.add(p.lists[inside][v[i:i+gram]], behind)
	}
}

// add adds a list from behind a rule on, once.
func (c *cursor) add(list []int32, behind int) {
	i := sort.Search(len(list), func(i int) bool { return int(list[i]) > behind })
	if i == len(list) {
		return
	}
	for _, l := range c.lists {
		if &l[0] == &list[i] {
			return
		}
	}
	c.lists = append(c.lists, list[i:])
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
