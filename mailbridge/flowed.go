package mailbridge

import "strings"

// unflow joins the lines of a paragraph again (RFC 3676 §4.1). Quoted lines
// keep a "> " for each level.
func unflow(text string, delSp bool) string {
	var out strings.Builder
	out.Grow(len(text))
	depth, open := 0, false // of the paragraph being joined
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		quoted := strings.TrimLeft(line, ">")
		d := len(line) - len(quoted)
		line = strings.TrimPrefix(quoted, " ") // space-stuffing, §4.4

		if open && d != depth { // improperly formed, §4.5: the paragraph ends
			out.WriteByte('\n')
			open = false
		}
		signature := line == "-- "
		if open && signature {
			out.WriteByte('\n')
			open = false
		}
		if !open && d > 0 {
			out.WriteString(strings.Repeat(">", d) + " ")
		}
		soft := strings.HasSuffix(line, " ") && !signature
		if soft && delSp {
			line = line[:len(line)-1]
		}
		out.WriteString(line)
		if !soft {
			out.WriteByte('\n')
		}
		depth, open = d, soft
	}
	return out.String()
}
