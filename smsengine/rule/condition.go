package rule

import (
	"cmp"
	"slices"
	"strings"
)

// condition is what must be so for a rule to be done.
type condition interface {
	eval(r *run) Truth
	String() string // as it is said in a trace
}

// always holds.
type always struct{}

func (always) eval(*run) Truth { return Yes }
func (always) String() string  { return "always" }

// quantity says how many conditions of a group must hold.
type quantity string

const (
	allOf  quantity = "all"
	anyOf  quantity = "any"
	noneOf quantity = "none"
)

// group joins conditions.
type group struct {
	of      quantity
	members []condition // the cheap ones first: the order does not matter to the answer
	written []condition // in the order of the file
}

// newGroup sorts the members by what they cost.
func newGroup(of quantity, written []condition) *group {
	members := slices.Clone(written)
	slices.SortStableFunc(members, func(a, b condition) int { return cmp.Compare(cost(a), cost(b)) })
	return &group{of, members, written}
}

// cost is a rank: comparing, going through a group, searching, computing,
// backtracking.
func cost(c condition) int {
	switch c := c.(type) {
	case *group:
		highest := 1
		for _, m := range c.members {
			highest = max(highest, cost(m))
		}
		return highest
	case *matches:
		for _, p := range c.patterns {
			if p.back != nil {
				return 4
			}
		}
		return 2
	case *expression:
		return 3
	}
	return 0
}

func (g *group) String() string { return string(g.of) }

// describe is a condition with those that it is made of.
func describe(c condition) string {
	g, ok := c.(*group)
	if !ok {
		return c.String()
	}
	parts := make([]string, len(g.written))
	for i, m := range g.written {
		parts[i] = describe(m)
	}
	return string(g.of) + " (" + strings.Join(parts, ", ") + ")"
}

func (g *group) eval(r *run) Truth {
	result := Yes // of all members, or of the opposites of all
	for _, m := range g.members {
		t := m.eval(r)
		if g.of != allOf {
			t = t.not()
		}
		if result = result.and(t); result == No {
			break
		}
	}
	return g.result(result)
}

// result makes the answer of what all members are together.
func (g *group) result(together Truth) Truth {
	if g.of == anyOf {
		return together.not()
	}
	return together
}

// Comparisons.
const (
	opIs       = "is"
	opStarts   = "starts"
	opContains = "contains"
	opMatches  = "matches"
	opIn       = "in"
	opBetween  = "between"
	opOver     = "over"
	opUnder    = "under"
)

// compare looks for texts in a field, in one of three ways.
type compare struct {
	field  Field
	header string
	op     string
	table  *table
	said   string
	clause string // of a sentence
}

func (c *compare) String() string { return c.said }

func (c *compare) eval(r *run) Truth {
	if r.unknown.Has(c.field) {
		return Unknown
	}
	if int(c.field) < texts {
		return truth(c.holds(r.fold(c.field)))
	}
	for _, v := range r.all(c.field, c.header) {
		if c.holds(strings.ToLower(v)) {
			return Yes
		}
	}
	return No
}

func (c *compare) holds(v string) bool {
	switch c.op {
	case opStarts:
		return c.table.begins(v)
	case opContains:
		return c.table.within(v)
	}
	return c.table.has(v)
}

// matches looks for one of several patterns in a field.
type matches struct {
	field    Field
	header   string
	patterns []*pattern
	said     string
	clause   string
}

func (m *matches) String() string { return m.said }

func (m *matches) eval(r *run) Truth {
	if r.unknown.Has(m.field) {
		return Unknown
	}
	if int(m.field) < texts {
		return m.find(r, r.text(m.field))
	}
	result := No
	for _, v := range r.all(m.field, m.header) {
		if result = result.or(m.find(r, v)); result == Yes {
			break
		}
	}
	return result
}

func (m *matches) find(r *run, v string) Truth {
	result := No
	for _, p := range m.patterns {
		found, err := p.match(&r.purse, v)
		if found {
			return Yes
		}
		if err != nil {
			r.trouble(m.said + ": " + err.Error())
			result = Failed
		}
	}
	return result
}

// bounds are those of a number, both included. With low above high they go round
// the clock or the week.
type bounds struct{ low, high int64 }

func (b bounds) has(n int64) bool {
	if b.low > b.high {
		return n >= b.low || n <= b.high
	}
	return b.low <= n && n <= b.high
}

// amounts compares a field that is counted.
type amounts struct {
	field  Field
	within []bounds
	said   string
	clause string
}

func (a *amounts) String() string { return a.said }

func (a *amounts) eval(r *run) Truth {
	if r.unknown.Has(a.field) {
		return Unknown
	}
	n := r.amount(a.field)
	for _, b := range a.within {
		if b.has(n) {
			return Yes
		}
	}
	return No
}

// isSo compares a field that is true or not.
type isSo struct {
	field        Field
	want         bool
	said, clause string
}

func (i *isSo) String() string { return i.said }

func (i *isSo) eval(r *run) Truth {
	if r.unknown.Has(i.field) {
		return Unknown
	}
	return truth(r.is(i.field) == i.want)
}
