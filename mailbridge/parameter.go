package mailbridge

import (
	"net/url"
	"strconv"
	"strings"
)

// mediaType reads a Content-Type or Content-Disposition, malformed ones too: names
// and the type are in lower case, values as they came, or decoded if RFC 2231
// encodes them. The first of two parameters of a name counts.
func mediaType(v string) (string, map[string]string) {
	pieces := splitParameters(v)
	kind := strings.ToLower(strings.TrimSpace(pieces[0]))
	if i := strings.IndexAny(kind, " \t("); i > 0 {
		kind = kind[:i]
	}
	params := make(map[string]string, len(pieces)-1)
	var long continuations
	for _, p := range pieces[1:] {
		name, value, ok := strings.Cut(p, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			continue
		}
		value = unquoteValue(strings.TrimSpace(value))
		if base, rest, starred := strings.Cut(name, "*"); starred {
			long.add(base, rest, value)
		} else if _, known := params[name]; !known {
			params[name] = value
		}
	}
	long.into(params)
	return kind, params
}

// splitParameters cuts at the semicolons outside quoted strings. A quoted string
// that never ends holds nothing back.
func splitParameters(v string) []string {
	var pieces []string
	for {
		i := 0
		for i < len(v) && v[i] != ';' {
			if v[i] == '"' {
				if n := quotedLength(v[i:]); n > 0 {
					i += n
					continue
				}
			}
			i++
		}
		pieces = append(pieces, v[:i])
		if i == len(v) {
			return pieces
		}
		v = v[i+1:]
	}
}

// quotedLength is that of the quoted string at the beginning, 0 without an end.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// unquoteValue takes the quotes off. A backslash before anything but a quote or
// another one is of a Windows path that nobody escaped.
func unquoteValue(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	if n := quotedLength(s); n > 0 {
		s = s[1 : n-1]
	} else {
		s = s[1:]
	}
	if strings.Contains(s, `\`) {
		s = unquoting.Replace(s)
	}
	return s
}

// continuations are the parameters of RFC 2231: pieces of one value (§3), and
// values with charset and language (§4).
type continuations map[string]*pieces

type pieces struct {
	list    map[int]string
	charset string
	encoded bool
}

// add takes one in: rest is what stands behind the first "*" of its name, "",
// "0" or "0*".
func (c *continuations) add(base, rest, value string) {
	const most = 100
	number, encoded := strings.CutSuffix(rest, "*")
	n, err := strconv.Atoi(number)
	switch {
	case rest == "":
		n, encoded = 0, true
	case err != nil || n < 0 || n >= most:
		return
	}
	if *c == nil {
		*c = make(continuations)
	}
	p := (*c)[base]
	if p == nil {
		p = &pieces{list: make(map[int]string)}
		(*c)[base] = p
	}
	if encoded {
		p.encoded = true
		if n == 0 {
			if charset, tail, ok := strings.Cut(value, "'"); ok {
				if _, text, ok := strings.Cut(tail, "'"); ok {
					p.charset, value = charset, text
				}
			}
		}
		if octets, err := url.PathUnescape(value); err == nil {
			value = octets
		}
	}
	if _, known := p.list[n]; !known {
		p.list[n] = value
	}
}

// into puts the values together. They are better than the plain ones of the same
// name, which are for programs that know no others.
func (c continuations) into(params map[string]string) {
	for base, p := range c {
		var value strings.Builder
		for n := range len(p.list) {
			value.WriteString(p.list[n])
		}
		if p.encoded {
			params[base] = decodeText([]byte(value.String()), p.charset)
		} else {
			params[base] = value.String()
		}
	}
}
