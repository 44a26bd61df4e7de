package phone

import (
	"strings"
	"unicode/utf8"
)

// maxLocal limits a local part in octets. RFC 5321 §4.5.3.1.1 has 64, but parameters need more.
const maxLocal = 1000

// Parse reads an envelope recipient: with or without angle brackets, display name, source route (RFC 5321 §4.1.1.3)
// and quotes. phone says whether the address is, or was meant to be, a phone; only then may err, an *Error, be set.
func (p *Parser) Parse(addr string) (r Recipient, phone bool, err error) {
	w := split(addr)
	d, home := domain{}, false
	if w.hasDomain {
		var ok bool
		if d, ok = p.served(w.domain); !ok {
			name, _, misplaced := strings.Cut(w.domain, "?")
			if _, ok = p.served(name); misplaced && ok {
				return Recipient{}, true, refuse(wrongSide)
			}
			return Recipient{}, false, nil
		}
		home = d.home
	}
	f := p.form(w.local, home)
	switch {
	case f.kind == noPhone:
		return Recipient{}, false, nil
	case !w.hasDomain:
		return Recipient{}, true, refuse(noDomain)
	}
	r, refused := p.read(w, f)
	if refused != nil {
		return Recipient{}, true, refused
	}
	r.Domain = d.name
	if home && r.Prefix == p.prefixes[0].name {
		r.Prefix = ""
	}
	return r, true, nil
}

// read makes the recipient of a local part whose form is known.
func (p *Parser) read(w written, f form) (Recipient, *Error) {
	rest := f.rest
	if f.kind == outlook {
		rest = decodeOutlook(rest)
	}
	switch {
	case len(w.local) > maxLocal:
		return Recipient{}, refuse(tooLongText)
	case !utf8.ValidString(rest) || hasControl(rest):
		return Recipient{}, refuse(badBytes)
	case strings.ContainsAny(w.local, ";,") || strings.ContainsAny(rest, ";,"):
		return Recipient{}, refuse(onlyOne)
	case f.kind == x400:
		return Recipient{}, refuse("write the number as sms:+15551234567 or SMS=+15551234567, without slashes")
	}
	digits, params, _ := strings.Cut(rest, "?")
	if strings.HasPrefix(strings.ToLower(digits), Mute) {
		return Recipient{}, refuse(mute)
	}
	if f.kind == colon {
		digits = strings.TrimPrefix(digits, "//")
	}
	r, err := p.recipient(f, digits)
	if err != nil {
		return Recipient{}, err
	}
	given, err := readParams(params, w.quoted)
	if err != nil {
		return Recipient{}, err
	}
	return r.with(given, f.prefix.defaults), nil
}

// recipient makes one of a written number, without parameters as yet.
func (p *Parser) recipient(f form, written string) (Recipient, *Error) {
	written, err := decode("number", written)
	if err != nil {
		return Recipient{}, refuse(badBytes)
	}
	number, short, err := p.number(written, f.kind == helper)
	if err != nil {
		return Recipient{}, err
	}
	return Recipient{Number: number, Short: short, Prefix: f.prefix.name, Account: f.prefix.account}, nil
}

func (r Recipient) with(given fields, defaults Params) Recipient {
	r.User, r.Password, r.Key, r.Params = given.user, given.pass, given.key, given.params.with(defaults)
	return r
}

// kind says how a number stands in a local part.
type kind uint8

const (
	noPhone kind = iota
	bare         // +15551234567
	colon        // sms:+15551234567
	equals       // SMS=+15551234567, RFC 3192
	helper       // sms+15551234567, a recipient delimiter
	outlook      // IMCEASMS-+2B15551234567
	x400         // /SMS=+15551234567/..., recognised to be refused in words
)

// form is a local part taken apart as far as its prefix.
type form struct {
	kind   kind
	prefix prefix
	rest   string // number and parameters
}

// form recognises what a local part means, before anything in it is checked. In a phone domain (home) everything
// but postmaster (RFC 5321 §4.5.1) means a phone.
func (p *Parser) form(local string, home bool) form {
	if home && lower(local) == "postmaster" {
		return form{}
	}
	start := strings.TrimLeft(local, " ;,") // clients that split recipients badly leave these
	for _, prefix := range p.prefixes {
		if rest, ok := cutFold(start, prefix.name); ok && rest != "" {
			switch rest[0] {
			case ':':
				return form{colon, prefix, rest[1:]}
			case '=':
				return form{equals, prefix, rest[1:]}
			case '+':
				return form{helper, prefix, rest[1:]}
			}
		}
		if rest, ok := cutFold(start, prefix.outlook); ok {
			return form{outlook, prefix, rest}
		}
		if rest, ok := cutFold(start, prefix.x400); ok {
			return form{x400, prefix, rest}
		}
	}
	if home || p.bare && bareNumber(start) {
		return form{bare, p.prefixes[0], local}
	}
	return form{}
}

// cutFold removes a lower-case prefix, whatever its case in s. Only ASCII letters have case here.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) {
		return s, false
	}
	for i := range len(prefix) {
		if c := s[i]; c != prefix[i] && (c|0x20 != prefix[i] || !isLetter(c)) {
			return s, false
		}
	}
	return s[len(prefix):], true
}

// decodeOutlook undoes the encoding of Exchange's IMCEA addresses: "+2B" for a character that is no letter or digit,
// "_" for a slash.
func decodeOutlook(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c, ok := unhex(s, i, '+'); ok && !isLetter(c) && !isDigit(c) {
			out = append(out, c)
			i += 2
		} else if s[i] == '_' {
			out = append(out, '/')
		} else {
			out = append(out, s[i])
		}
	}
	return string(out)
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
