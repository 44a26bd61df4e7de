package lmtp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/postel-mail/postel/transport"
)

// repair rewrites a MAIL or RCPT line so that go-smtp reads it, and gives the
// path as it was written, without angle brackets, and what ORCPT says.
//
//   - A local part that should have been quoted (RFC 5321 §4.1.2) is quoted:
//     Sendmail and some clients send <sms:+15551234567@example.org>.
//   - A source route is dropped (RFC 5321 appendix C).
//   - An ORCPT with characters beyond US-ASCII, as Postfix sends it, becomes one
//     of type utf-8 (RFC 6533 §3).
//
// A line that makes no sense is left for go-smtp to refuse.
func repair(line string) (repaired, path, original string) {
	body := strings.TrimRight(line, "\r\n")
	colon := strings.IndexByte(body, ':')
	if colon < 0 {
		return line, "", ""
	}
	path, params, ok := cutPath(strings.Trim(body[colon+1:], " \t"))
	if !ok {
		return line, "", ""
	}
	if containsFold(params, "ORCPT=") {
		params, original = repairParams(params)
	}
	if params != "" && params[0] != ' ' {
		params = " " + params
	}
	return body[:colon+1] + "<" + quotePath(path) + ">" + params + "\r\n", path, original
}

// cutPath splits "<path> params". A path without brackets ends at a space.
func cutPath(s string) (path, params string, ok bool) {
	if s == "" {
		return "", "", false
	}
	if s[0] != '<' {
		end := outside(s, ' ')
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], !strings.ContainsAny(s[:end], "<>")
	}
	end := outside(s, '>')
	if end < 0 { // a lone quote mark
		end = strings.IndexByte(s, '>')
	}
	if end < 0 {
		return "", "", false
	}
	return s[1:end], s[end+1:], true
}

// outside is the index of the first c outside quoted strings, -1 if there is none.
func outside(s string, c byte) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == c:
			return i
		}
	}
	return -1
}

// quotePath gives the path without a source route, its local part quoted if it
// needs to be.
func quotePath(path string) string {
	path = strings.Trim(path, " \t")
	for strings.HasPrefix(path, "@") {
		route, rest, ok := strings.Cut(path, ":")
		if !ok || strings.Contains(route, `"`) {
			break
		}
		path = strings.Trim(rest, " \t")
	}
	if strings.HasPrefix(path, `"`) {
		if end := outside(path, '@'); end > 0 { // Postfix takes "a" @b, and so do we
			if local := strings.TrimRight(path[:end], " \t"); strings.HasSuffix(local, `"`) {
				return local + path[end:]
			}
		}
	}
	at := strings.LastIndexByte(path, '@')
	if at <= 0 || !strings.ContainsAny(path[:at], `@()<>[]:;\," `+"\t") {
		return path
	}
	return `"` + escaper.Replace(path[:at]) + `"` + path[at:]
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// repairParams rewrites the ORCPT among ESMTP parameters, and decodes it.
func repairParams(params string) (repaired, original string) {
	var b strings.Builder
	for field := range strings.FieldsSeq(params) {
		if len(field) > 6 && strings.EqualFold(field[:6], "ORCPT=") {
			original = transport.Original(field[6:])
			field = repairORCPT(field[6:], original)
		}
		if field != "" {
			b.WriteByte(' ')
			b.WriteString(field)
		}
	}
	return b.String(), original
}

// repairORCPT gives the parameter in a form that go-smtp reads, or "" if there
// is none: a type that is not a mail address, or control characters. It serves
// reports only, and no mail is refused for its sake.
func repairORCPT(value, original string) string {
	if _, encoded, ok := strings.Cut(value, ";"); !ok || encoded == "" {
		return "ORCPT=" + value // malformed: refused
	}
	kind, addr, _ := strings.Cut(original, ";")
	if kind != "rfc822" && kind != "utf-8" {
		return ""
	}
	ascii := strings.IndexFunc(addr, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	var b strings.Builder
	if ascii {
		b.WriteString("ORCPT=rfc822;")
	} else {
		b.WriteString("ORCPT=utf-8;")
	}
	for _, r := range addr {
		switch {
		case r > ' ' && r < utf8.RuneSelf && r != '+' && r != '=' && (ascii || r != '\\'):
			b.WriteRune(r)
		case ascii:
			fmt.Fprintf(&b, "+%02X", r)
		default:
			fmt.Fprintf(&b, `\x{%X}`, r)
		}
	}
	return b.String()
}

// containsFold reports whether s contains upper, which is in upper case, in any
// case.
func containsFold(s, upper string) bool {
	return strings.Contains(strings.ToUpper(s), upper)
}
