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
	case '\u00ad', '\u034f', '\u200b', '\u2060', '\ufeff', '\ufffc':
		return -1
	case '\u00a0', '\u202f':
		return ' '
	case '\u2028', '\u2029', '\u0085':
		return '\n'
	}
	switch {
	case r >= '\u2000' && r <= '\u200a': // spaces of all widths
		return ' '
	case unicode.IsControl(r):
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
	s = unjoined(strings.Map(visible, s))
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

// unjoined takes out the joiners that join nothing, with which newsletters fill
// their preview, and the marks of direction in a text that knows one direction.
func unjoined(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return joiner(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return s
	}
	turns := strings.ContainsFunc(s, rightToLeft)
	runes := []rune(s)
	out := runes[:0]
	for i, r := range runes {
		switch {
		case joiner(r):
			if i == 0 || i+1 == len(runes) || len(out) == 0 || !joined(out[len(out)-1]) || !joined(runes[i+1]) {
				continue
			}
		case unicode.Is(unicode.Bidi_Control, r) && !turns:
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// joined reports whether a joiner beside the character has a meaning: scripts
// that join letters, and emoji.
func joined(r rune) bool {
	return r > 0x500 && !unicode.IsSpace(r) && !joiner(r)
}

func rightToLeft(r rune) bool {
	return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}
