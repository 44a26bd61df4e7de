package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
)

// destination is what a rewritten To says.
type destination struct {
	number  string
	gateway string // "": none said
	params  []Param
}

// readTo reads a rewritten To:
//
//	+15551234567                          a number
//	+15551234567@us                       and the gateway that it goes through
//	+15551234567@sms.example.org          a domain of ours says nothing
//	+15551234567@us&sender=Pump&maxmsgs=3 and parameters, behind "&" or "?"
//
// Of several "@" the last counts. What stands behind it and is neither a gateway
// nor a domain of ours is an error: an address is mail only where a rule forwards. The number that it was
// needs no reading.
func (s *Set) readTo(to, number string) (destination, error) {
	var d destination
	address, params := to, ""
	if i := strings.IndexAny(to, "?&"); i >= 0 {
		address, params = to[:i], to[i+1:]
	}
	written, rest, more := strings.Cut(address, "@")
	if more {
		host := rest[strings.LastIndexByte(rest, '@')+1:]
		switch name, known := s.gatewayNamed(host); {
		case known:
			d.gateway = name
		case host == "" || slices.ContainsFunc(s.domains, func(d string) bool { return strings.EqualFold(d, host) }):
		default:
			return d, fmt.Errorf("%.60q is neither a gateway nor a domain of ours; an address is mail only where a rule forwards", host)
		}
	}
	var err error
	if d.number = number; written != number || written == "" {
		d.number, err = s.number(written)
	}
	if err != nil {
		return d, fmt.Errorf("%.60q is no number: %w", written, unclassed(err))
	}
	read, err := phone.ParseParams(params)
	if err != nil {
		return d, unclassed(err)
	}
	for _, p := range read {
		switch {
		case p.Name == "authenticated":
		case p.Name == "id" && d.gateway == "":
			name, known := s.gatewayNamed(p.Value)
			if !known {
				return d, fmt.Errorf("id=%.60q names no gateway", p.Value)
			}
			d.gateway = name
		case p.Name != "id":
			d.params = append(d.params, Param(p))
		}
	}
	return d, nil
}

// unclassed is what package phone says, without the code for a mail server.
func unclassed(err error) error {
	if e, ok := errors.AsType[*phone.Error](err); ok {
		return errors.New(e.Text)
	}
	return err
}

// gatewayNamed finds a gateway, if need be in other letters. Where nobody has said
// which there are, every name is one.
func (s *Set) gatewayNamed(name string) (string, bool) {
	if s.gateways == nil {
		return name, name != "" && !strings.Contains(name, ".")
	}
	if slices.Contains(s.gateways, name) {
		return name, true
	}
	i := slices.IndexFunc(s.gateways, func(g string) bool { return strings.EqualFold(g, name) })
	if i < 0 {
		return "", false
	}
	return s.gateways[i], true
}

// number reads a number as the site does.
func (s *Set) number(written string) (string, error) {
	if s.readNumber != nil {
		return s.readNumber(written)
	}
	if plain := plainNumber(written); len(plain) >= 3 && len(plain) <= 6 && strings.Trim(plain, "0123456789") == "" {
		return plain, nil // a short code
	}
	return phone.ParseNumber(written, "")
}

// encode writes a value so that it stays one value of a rewritten To.
func encode(value string) string {
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// target is where a copy goes: a mailbox, a number, or whoever's turn it is.
type target struct {
	mail, number string
	rota         *rota
}

func (t target) String() string {
	if t.rota != nil {
		return t.rota.String()
	}
	return t.mail + t.number
}

// readTarget reads one of a rule's targets. A number at a domain of ours is a
// number: a mail to it would come back to us.
func (s *Set) readTarget(written string) (target, error) {
	local, domain, isMail := strings.Cut(strings.TrimSpace(written), "@")
	if isMail && slices.ContainsFunc(s.domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		if n, err := s.number(strings.TrimPrefix(strings.ToLower(local), "sms:")); err == nil {
			return target{number: n}, nil
		}
	}
	if !isMail {
		n, err := s.number(written)
		if err != nil {
			return target{}, fmt.Errorf("want a mail address or a number: %w", unclassed(err))
		}
		return target{number: n}, nil
	}
	if !isMailbox(local, domain) {
		return target{}, errors.New("want one mail address, like john@example.org")
	}
	return target{mail: local + "@" + strings.ToLower(domain)}, nil
}

// isMailbox reports whether the two are a plain mail address (RFC 5322 §3.4.1
// dot-atom): without quotes, comments and names, which no target needs.
func isMailbox(local, domain string) bool {
	atom := func(s string, more string) bool {
		if s == "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") || strings.HasPrefix(s, "-") {
			return false
		}
		for _, c := range s {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c >= 0xa1 || strings.ContainsRune(more, c)) {
				return false
			}
		}
		return true
	}
	return len(local) <= 64 && len(domain) <= 255 && atom(local, "_+=~'/") && atom(domain, "")
}
