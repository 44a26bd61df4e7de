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

// Original decodes ORCPT (RFC 3461 §4.2, RFC 6533 §3): the type in lower case, ";"
// and the address. An address beyond US-ASCII is of type utf-8, even where an MTA
// calls it rfc822. What is malformed is "".
func Original(orcpt string) string {
	kind, addr, _ := strings.Cut(orcpt, ";")
	kind = strings.ToLower(kind)
	if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	if kind == "utf-8" {
		addr = UTF8Xtext(addr)
	} else {
		addr = Xtext(addr)
	}
	addr = strings.ToValidUTF8(addr, "\uFFFD")
	if addr == "" || strings.ContainsFunc(addr, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	if foreign := strings.ContainsFunc(addr, func(r rune) bool { return r >= utf8.RuneSelf }); foreign && kind != "utf-8" {
		if kind != "rfc822" {
			return ""
		}
		kind = "utf-8"
	}
	return kind + ";" + addr
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
