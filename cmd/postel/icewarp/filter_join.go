package icewarp

import "github.com/postel-mail/postel/cmd/postel/rulefile"

// maxBrackets bounds brackets in brackets.
const maxBrackets = 10

// joiner puts conditions together that are joined by "and" and "or" and stand in
// brackets. "And" binds tighter; where both stand beside each other that is said,
// for IceWarp's manual does not tell.
type joiner struct {
	c     *converter
	terms []term
	at    int
}

// balanced reports whether every bracket ends, behind where it begins.
func (j *joiner) balanced() bool {
	depth := 0
	for _, t := range j.terms {
		if depth += t.open; depth > maxBrackets {
			return false
		}
		if depth -= t.close; depth < 0 {
			return false
		}
	}
	return depth == 0
}

// any reads conditions up to the end, or to a closing bracket.
func (j *joiner) any() rulefile.Table {
	var members []rulefile.Table
	joined := false
	for {
		m, several := j.all()
		members, joined = append(members, m), joined || several
		if j.at == len(j.terms) || j.closing() {
			break
		}
	}
	if len(members) == 1 {
		return members[0]
	}
	if joined {
		j.c.left(`"and" and "or" stand beside each other without brackets; here "and" is taken to bind tighter`)
	}
	return rulefile.Field("any", members)
}

// closing reports whether the condition before ends the brackets that are open.
func (j *joiner) closing() bool { return j.at > 0 && j.terms[j.at-1].close > 0 }

// all reads conditions that are joined by "and".
func (j *joiner) all() (t rulefile.Table, several bool) {
	members := []rulefile.Table{j.one()}
	for j.at < len(j.terms) && !j.closing() && j.terms[j.at].and {
		members = append(members, j.one())
	}
	return allOf(members), len(members) > 1
}

// one reads a condition, or what stands in brackets.
func (j *joiner) one() rulefile.Table {
	t := &j.terms[j.at]
	if t.open == 0 {
		j.at++
		return t.when
	}
	t.open--
	when := j.any()
	j.terms[j.at-1].close--
	return when
}

// allOf joins conditions that must all hold: in one table if no key comes twice.
func allOf(members []rulefile.Table) rulefile.Table {
	var flat rulefile.Table
	seen := map[string]bool{}
	for _, m := range members {
		if isAlways(m) && len(members) > 1 {
			continue
		}
		for _, p := range m {
			if seen[p.Key] {
				return rulefile.Field("all", members)
			}
			seen[p.Key] = true
		}
		flat = append(flat, m...)
	}
	if len(flat) == 0 {
		return always()
	}
	return flat
}
