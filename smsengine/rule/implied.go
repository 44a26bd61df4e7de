package rule

import (
	"slices"
	"strings"
)

// implied reports whether c holds whenever by does, for the same message. It may
// say no where that is so, and never yes where it is not.
func implied(c, by condition) bool {
	if c == condition(always{}) || alike(c, by) {
		return true
	}
	if g, ok := by.(*group); ok && g.of != noneOf {
		return byGroup(c, g)
	}
	if g, ok := c.(*group); ok && g.of != noneOf {
		return groupImplied(g, by)
	}
	switch c := c.(type) {
	case *compare:
		by, ok := by.(*compare)
		return ok && c.field == by.field && strings.EqualFold(c.header, by.header) && c.covers(by)
	case *amounts:
		by, ok := by.(*amounts)
		return ok && c.field == by.field && c.covers(by)
	}
	return false
}

// alike reports whether two conditions are written alike.
func alike(a, b condition) bool {
	g, ok := a.(*group)
	h, also := b.(*group)
	if !ok || !also {
		return ok == also && a.String() == b.String()
	}
	return g.of == h.of && slices.EqualFunc(g.written, h.written, alike)
}

// byGroup is implied where the one that holds is a group: one of its members says
// so, or of "any" all of them.
func byGroup(c condition, by *group) bool {
	if g, ok := c.(*group); ok && g.of == allOf { // each of its members for itself
		return groupImplied(g, by)
	}
	for _, m := range by.members {
		if one := implied(c, m); one != (by.of == anyOf) {
			return one
		}
	}
	if by.of == anyOf {
		return len(by.members) > 0
	}
	g, ok := c.(*group)
	return ok && g.of == anyOf && groupImplied(g, by)
}

// groupImplied is implied where the one that is asked about is a group.
func groupImplied(c *group, by condition) bool {
	for _, m := range c.members {
		if one := implied(m, by); one != (c.of == allOf) {
			return one
		}
	}
	return c.of == allOf
}

// covers reports whether every text that by is true of has c true of it, too.
func (c *compare) covers(by *compare) bool {
	for i := range by.table.len() {
		v := by.table.entry(i)
		switch c.op + " by " + by.op {
		case "is by is", "starts by is", "starts by starts", "contains by is", "contains by starts", "contains by contains":
			if !c.holds(v) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// covers reports whether each of the bounds of by is within one of c.
func (a *amounts) covers(by *amounts) bool {
	for _, b := range by.within {
		found := false
		for _, w := range a.within {
			if w.low <= w.high && b.low <= b.high {
				found = found || w.low <= b.low && b.high <= w.high
			} else {
				found = found || w == b
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// readsOf are the fields that a condition looks at.
func readsOf(c condition) (fs Fields) {
	switch c := c.(type) {
	case *group:
		for _, m := range c.members {
			fs |= readsOf(m)
		}
	case *compare:
		return FieldSet(c.field)
	case *matches:
		return FieldSet(c.field)
	case *amounts:
		return FieldSet(c.field)
	case *isSo:
		return FieldSet(c.field)
	case *expression:
		return c.reads
	}
	return fs
}

// Reads are the fields that active rules look at: in conditions, and where they
// rewrite one by what it says.
func (s *Set) Reads() (fs Fields) {
	for _, r := range s.rules {
		if !r.Active {
			continue
		}
		fs |= readsOf(r.when) | r.reason.reads()
		for _, a := range r.actions {
			fs |= a.reads()
		}
	}
	return fs
}

// Headers are the names of the header fields that conditions look at.
func (s *Set) Headers() (names []string) {
	var look func(condition)
	look = func(c condition) {
		switch c := c.(type) {
		case *group:
			for _, m := range c.members {
				look(m)
			}
		case *compare:
			names = append(names, c.header)
		case *matches:
			names = append(names, c.header)
		}
	}
	for _, r := range s.rules {
		if r.Active {
			look(r.when)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}
