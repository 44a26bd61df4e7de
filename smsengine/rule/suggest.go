package rule

import (
	"slices"
	"strings"
)

// suggest names the one that was probably meant, or else all that there are.
func suggest(got string, known []string) string {
	slices.Sort(known)
	known = slices.Compact(known)
	best, distance := "", 3
	for _, k := range known {
		if d := edits(strings.ToLower(got), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(known) == 0:
		return "there are none"
	}
	return "there are " + strings.Join(known, ", ")
}

// edits is the number of octets to insert, drop or change to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
