package mailbridge

import (
	"strings"
	"unicode/utf8"
)

// decodeWords decodes RFC 2047 encoded words, and raw 8-bit text as seen in the
// wild: words inside quoted strings, with spaces in them, with a charset that
// does not exist. Octets of neighbouring words of one charset are decoded
// together, since many programs cut characters in two. What is no encoded word
// stays. The result is one line of valid UTF-8.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		if !utf8.ValidString(s) {
			s = guess([]byte(s))
		}
		return oneLine(s)
	}
	var out strings.Builder
	var raw []byte // of the words before, not yet decoded
	label := ""
	flush := func() {
		if label != "" {
			out.WriteString(decodeText(raw, label))
		}
		raw, label = nil, ""
	}
	for s != "" {
		start := strings.Index(s, "=?")
		if start < 0 {
			start = len(s)
		}
		word, octets, n := encodedWord(s[start:])
		if n == 0 {
			flush()
			start = min(start+2, len(s)) // what looks like a word and is none
			out.WriteString(asUTF8(s[:start]))
			s = s[start:]
			continue
		}
		if between := s[:start]; label == "" || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(asUTF8(between))
		} else if !strings.EqualFold(label, word) {
			flush()
		}
		label, raw = word, append(raw, octets...)
		s = s[start+n:]
	}
	flush()
	return oneLine(out.String())
}

func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return guess([]byte(s))
}

// encodedWord reads the word at the beginning of s: "=?charset*language?B?…?=".
// n is its length, 0 if there is none.
func encodedWord(s string) (label string, octets []byte, n int) {
	const longest = 4000 // RFC 2047 §2 allows 75
	if !strings.HasPrefix(s, "=?") {
		return "", nil, 0
	}
	label, rest, ok := strings.Cut(s[2:], "?")
	if !ok || label == "" || len(label) > 60 || strings.ContainsAny(label, " \t\"<>") || len(rest) < 2 || rest[1] != '?' {
		return "", nil, 0
	}
	encoding, text := rest[0], rest[2:]
	end := strings.Index(text[:min(len(text), longest)], "?=")
	if end < 0 {
		return "", nil, 0
	}
	n = len(s) - len(text) + end + 2
	text = text[:end]
	label, _, _ = strings.Cut(label, "*") // RFC 2231 §5
	switch encoding {
	case 'B', 'b':
		t := newTransfer("base64")
		octets = t.decode(t, nil, []byte(text))
	case 'Q', 'q':
		octets = wordQ(text)
	default:
		return "", nil, 0
	}
	return label, octets, n
}

// wordQ decodes the Q encoding (RFC 2047 §4.2).
func wordQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
			continue
		case s[i] == '=' && i+2 < len(s):
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
