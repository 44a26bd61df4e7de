// Package mistake is about what is wrong with the files that people write: the
// configuration, rules, and what they name. A mistake is told with its place and
// what to do about it, and all of a file's at once.
package mistake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with a file, where, and what to do about it.
type Problem struct {
	File   string
	Line   int    // from 1; 0: the file as a whole
	Column int    // octets, from 1; 0: it is about the line, or the key
	Key    string // "mail.from", "gateway[0].id"; "" if it is about no key
	What   string
	Remedy string
}

// String is one line: "postel.toml:12: access.senders: what is wrong; what to do",
// "outgoing.toml:12:4: what is wrong; what to do".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column > 0 {
		s += fmt.Sprintf(":%d", p.Column)
	}
	if p.Key != "" {
		s += ": " + p.Key
	}
	s += ": " + p.What
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Problems is everything that is wrong, in the order of files and lines.
type Problems []Problem

// Error gives one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts them in order. Those of one place stay as they were found.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
