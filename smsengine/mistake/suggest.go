package mistake

import "strings"

// Suggest names the one that was probably meant, or else all that there are.
func Suggest(got string, known []string) string {
	if best, ok := Meant(got, known); ok {
		return "did you mean " + best + "?"
	}
	if len(known) == 0 {
		return "there are none"
	}
	return "there are " + strings.Join(known, ", ")
}

// Meant gives the known word that another was probably meant to be: the nearest,
// if it is less than three letters away, whatever their case.
func Meant(got string, known []string) (best string, ok bool) {
	distance := 3
	for _, k := range known {
		if d := edits(strings.ToLower(got), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best, distance < 3
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
