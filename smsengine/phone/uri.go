package phone

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// URI is an sms: URI (RFC 5724): one or more numbers with the same parameters, and a body.
type URI struct {
	Recipients []Recipient // at least one, each number once, without a Domain
	Body       string
}

// ParseURI reads a URI such as sms:+15551234567,+15559876543?body=hello%20there, with any of the prefixes as its
// scheme, up to 64 KiB and 100 numbers. Besides body the parameters are those of an address. The error is an *Error.
func (p *Parser) ParseURI(uri string) (URI, error) {
	u, err := p.uri(trim(uri))
	if err != nil {
		return URI{}, err
	}
	return u, nil
}

// Limits of a URI: octets, and numbers.
const (
	maxURI     = 1 << 16
	maxNumbers = 100
)

func (p *Parser) uri(s string) (URI, *Error) {
	if len(s) > maxURI {
		return URI{}, refuse("the sms: address is too long")
	}
	if !utf8.ValidString(s) || hasControl(s) {
		return URI{}, refuse(badBytes)
	}
	f := p.form(s, false)
	if f.kind != colon {
		return URI{}, refuse("this is no sms: address: write it like sms:+15551234567?body=hello")
	}
	numbers, query, _ := strings.Cut(f.rest, "?")
	list := strings.TrimPrefix(numbers, "//")
	if strings.Count(list, ",") >= maxNumbers {
		return URI{}, refuse("the sms: address has more than 100 numbers")
	}
	var u URI
	for one := range strings.SplitSeq(list, ",") {
		r, err := p.recipient(f, one)
		if err != nil {
			return URI{}, err
		}
		same := func(other Recipient) bool { return other.Number == r.Number }
		if !slices.ContainsFunc(u.Recipients, same) {
			u.Recipients = append(u.Recipients, r)
		}
	}
	query, body, err := takeBody(query)
	if err != nil {
		return URI{}, err
	}
	given, err := readParams(query, true)
	if err != nil {
		return URI{}, err
	}
	u.Body = body
	for i, r := range u.Recipients {
		u.Recipients[i] = r.with(given, f.prefix.defaults)
	}
	return u, nil
}

// takeBody removes body= from a query. A body may hold line breaks, which no other parameter may.
func takeBody(query string) (rest, body string, err *Error) {
	var others []string
	found := false
	for segment := range strings.SplitSeq(query, "&") {
		raw, ok := cutFold(segment, "body=")
		if !ok {
			others = append(others, segment)
			continue
		}
		if found {
			return "", "", refuse("the parameter body is given twice")
		}
		found = true
		text, bad := url.PathUnescape(raw)
		if bad != nil || !utf8.ValidString(text) {
			return "", "", refuse("the parameter body is not percent-encoded UTF-8")
		}
		body = text
	}
	return strings.Join(others, "&"), body, nil
}

// String writes the URI without password and key.
func (u URI) String() string {
	public := URI{Body: u.Body}
	for _, r := range u.Recipients {
		public.Recipients = append(public.Recipients, r.Public())
	}
	return public.Reveal()
}

// Reveal writes the URI with password and key in it. ParseURI reads it back.
func (u URI) Reveal() string {
	if len(u.Recipients) == 0 {
		return ""
	}
	var b strings.Builder
	for i, r := range u.Recipients {
		if i == 0 {
			b.WriteString(r.Prefix + ":" + r.Number)
		} else {
			b.WriteString("," + r.Number)
		}
	}
	query := u.Recipients[0].query()
	if u.Body != "" {
		query = append(query, "body="+encode("body", u.Body))
	}
	if len(query) > 0 {
		b.WriteString("?" + strings.Join(query, "&"))
	}
	return b.String()
}
