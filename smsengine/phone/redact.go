package phone

import "strings"

// Redact replaces the values of pass= and key= (also of password=, passwd= and pwd=) by "***" in any text: an
// address, a header, a log line, an SMTP dialogue. It knows the "=" also percent-encoded and as xtext "+3D" (RFC 3461
// §4), to any depth, as "=3D" of quoted-printable, and as Unicode escapes (RFC 6533 §3, JSON). Where the end of a
// value is in doubt it takes more rather than less. It is idempotent, and gives s itself where there is nothing to
// hide.
func Redact(s string) string {
	var out strings.Builder
	done := 0             // s[:done] is written to out
	quotes := quotation{} // whether s[i] stands in a quoted string
	for i := 0; i < len(s); {
		c := s[i]
		if c|0x20 == 'p' || c|0x20 == 'k' {
			if start, sign, ok := secretAt(s, i); ok {
				end := start
				if !masked(s[start:], sign) {
					end = valueEnd(s, start, sign, quotes.open, inAddress(s, i))
				}
				if end > start {
					out.WriteString(s[done:start])
					out.WriteString(mask)
					done = end
				}
				i = max(end, i+1)
				continue
			}
		}
		i += quotes.step(s, i)
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// quotation follows the quoted strings (RFC 5322 §3.2.4) of a text; they do not outlive a line that is not folded.
type quotation struct{ open bool }

// step takes s[i] in and gives how far to go on.
func (q *quotation) step(s string, i int) int {
	switch s[i] {
	case '\\':
		if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			return 2
		}
	case '"':
		q.open = !q.open
	case '\n':
		if !folded(s, i) {
			q.open = false
		}
	}
	return 1
}

// folded reports whether the line break at s[i] is folding white space.
func folded(s string, i int) bool { return i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '\t') }

var secretNames = [...]string{"password", "passwd", "pass", "pwd", "key"}

// secretAt reports whether the name of a secret and an equals sign stand at s[i], where its value starts, and how the
// sign is written.
func secretAt(s string, i int) (start int, sign string, ok bool) {
	for _, name := range secretNames {
		rest, found := cutFold(s[i:], name)
		if !found {
			continue
		}
		bare := strings.TrimLeft(rest, " \t\r\n")
		sign := equalsSign(bare)
		if sign == "" || !wordStart(s, i) {
			continue
		}
		value := bare[len(sign):]
		if len(bare) < len(rest) { // "pass = x"
			value = trimLeft(value)
		}
		return len(s) - len(value), sign, true
	}
	return 0, "", false
}

// equalsSign gives the equals sign that s begins with, as it is written there; "" if there is none.
func equalsSign(s string) string {
	if s == "" {
		return ""
	}
	switch s[0] {
	case '=':
		return s[:1]
	case '%', '+': // and these encoded again: "%253D", "%2B3D"
		n := 1
		for nested(s[n:]) {
			n += 2
		}
		if _, ok := cutFold(s[n:], "3d"); ok {
			return s[:n+2]
		}
	case '\\':
		for _, written := range [...]string{`\x{3d}`, `\u003d`} {
			if _, ok := cutFold(s, written); ok {
				return s[:len(written)]
			}
		}
	}
	return ""
}

// nested reports whether s begins with the digits of an encoded "%" or "+".
func nested(s string) bool {
	return len(s) >= 2 && s[0] == '2' && (s[1] == '5' || s[1]|0x20 == 'b')
}

// ampersand is written the way the equals sign was; in a value after a plain "=" an escaped one is part of the value.
func ampersand(sign string) string {
	if n := len(sign) - 2; n > 0 && sign[0] != '\\' {
		return sign[:n] + "26"
	}
	if strings.HasPrefix(sign, `\u`) {
		return `\u0026`
	}
	return "&"
}

// wordStart reports whether a name may begin at s[i]: behind no letter or digit, unless that ends an escape.
func wordStart(s string, i int) bool {
	return i == 0 || !isDigit(s[i-1]) && !isLetter(s[i-1]) || escapeEnds(s[:i])
}

// escapeEnds reports whether s ends in an escape such as %26, %2526, +26, =26, \u0026 or \n.
func escapeEnds(s string) bool {
	n := len(s)
	if n >= 2 && s[n-2] == '\\' || n >= 6 && s[n-6:n-4] == `\u` {
		return true
	}
	if n < 3 || hexValue(s[n-1]) > 15 || hexValue(s[n-2]) > 15 {
		return false
	}
	n -= 2
	for n > 2 && nested(s[n-2:]) {
		n -= 2
	}
	return s[n-1] == '%' || s[n-1] == '+' || s[n-1] == '='
}

// inAddress reports whether the name at s[i] follows a "?" or "&", plain or as an escape.
func inAddress(s string, i int) bool {
	before := strings.TrimRight(s[:i], " \t\r\n")
	return strings.HasSuffix(before, "?") || strings.HasSuffix(before, "&") || strings.HasSuffix(before, "&amp;") ||
		strings.HasSuffix(before, "}") || escapeEnds(before)
}

// masked reports whether a value was redacted before.
func masked(value, sign string) bool {
	rest, ok := strings.CutPrefix(value, mask)
	return ok && (rest == "" || strings.IndexByte(" \t\r\n\"&<>@", rest[0]) >= 0 || strings.HasPrefix(rest, ampersand(sign)))
}

// maxLook bounds the search for the end of an address with spaces in it.
const maxLook = 2 * maxLocal

// valueEnd finds where the value that starts at s[start] ends.
func valueEnd(s string, start int, sign string, quoted, address bool) int {
	if quoted {
		return quotedEnd(s, start, sign)
	}
	value := s[start:]
	end := tokenEnd(value, sign)
	if strings.HasPrefix(value, `"`) { // name="value"
		end = stringEnd(value)
		if rest := value[end:]; !strings.HasPrefix(rest, "@") {
			end += tokenEnd(rest, sign)
		}
		return start + end
	}
	if !address || strings.HasPrefix(value[end:], "&") || strings.HasPrefix(value[end:], ampersand(sign)) {
		return start + end
	}
	return start + addressEnd(value, end)
}

// quotedEnd ends a value inside a quoted string: at the next parameter or the closing quote.
func quotedEnd(s string, start int, sign string) int {
	and := ampersand(sign)
	for i := start; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '&' || strings.HasPrefix(s[i:], and) || s[i] == '\n' && !folded(s, i):
			return i
		case s[i] == '\\':
			i++
		}
	}
	return len(s)
}

// stringEnd ends a value that is itself a quoted string: behind its closing quote, or with the line.
func stringEnd(value string) int {
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '"':
			return i + 1
		case '\n':
			return i
		case '\\':
			i++
		}
	}
	return len(value)
}

// tokenEnd ends a value outside quotes: at the next parameter, white space, quote or angle bracket.
func tokenEnd(value, sign string) int {
	and := ampersand(sign)
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '&', ' ', '\t', '\r', '\n', '"', '<', '>':
			return i
		case '=':
			if strings.HasPrefix(value[i:], "=\n") { // a soft line break (RFC 2045 §6.7)
				i++
			} else if strings.HasPrefix(value[i:], "=\r\n") {
				i += 2
			}
		}
		if strings.HasPrefix(value[i:], and) {
			return i
		}
	}
	return len(value)
}

// addressEnd ends the last value of an address that lost its quotes, and may have spaces in it: before the domain.
func addressEnd(value string, token int) int {
	look := value[:min(len(value), maxLook)]
	if token > len(look) {
		look = value[:token]
	}
	if stop := strings.IndexAny(look[token:], "&<>\r\n"); stop >= 0 {
		look = look[:token+stop]
	}
	if quote := strings.Index(look[token:], `"@`); quote >= 0 {
		return token + quote
	}
	if at := strings.LastIndexByte(value[:token], '@'); at >= 0 {
		return at
	}
	if at := strings.IndexByte(look[token:], '@'); at >= 0 {
		return token + at
	}
	return token
}
