package sms

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	engine "github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
	"github.com/postel-mail/postel/transport/httpapi"
)

// known are the parameters of /sms/. That somebody is authenticated is never
// believed without a password.
var known = map[string]bool{
	"number": true, "data": true, "user": true, "pass": true, "key": true,
	"binary": true, "udh": true, "pid": true, "dcs": true, "dsc": true, "flash": true,
	"sender": true, "reply": true, "id": true, "value": true, "maxmsgs": true, "validity": true, "receipt": true,
	"msgid": true, "authenticated": true, "parts": true, "condition": true, "unicode": true,
}

// idle are those that change nothing: Postel finds out for itself how many parts
// a text has and which alphabet it needs. Behind an empty value= they are meant
// for the gateway.
var idle = map[string]bool{"parts": true, "condition": true, "unicode": true}

// maxNumbers bounds the recipients of a request.
const maxNumbers = 100

// maxName bounds msgid, in octets.
const maxName = 255

// request is what a request says.
type request struct {
	numbers  []string
	users    []string // names to try in turn
	pass     phone.Secret
	key      phone.Secret
	body     smsengine.Body
	settings phone.Params // what goes with each recipient
	name     string       // msgid: the same twice is one text
}

// understand says what parameters mean. Empty ones mean nothing.
func understand(params []param) (*request, error) {
	given, numbers, values, err := gather(params, known)
	if err != nil {
		return nil, err
	}
	q := &request{
		numbers: numbers, pass: phone.NewSecret(given["pass"]), key: phone.NewSecret(given["key"]),
		users: phone.Recipient{User: given["user"]}.UserCandidates(), name: given["msgid"],
	}
	switch {
	case len(numbers) == 0:
		return nil, httpapi.Wrong("number is missing: whom is the text for?")
	case len(numbers) > maxNumbers:
		return nil, smsengine.Fail("sms", smsengine.Permanent, "5.5.3", fmt.Sprintf("a request may have %d numbers", maxNumbers), nil)
	case len(q.name) > maxName:
		return nil, httpapi.Wrong(fmt.Sprintf("msgid may have %d octets", maxName))
	}
	if err := q.content(given); err != nil {
		return nil, err
	}
	return q, q.options(given, values)
}

// gather sorts parameters by name. One that comes twice must say the same, but
// for those that may repeat.
func gather(params []param, names map[string]bool) (given map[string]string, numbers, values []string, err error) {
	given = map[string]string{}
	for _, p := range params {
		if p.name == "dsc" { // as the manual of the old service has it in one place
			p.name = "dcs"
		}
		if !names[p.name] {
			return nil, nil, nil, unknown(p.name, given)
		}
		if p.name != "data" && !clean(p.value) {
			return nil, nil, nil, httpapi.Wrong(p.name + " holds a control character, or is not UTF-8")
		}
		before, twice := given[p.name]
		switch {
		case p.name == "number":
			numbers = append(numbers, split(p.value)...)
			given[p.name] = p.value
		case p.name == "value":
			if p.value != "" {
				values = append(values, p.value)
			}
		case twice && before != p.value:
			return nil, nil, nil, httpapi.Wrong("the parameter " + p.name + " is given twice, and differs")
		default:
			given[p.name] = p.value
		}
	}
	return given, numbers, values, nil
}

// unknown refuses a parameter: a misspelt one should not cost money. It is named
// where it looks like a name, and not behind a password, of which it may be a
// piece.
func unknown(name string, before map[string]string) error {
	_, pass := before["pass"]
	_, key := before["key"]
	switch {
	case pass || key:
		return httpapi.Wrong("behind the password or key stands something that is no parameter; write & in a password as %26")
	case len(name) > 20 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") != "":
		return httpapi.Wrong("there is something that is no parameter; write & in a text as %26")
	}
	return httpapi.Wrong("there is no parameter " + name + "; write & in a text as %26")
}

// split takes numbers apart.
func split(s string) (all []string) {
	for one := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' }) {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// clean reports whether a value can stand in a line.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// content is what is to be sent.
func (q *request) content(given map[string]string) error {
	flash, err := yes(given, "flash")
	if err != nil {
		return err
	}
	binary, err := yes(given, "binary")
	if err != nil {
		return err
	}
	q.body.Flash = flash
	if !binary {
		if given["udh"] != "" {
			return httpapi.Wrong("udh is for binary messages: say binary=1, with data in base64")
		}
		if q.body.Text = given["data"]; strings.TrimSpace(q.body.Text) == "" {
			return httpapi.Wrong("data is missing: what does the text say?")
		}
		return nil
	}
	q.body.Alphabet = "binary"
	if q.body.Data, err = octets(given["data"]); err != nil {
		return httpapi.Wrong("data of a binary message is octets in base64")
	}
	if q.body.UDH, err = octets(given["udh"]); err != nil {
		return httpapi.Wrong("udh is octets in base64, without the one for the length")
	}
	return nil
}

// octets reads base64 in either alphabet, padded or not. A "+" that a query made a
// space is one again.
func octets(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", " ", "+", "\r", "", "\n", "").Replace(strings.TrimRight(s, "=\r\n"))
	if s == "" {
		return nil, nil
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// options are the parameters that go with each recipient, as an address has them.
// A request may have as many parts as there can be, where a mail has three unless
// it says otherwise; what the account itself says of max_parts holds for both.
func (q *request) options(given map[string]string, values []string) error {
	parts, err := number(given, "maxmsgs", 1, 128)
	if err != nil {
		return err
	}
	if parts == "" {
		parts = "128"
	}
	validity, err := number(given, "validity", 1, 635040)
	if err != nil {
		return err
	}
	pid, err := number(given, "pid", 0, 255)
	if err != nil {
		return err
	}
	dcs, err := number(given, "dcs", 0, 255)
	if err != nil {
		return err
	}
	if q.body.Alphabet == "" {
		dcs = q.coding(dcs)
	}
	for _, p := range []phone.Param{
		{Name: "dcs", Value: dcs}, {Name: "id", Value: given["id"]}, {Name: "maxmsgs", Value: parts}, {Name: "pid", Value: pid},
		{Name: "receipt", Value: given["receipt"]}, {Name: "reply", Value: given["reply"]}, {Name: "sender", Value: given["sender"]},
		{Name: "validity", Value: validity},
	} {
		if p.Value != "" {
			q.settings = append(q.settings, p)
		}
	}
	if q.body.Flash {
		q.settings = append(q.settings, phone.Param{Name: "flash", Value: "1"})
	}
	for _, v := range values {
		q.settings = append(q.settings, phone.Param{Name: "value", Value: v})
	}
	return nil
}

// coding takes out of the data coding scheme of a text (3GPP TS 23.038 §4, general
// group) what is said elsewhere: class 0 is flash, and the alphabet is our own
// business. It gives what is left.
func (q *request) coding(dcs string) string {
	n, err := strconv.ParseUint(dcs, 10, 8)
	d := tpdu.DCS(n)
	if err != nil || d >= 0x20 || d.Alphabet() == engine.Binary || d.Class() > tpdu.Flash {
		return dcs
	}
	q.body.Flash = q.body.Flash || d.Class() == tpdu.Flash
	return ""
}

// yes reads a parameter that is true or false.
func yes(given map[string]string, name string) (bool, error) {
	switch strings.ToLower(given[name]) {
	case "1", "true", "yes":
		return true, nil
	case "", "0", "false", "no":
		return false, nil
	}
	return false, httpapi.Wrong(name + " must be 1 or 0")
}

// number reads a number, decimal or as 0x4F, and writes it in decimal; "" if there
// is none.
func number(given map[string]string, name string, low, high int64) (string, error) {
	s := given[name]
	if s == "" {
		return "", nil
	}
	digits, base := s, 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || n < low || n > high || digits[0] == '+' || digits[0] == '-' {
		return "", httpapi.Wrong(fmt.Sprintf("%s must be a number from %d to %d", name, low, high))
	}
	return strconv.FormatInt(n, 10), nil
}
