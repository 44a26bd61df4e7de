package mailbridge

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// visible maps a character to what a text shows of it. Those that only steer a
// page's layout go: they cost space, and some force UCS-2.
func visible(r rune) rune {
	switch r {
	case '\n', '\t':
		return r
	case '\u00ad', '\u034f', '\u200b', '\u2060', '\ufeff':
		return -1
	case '\u00a0':
		return ' '
	}
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// tidy makes a text fit to be shown on a phone: composed characters (a
// decomposed é would force UCS-2), no control characters, no blank lines at
// either end and no two in a row. A line keeps the spaces at its end.
func tidy(s string) string {
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	s = strings.Map(visible, s)
	var out strings.Builder
	out.Grow(len(s))
	blank := 0
	for line := range strings.Lines(norm.NFC.String(s)) {
		if strings.TrimSpace(line) == "" {
			blank++
			continue
		}
		if blank > 0 && out.Len() > 0 {
			out.WriteByte('\n')
		}
		blank = 0
		out.WriteString(line)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
