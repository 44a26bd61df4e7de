package template

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// spot is where in a Place a variable stands.
type spot uint8

const (
	spotOctets     spot = iota // any octets
	spotText                   // UTF-8
	spotBase                   // the beginning of a URL
	spotHost                   // within its server
	spotPath                   // within its path
	spotQuery                  // within its query, or a form
	spotJSONString             // between quotes
	spotJSONNumber             // outside of them
	spotHeader                 // the value of a header field
)

// needsText reports whether octets that are no UTF-8 cannot stand there.
func (s spot) needsText() bool { return s != spotOctets && s != spotPath && s != spotQuery }

// escape makes a value safe for its spot, or says why it cannot stand there.
func (s spot) escape(v string) (escaped, wrong string) {
	if s.needsText() && !utf8.ValidString(v) {
		return "", "octets that are no UTF-8 cannot stand here"
	}
	switch s {
	case spotBase:
		return base(v)
	case spotHost:
		if u, err := url.Parse("http://" + v); err != nil || u.Host != v || u.Hostname() == "" || strings.Trim(v, hostLetters) != "" {
			return "", "it is no name of a server"
		}
	case spotPath:
		if v == "." || v == ".." {
			return "", "a dot alone cannot stand in a path"
		}
		return percent(v), ""
	case spotQuery:
		return percent(v), ""
	case spotJSONString:
		return quote(v), ""
	case spotJSONNumber:
		if !json.Valid([]byte(v)) || strings.ContainsAny(v, "\"{[ \t\r\n") {
			return "", "without quotes around it, only a number, true, false or null can stand here"
		}
	case spotHeader:
		if strings.ContainsFunc(v, isControl) {
			return "", "line ends and other control characters cannot stand in a header"
		}
	}
	return v, ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7F }

const (
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	hostLetters = letters + "-._:[]"
	unreserved  = letters + "-._~"
	urlLetters  = unreserved + "!$&'()*+,;=:@/?" // RFC 3986 §3.3, §3.4
)

// percent encodes all but the unreserved characters (RFC 3986 §2.3), so that
// what comes of it is a value in a path, a query and a form alike.
func percent(v string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// quote gives what stands between the quotes of a JSON string (RFC 8259 §7).
func quote(v string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "" // a string always has a form
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// base makes of a Setting what a URL goes on from.
func base(v string) (escaped, wrong string) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", "it is no URL that begins with http:// or https://"
	case u.User != nil:
		return "", "a user and password cannot stand in a URL: use the gateway's authentication"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(v, "#"):
		return "", "? and # cannot stand in the beginning of a URL"
	}
	return strings.TrimRight(u.String(), "/"), ""
}
