package imap

import (
	"errors"
	"strings"
)

// results is an Authentication-Results field (RFC 8601 §2.2).
type results struct {
	server  string // authserv-id
	methods []result
}

// result is what came of one method.
type result struct {
	method, result string            // lower case: "dmarc", "pass"
	properties     map[string]string // "header.from" → "example.org", names in lower case
}

var errResults = errors.New("not an Authentication-Results field")

// parseResults reads the value of a field. It is strict: what it does not
// understand proves nothing.
func parseResults(value string) (results, error) {
	s := &scanner{text: value}
	var r results
	var ok bool
	if r.server, ok = s.value(); !ok || r.server == "" {
		return r, errResults
	}
	if version, there := s.word(); there && version != "1" {
		return r, errResults
	}
	for s.next(';') {
		if s.end() {
			break // a semicolon at the end is not lawful, and seen
		}
		if s.keyword("none") {
			continue
		}
		m, ok := s.resinfo()
		if !ok {
			return r, errResults
		}
		r.methods = append(r.methods, m)
	}
	if !s.end() {
		return r, errResults
	}
	return r, nil
}

// resinfo is "dmarc=pass (comment) reason="…" header.from=example.org".
func (s *scanner) resinfo() (m result, ok bool) {
	m.properties = map[string]string{}
	if m.method, ok = s.word(); !ok {
		return m, false
	}
	if s.next('/') { // the version of the method
		if version, ok := s.word(); !ok || version != "1" {
			return m, false
		}
	}
	if !s.next('=') {
		return m, false
	}
	if m.result, ok = s.word(); !ok {
		return m, false
	}
	m.method, m.result = strings.ToLower(m.method), strings.ToLower(m.result)
	for !s.end() && !s.peek(';') {
		name, ok := s.word()
		if !ok {
			return m, false
		}
		if s.next('.') {
			property, ok := s.word()
			if !ok {
				return m, false
			}
			name += "." + property
		}
		if !s.next('=') {
			return m, false
		}
		value, ok := s.pvalue()
		if !ok {
			return m, false
		}
		name = strings.ToLower(name)
		if _, twice := m.properties[name]; twice {
			return m, false
		}
		m.properties[name] = value
	}
	return m, true
}

// scanner reads the tokens of a structured field, with white space and comments
// between them (RFC 5322 §3.2).
type scanner struct {
	text string
	bad  bool // a comment or a quoted string that does not end
}

// skip goes over white space and comments, which may stand in each other.
func (s *scanner) skip() {
	depth := 0
	for i := 0; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n':
			s.text = s.text[i:]
			return
		}
	}
	s.text, s.bad = "", s.bad || depth > 0
}

func (s *scanner) end() bool {
	s.skip()
	return s.text == "" && !s.bad
}

func (s *scanner) peek(c byte) bool {
	s.skip()
	return s.text != "" && s.text[0] == c
}

func (s *scanner) next(c byte) bool {
	if !s.peek(c) {
		return false
	}
	s.text = s.text[1:]
	return true
}

// word is a Keyword: letters, digits, "-" and "_" in use.
func (s *scanner) word() (string, bool) {
	return s.run(func(c byte) bool {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	})
}

// keyword takes the word if it is the next one, and nothing but the end of the
// result follows.
func (s *scanner) keyword(want string) bool {
	was := *s
	if got, ok := s.word(); ok && strings.EqualFold(got, want) && (s.end() || s.peek(';')) {
		return true
	}
	*s = was
	return false
}

// value is a token (RFC 2045 §5.1) or a quoted string.
func (s *scanner) value() (string, bool) {
	if s.peek('"') {
		return s.quoted()
	}
	return s.run(isToken)
}

// pvalue is a value, a domain, or an address. The beginning of a signature
// (header.b) has signs in it that should be quoted, and are not.
func (s *scanner) pvalue() (value string, ok bool) {
	if s.peek('"') {
		if value, ok = s.quoted(); !ok {
			return "", false
		}
	} else if value, ok = s.run(isValue); !ok && !s.peek('@') {
		return "", false
	}
	if !strings.HasPrefix(s.text, "@") {
		return value, true
	}
	s.text = s.text[1:]
	domain, ok := s.run(isToken)
	return value + "@" + domain, ok
}

// isToken says what a token is made of (RFC 2045 §5.1), with a colon, for IPv6
// addresses.
func isToken(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;\"/[]?=`, rune(c))
}

func isValue(c byte) bool { return isToken(c) || c == '/' || c == '=' || c == '?' }

func (s *scanner) run(in func(byte) bool) (string, bool) {
	s.skip()
	n := 0
	for n < len(s.text) && in(s.text[n]) {
		n++
	}
	token := s.text[:n]
	s.text = s.text[n:]
	return token, n > 0
}

func (s *scanner) quoted() (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\' && i+1 < len(s.text):
			i++
			b.WriteByte(s.text[i])
		case c == '"':
			s.text = s.text[i+1:]
			return b.String(), true
		default:
			b.WriteByte(c)
		}
	}
	s.text, s.bad = "", true
	return "", false
}
