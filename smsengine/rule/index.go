package rule

import "slices"

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
