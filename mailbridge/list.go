package mailbridge

import "strings"

// unfold takes the line breaks out of a value (RFC 5322 §2.2.3).
func unfold(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(s)
}

// splitList cuts a list of addresses behind each comma or semicolon that
// separates. Joined, the pieces are the list.
func splitList(value string) []string {
	var pieces []string
	for value != "" {
		end := len(value)
		if i := topLevelAny(value, ",;"); i >= 0 {
			end = i + 1
		}
		pieces = append(pieces, value[:end])
		value = value[end:]
	}
	return pieces
}

// topLevel finds a character outside quoted strings, comments and angle
// brackets; -1 if there is none.
func topLevel(s string, c byte) int { return topLevelAny(s, string(rune(c))) }

// topLevelAny finds the first of some characters there.
func topLevelAny(s, chars string) int {
	quoted, angle, depth := false, false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && (quoted || depth > 0):
			i++
		case s[i] == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth > 0:
		case !angle && strings.IndexByte(chars, s[i]) >= 0:
			return i
		case s[i] == '<':
			angle = true
		case s[i] == '>':
			angle = false
		}
	}
	return -1
}

// closingAngle finds the bracket that closes the one at s[0], outside quoted
// strings; -1 if there is none.
func closingAngle(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// unquoteName takes the quotes and backslashes off a phrase.
func unquoteName(raw string) string {
	var out strings.Builder
	raw = strings.TrimSpace(raw)
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == '\\' && i+1 < len(raw):
			i++
			out.WriteByte(raw[i])
		case raw[i] != '"':
			out.WriteByte(raw[i])
		}
	}
	return out.String()
}
