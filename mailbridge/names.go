package mailbridge

import (
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine/phone"
)

// Bounds of the names that a mail gives.
const (
	maxNames = 200 // recipients that are looked at
	maxNamed = 80  // octets of a name
)

// NamesOf gives the display names that To and Cc have for phones, by number: what
// the writer's contacts call them. A name that says no more than the number or
// the address is none.
func NamesOf(m Mail, phones *phone.Parser) map[string]string {
	names := make(map[string]string)
	n := 0
	for _, field := range []string{"To", "Cc"} {
		for _, value := range m.Header.Values(field) {
			for _, piece := range splitList(value) {
				if n++; n > maxNames {
					return names
				}
				name, addr := namedAddress(piece)
				if name == "" || addr == "" {
					continue
				}
				r, isPhone, err := phones.Parse(addr)
				if !isPhone || err != nil || saysNumber(name, addr, r.Number) {
					continue
				}
				if _, known := names[r.Number]; !known {
					names[r.Number] = name
				}
			}
		}
	}
	return names
}

// namedAddress reads one element of a list of addresses: the display name, decoded
// and bounded, and the address without angle brackets.
func namedAddress(piece string) (name, addr string) {
	piece = strings.TrimRight(strings.TrimSpace(piece), ",; \t")
	open := topLevel(piece, '<')
	if open < 0 { // "john@example.org (John)" (RFC 5322 §3.4, obsolete)
		if start := strings.LastIndexByte(piece, '('); start > strings.LastIndexByte(piece, '@') && strings.HasSuffix(piece, ")") {
			return displayName(piece[start+1 : len(piece)-1]), strings.TrimSpace(piece[:start])
		}
		return "", piece
	}
	raw := piece[:open]
	addr = piece[open+1:]
	if end := closingAngle("<" + addr); end > 0 {
		addr = addr[:end-1]
	}
	return displayName(raw), strings.TrimSpace(addr)
}

// displayName decodes a phrase.
func displayName(raw string) string {
	name := decodeWords(unquoteName(raw))
	name = strings.Map(func(r rune) rune {
		if visible(r) < 0 || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for _, quote := range []string{"'", `"`} { // Outlook writes 'John'
		if len(name) > 2 && strings.HasPrefix(name, quote) && strings.HasSuffix(name, quote) {
			name = strings.TrimSpace(name[1 : len(name)-1])
		}
	}
	return phone.Redact(strings.TrimSpace(bounded(name, maxNamed)))
}

// saysNumber reports whether a name repeats what the address says: it is an
// address, the number behind a prefix, or has no letters.
func saysNumber(name, addr, number string) bool {
	if strings.EqualFold(name, addr) || strings.Contains(name, "@") {
		return true
	}
	if prefix, rest, ok := strings.Cut(name, ":"); ok && len(prefix) < 10 && strings.HasPrefix(digitsOf(rest), digitsOf(number)) {
		return true
	}
	return !strings.ContainsFunc(name, unicode.IsLetter)
}
