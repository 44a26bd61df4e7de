package rule

import (
	"slices"
	"sort"
	"strings"
)

// table is a sorted list of texts in one piece of memory: a million numbers take
// 17 MB. It does not change.
type table struct {
	all string
	at  []uint32 // where each begins, and where the last ends
}

// newTable makes a table of texts, which it sorts. With prefixFree, a text that
// begins with another of them is left out: whatever begins with the one, or has it
// in it, begins with the other, or has it in it.
func newTable(list []string, prefixFree bool) *table {
	slices.Sort(list)
	kept, last, size := list[:0], "", 0
	for i, s := range list {
		if i > 0 && (s == last || prefixFree && strings.HasPrefix(s, last)) {
			continue
		}
		kept, last = append(kept, s), s
		size += len(s)
	}
	t := &table{at: make([]uint32, 1, len(kept)+1)}
	var b strings.Builder
	b.Grow(size)
	for _, s := range kept {
		b.WriteString(s)
		t.at = append(t.at, uint32(b.Len()))
	}
	t.all = b.String()
	return t
}

func (t *table) len() int           { return len(t.at) - 1 }
func (t *table) entry(i int) string { return t.all[t.at[i]:t.at[i+1]] }
func (t *table) before(s string) int { // the last entry that is not behind s, or -1
	return sort.Search(t.len(), func(i int) bool { return t.entry(i) > s }) - 1
}

// has reports whether s is in the table.
func (t *table) has(s string) bool {
	i := t.before(s)
	return i >= 0 && t.entry(i) == s
}

// begins reports whether s begins with a text of a table that is free of
// prefixes. If it does, no other text is between that one and s.
func (t *table) begins(s string) bool {
	i := t.before(s)
	return i >= 0 && strings.HasPrefix(s, t.entry(i))
}

// few is how many texts are looked for one by one.
const few = 4

// within reports whether a text of a table that is free of prefixes is in s.
func (t *table) within(s string) bool {
	if t.len() <= few {
		for i := range t.len() {
			if strings.Contains(s, t.entry(i)) {
				return true
			}
		}
		return false
	}
	for i := range s {
		if t.begins(s[i:]) {
			return true
		}
	}
	return false
}
