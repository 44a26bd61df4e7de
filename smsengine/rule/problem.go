package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with a file, where, and what to do about it.
type Problem struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Column int // octets, from 1
	What   string
	Remedy string
}

// String is one line: "outgoing.toml:12:4: what is wrong; what to do".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	s += ": " + p.What
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Problems is everything that is wrong, in the order of the lines.
type Problems []Problem

// Error gives one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
