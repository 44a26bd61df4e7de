package rule

import (
	"fmt"
	"slices"
	"strings"
)

// Remark is what a careful administrator wants to know of a rule.
type Remark struct {
	// Warning: it is probably not meant. Otherwise it is good to know.
	Warning bool
	Text    string
}

// Review looks for what is probably not meant: rules that are never asked, or
// whose gateway never counts. It says less than there may be, and nothing that is
// not so. The remarks stand in the order of the rules; the time grows with the
// square of the rules that end the list.
func (s *Set) Review() [][]Remark {
	all := make([][]Remark, len(s.rules))
	early := s.early()
	for i, r := range s.rules {
		if !r.Active {
			continue
		}
		warn := func(format string, args ...any) {
			all[i] = append(all[i], Remark{true, fmt.Sprintf(format, args...)})
		}
		if file, empty := emptyList(r.when); empty {
			warn("it never holds: %s is empty", file)
		} else if by := s.hides(i); by >= 0 {
			warn("it is never reached: rule %d, %q, holds whenever this one does, and ends the list", by+1, s.rules[by].Title)
		}
		if by := s.overrides(i); by >= 0 {
			warn("its gateway never counts: rule %d, %q, holds whenever this one does, and sets another", by+1, s.rules[by].Title)
		}
		if by := s.forwardsToo(i); by >= 0 {
			warn("rule %d, %q, forwards, too: where both hold, the second makes a copy; write stop = true if this one shall be all", by+1, s.rules[by].Title)
		}
		for _, n := range r.Notes {
			all[i] = append(all[i], Remark{Text: n})
		}
		if s.direction == Outgoing && r.verdict == Reject {
			all[i] = append(all[i], Remark{Text: early[i]})
		}
	}
	return all
}

// hides finds an earlier rule that ends the list for all that rule i could hold
// for; -1 for none.
func (s *Set) hides(i int) int {
	var changed Fields // by the rules from the earlier one to this
	for j := i - 1; j >= 0; j-- {
		r := s.rules[j]
		if !r.Active {
			continue
		}
		if (r.stop || r.verdict != GoOn) && readsOf(r.when)&changed == 0 && implied(r.when, s.rules[i].when) {
			return j
		}
		changed |= r.changes
	}
	return -1
}

// overrides finds a later rule that sets the gateway of everything for which rule
// i has set one; -1 for none.
func (s *Set) overrides(i int) int {
	if !sets[setGateway](s.rules[i]) || s.rules[i].stop || s.rules[i].verdict != GoOn {
		return -1
	}
	changed := s.rules[i].changes
	for j := i + 1; j < len(s.rules); j++ {
		r := s.rules[j]
		if !r.Active {
			continue
		}
		if sets[setGateway](r) && readsOf(r.when)&changed == 0 && implied(r.when, s.rules[i].when) {
			return j
		}
		if r.stop || r.verdict != GoOn {
			return -1
		}
		changed |= r.changes
	}
	return -1
}

// forwardsToo finds a later rule that forwards what rule i has forwarded; -1 for
// none. Who asks for routed knows what he does.
func (s *Set) forwardsToo(i int) int {
	if !forwards(s.rules[i]) || s.rules[i].stop || s.hides(i) >= 0 {
		return -1
	}
	for j := i + 1; j < len(s.rules); j++ {
		if r := s.rules[j]; r.Active && forwards(r) && !readsOf(r.when).Has(Routed) {
			return j
		}
	}
	return -1
}

func forwards(r *Rule) bool {
	return slices.ContainsFunc(r.actions, func(a action) bool { p, ok := a.(passOn); return ok && p.how == "forward" })
}

// sets reports whether a rule has an action of that type.
func sets[A action](r *Rule) bool {
	return slices.ContainsFunc(r.actions, func(a action) bool { _, ok := a.(A); return ok })
}

// early says of each rule whether what it refuses is refused at RCPT TO, where
// nothing is known of the text. It follows the rules as a preview does, for a
// message for which each of them may hold.
func (s *Set) early() []string {
	said := make([]string, len(s.rules))
	unknown, ended := Fields(BeforeText), -1
	for i, r := range s.rules {
		if !r.Active {
			continue
		}
		asks := readsOf(r.when) & unknown
		switch {
		case ended >= 0:
			said[i] = fmt.Sprintf("it refuses when the text is there, where until then rule %d, %q, may end the list; otherwise at RCPT TO", ended+1, s.rules[ended].Title)
		case asks&BeforeText != 0:
			said[i] = "it refuses when the text is there, where the answer depends on " + (asks & BeforeText).words() + "; otherwise at RCPT TO"
		case asks != 0:
			said[i] = "it refuses when the text is there, where rules above may change " + asks.words() + "; otherwise at RCPT TO"
		default:
			said[i] = "it refuses at RCPT TO"
		}
		switch {
		case asks != 0 && r.verdict != Reject && (r.verdict == Drop || r.stop) && ended < 0:
			ended = i
		case asks != 0:
			unknown |= r.changes
		}
		for _, a := range r.actions {
			if a.reads()&unknown != 0 {
				unknown |= a.changes()
			}
		}
	}
	return said
}

// words are the names of the fields, in a sentence.
func (fs Fields) words() string { return joined(fs.Names(), "and") }

// emptyList finds a list without a line on which the whole condition depends.
func emptyList(c condition) (file string, empty bool) {
	switch c := c.(type) {
	case *compare:
		_, file, _ = strings.Cut(c.said, " in ")
		return file, c.table.len() == 0
	case *group:
		if c.of != allOf {
			return "", false
		}
		for _, m := range c.written {
			if file, empty := emptyList(m); empty {
				return file, true
			}
		}
	}
	return "", false
}
