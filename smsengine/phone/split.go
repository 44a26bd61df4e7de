package phone

import "strings"

// written is an address taken apart, before anybody asks what it means.
type written struct {
	local     string // without its quotes and escapes
	domain    string // as written
	quoted    bool   // the local part stood in quotes
	hasDomain bool
}

// split takes an address apart at the last "@" outside quotes.
func split(addr string) written {
	s := dropRoute(dropName(trim(addr)))
	if strings.HasPrefix(s, `"`) {
		if end := closing(s); end > 0 {
			w := written{local: unquote(s[1:end]), quoted: true}
			rest := trim(s[end+1:])
			if w.hasDomain = strings.HasPrefix(rest, "@"); w.hasDomain || rest == "" {
				w.domain = trim(strings.TrimPrefix(rest, "@"))
				w.local = unwrap(w.local)
				return w
			}
		}
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return written{local: s}
	}
	return written{local: trim(s[:at]), domain: trim(s[at+1:]), hasDomain: true}
}

// unwrap trims spaces and undoes the second layer of quotes that Evolution adds.
func unwrap(local string) string {
	local = trim(local)
	if strings.HasPrefix(local, `"`) && closing(local) == len(local)-1 {
		return trim(unquote(local[1 : len(local)-1]))
	}
	return local
}

// dropName takes the address out of "John Doe <address>". A name that could itself hide an address is left to be
// refused.
func dropName(s string) string {
	if !strings.HasSuffix(s, ">") {
		return s
	}
	open := strings.IndexByte(s, '<')
	if strings.HasPrefix(s, `"`) {
		end := closing(s)
		if end < 0 {
			return s
		}
		open = end + 1 + len(s[end+1:]) - len(trimLeft(s[end+1:]))
		if open >= len(s) || s[open] != '<' {
			return s
		}
	} else if open < 0 || strings.ContainsAny(s[:open], `@,;:"`) {
		return s
	}
	return trim(s[open+1 : len(s)-1])
}

// dropRoute removes a source route, "@a.test,@b.test:" (RFC 5321 appendix C).
func dropRoute(s string) string {
	if !strings.HasPrefix(s, "@") {
		return s
	}
	route, rest, found := strings.Cut(s, ":")
	if !found || strings.ContainsAny(route, "\"?=&+ ") {
		return s
	}
	return trim(rest)
}

// closing finds the quote that closes the one at s[0]; -1 if none does.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unquote undoes the backslashes of a quoted string. Those before letters and digits, which need none, stay:
// "p\\ass=" names no password, and Redact need not know it for one.
func unquote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && !isLetter(s[i+1]) && !isDigit(s[i+1]) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

func trim(s string) string     { return strings.Trim(s, " \t") }
func trimLeft(s string) string { return strings.TrimLeft(s, " \t") }
