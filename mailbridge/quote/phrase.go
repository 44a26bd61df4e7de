package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxFolded is how much of a line the rules look at, in octets. No mark of a
// mail program is longer.
const maxFolded = 1000

// folded makes a line comparable: lower case, composed, single plain spaces, plain
// quotation marks, and nothing that cannot be seen. It is empty only if nothing
// can be seen of the line.
func folded(line string) string {
	if plain, ok := foldedASCII(line); ok {
		return plain
	}
	for line != "" {
		head := bounded(line, maxFolded)
		if head == "" {
			return "?" // not UTF-8
		}
		words := strings.ToLower(norm.NFC.String(strings.Map(foldedRune, head)))
		if words = strings.Join(strings.Fields(words), " "); words != "" {
			return words
		}
		line = line[len(head):]
	}
	return ""
}

// foldedASCII is folded for most lines.
func foldedASCII(line string) (string, bool) {
	if len(line) > maxFolded {
		return "", false
	}
	words := make([]byte, 0, len(line))
	gap := false
	for i := range len(line) {
		c := line[i]
		switch {
		case c >= utf8.RuneSelf:
			return "", false
		case c == ' ' || c >= '\t' && c <= '\r':
			gap = len(words) > 0
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '`':
			c = '\''
		}
		if gap {
			words, gap = append(words, ' '), false
		}
		words = append(words, c)
	}
	return string(words), true
}

// bounded cuts a text to at most n octets, between characters.
func bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func foldedRune(r rune) rune {
	switch r {
	case '’', '‘', '`', '´', 'ʼ':
		return '\''
	case '“', '”', '„', '«', '»':
		return '"'
	case '‐', '‑':
		return '-'
	case '：':
		return ':'
	case '（':
		return '('
	case '）':
		return ')'
	}
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// phrases is a set of folded phrases. They are compared with text as it is
// folded.
type phrases []string

// in reports whether one of the phrases is in s, as whole words.
func (p phrases) in(s string) bool {
	for _, phrase := range p {
		if hasWords(s, phrase, true) {
			return true
		}
	}
	return false
}

// stems gives how many of the phrases are in s, as beginnings of words.
func (p phrases) stems(s string) int {
	n := 0
	for _, phrase := range p {
		if hasWords(s, phrase, false) {
			n++
		}
	}
	return n
}

// begin gives the longest of the phrases that s begins with, as whole words.
func (p phrases) begin(s string) string {
	longest := ""
	for _, phrase := range p {
		if s == "" || phrase[0] != s[0] {
			continue // which is most of them
		}
		if len(phrase) > len(longest) && strings.HasPrefix(s, phrase) && !joins(s, len(phrase)) {
			longest = phrase
		}
	}
	return longest
}

func (p phrases) has(s string) bool {
	for _, phrase := range p {
		if phrase == s {
			return true
		}
	}
	return false
}

// hasWords reports whether s has the phrase at the beginning of a word, and, if
// whole, up to the end of one.
func hasWords(s, phrase string, whole bool) bool {
	for at := 0; ; {
		i := strings.Index(s[at:], phrase)
		if i < 0 {
			return false
		}
		i += at
		if at = i + len(phrase); !joins(s, i) && (!whole || !joins(s, at)) {
			return true
		}
	}
}

// joins reports whether a word goes on across s[:i] and s[i:]. Where words are
// written without gaps, any place is the end of one.
func joins(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	return inWord(before) && inWord(after)
}

func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
