package mailbridge

import (
	"unicode/utf16"
	"unicode/utf8"
)

// decodeUTF7 decodes UTF-7 (RFC 2152), which Outlook Express wrote. What is
// malformed stays as it is.
func decodeUTF7(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out = append(out, b[i])
			continue
		}
		start := i + 1
		end := start
		for end < len(b) && b[end] != '-' && b[end] != '_' && base64Value[b[end]] < 64 {
			end++
		}
		if end == start { // "+-" is a plus
			out = append(out, '+')
			if end < len(b) && b[end] == '-' {
				i++
			}
			continue
		}
		t := newTransfer("base64")
		octets := t.decode(t, nil, b[start:end])
		units := make([]uint16, 0, len(octets)/2)
		for j := 0; j+1 < len(octets); j += 2 {
			units = append(units, uint16(octets[j])<<8|uint16(octets[j+1]))
		}
		for _, r := range utf16.Decode(units) {
			out = utf8.AppendRune(out, r)
		}
		if end < len(b) && b[end] == '-' {
			end++
		}
		i = end - 1
	}
	if !utf8.Valid(out) {
		return guess(out)
	}
	return string(out)
}
