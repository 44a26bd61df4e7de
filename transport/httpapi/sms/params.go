package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

// param is a parameter of a request, as it was written. Its name is in lower case.
type param struct{ name, value string }

// maxParams bounds the parameters of a request.
const maxParams = 400

// read gives the parameters of a request, those of its URL first. The URL is
// good for all of them, the body of a POST too: a form or a JSON object.
func read(r *http.Request) ([]param, error) {
	all, err := parseForm(r.URL.RawQuery, "")
	if err != nil || r.Method != http.MethodPost {
		return all, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unread(err)
	}
	kind, given, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && len(body) > 0 && r.Header.Get("Content-Type") != "" {
		return nil, httpapi.Wrong("the Content-Type cannot be read")
	}
	var more []param
	switch {
	case len(body) == 0:
	case kind == "application/x-www-form-urlencoded" || kind == "":
		more, err = parseForm(strings.TrimRight(string(body), "\r\n"), given["charset"])
	case kind == "application/json":
		more, err = parseJSON(body)
	default:
		return nil, errMediaType
	}
	if all = append(all, more...); err == nil && len(all) > maxParams {
		err = errTooMany
	}
	return all, err
}

var (
	errTooMany   = httpapi.Wrong(fmt.Sprintf("more than %d parameters", maxParams))
	errMediaType = httpapi.Wrong("write the body as application/x-www-form-urlencoded or application/json")
)

// unread says why a body did not come.
func unread(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return smsengine.Fail("http", smsengine.Permanent, "5.3.4", "the request is too large", nil)
	}
	return smsengine.Fail("http", smsengine.Permanent, "5.5.2", "the request did not come whole", err)
}

// parseForm reads parameters as a URL or form has them. What scripts get wrong is
// understood where only one thing can be meant: a "%" that begins no octet is a
// percent sign, and where the manual of the old service forgets the "&" between
// maxmsgs and binary nobody needs it. An empty "value=" takes the parameters
// behind it along if they are none of ours: "value=&unicode=1".
func parseForm(raw, charset string) ([]param, error) {
	var all []param
	into := -1 // the value= that continues
	count := 0
	for segment := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(segment, "=")
		name = strings.ToLower(strings.TrimSpace(unescape(name)))
		if name == "" {
			continue
		}
		if count++; count > maxParams {
			return nil, errTooMany
		}
		if into >= 0 && (!known[name] || idle[name]) {
			all[into].value += "&" + unescape(segment)
			continue
		}
		into = -1
		if name == "maxmsgs" {
			if digits, rest, glued := strings.Cut(value, "binary="); glued && isNumber(digits) {
				all = append(all, param{"binary", unescape(rest)})
				value = digits
			}
		}
		p := param{name, unescape(value)}
		switch {
		case name == "data":
			p.value = decode(p.value, charset)
		case name == "number":
			p.value = unescape(plus.ReplaceAllString(value, "$1%2B"))
		case name == "user" && !utf8.ValidString(p.value):
			p.value = value // john%aexample.org: a "%" that stands for "@"
		}
		all = append(all, p)
		if name == "value" && value == "" {
			into = len(all) - 1
		}
	}
	return all, nil
}

// plus finds a "+" in front of a number, which scripts forget to write as %2B.
var plus = regexp.MustCompile(`(?i)((?:^|,|;|%2c|%3b)(?:%20)*)\+`)

// unescape undoes percent-encoding, and "+" for a space. What is no escape stands
// for itself.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			out = append(out, byte(n))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// decode makes UTF-8 of a text. What is in no charset that the request names is
// UTF-8 if it can be, or else Windows-1252, in which every octet is something.
func decode(s, charset string) string {
	if e, err := htmlindex.Get(charset); err == nil && charset != "" {
		if u, err := e.NewDecoder().String(s); err == nil {
			return u
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	u, _ := charmap.Windows1252.NewDecoder().String(s)
	return u
}

// parseJSON reads the parameters of one JSON object: words, numbers, true and
// false, and for what may repeat lists of them.
func parseJSON(body []byte) ([]param, error) {
	if !utf8.Valid(body) {
		return nil, httpapi.Wrong("the JSON is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errJSON
	}
	var all []param
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, errJSON
		}
		name := strings.ToLower(t.(string)) // the name of a member is a string
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, errJSON
		}
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, one := range list {
			value, ok := word(one)
			if !ok {
				return nil, httpapi.Wrong("in the JSON object stands something that is neither a word nor a number nor a list of them")
			}
			if all = append(all, param{name, value}); len(all) > maxParams {
				return nil, errTooMany
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return all, nil
}

var errJSON = httpapi.Wrong("the body is not one JSON object")

// word is a value as a form has it.
func word(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	}
	return "", false
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
