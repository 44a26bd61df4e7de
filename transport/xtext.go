package transport

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Xtext decodes xtext (RFC 3461 §4), as ORCPT and ENVID are written. A "+"
// without two hexadecimal digits stands for itself: not every MTA encodes it.
func Xtext(s string) string {
	if !strings.Contains(s, "+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// UTF8Xtext decodes utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533 §3), taking
// what is not "\x{HEX}" for itself.
func UTF8Xtext(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		digits, rest, ok := strings.Cut(after, "}")
		v, err := strconv.ParseUint(digits, 16, 21)
		if !ok || err != nil || !utf8.ValidRune(rune(v)) {
			b.WriteString(`\x{`)
			s = after
			continue
		}
		b.WriteRune(rune(v))
		s = rest
	}
}
