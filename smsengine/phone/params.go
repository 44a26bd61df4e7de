package phone

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// fields are the parameters of one address, sorted by who may see them.
type fields struct {
	user      string
	pass, key Secret
	params    Params
}

// known are the parameters. The function of one that means something already normalises its value, or says
// what it must be; the others are kept as they are.
var known = map[string]func(value string) (string, string){
	"user": nil, "pass": nil, "key": nil, // kept apart from the others
	"binary": nil, "udh": nil, "pid": nil, "dcs": nil, "sender": nil, "authenticated": nil,
	"reply": nil, "id": nil, "value": nil, "receipt": nil, "template": nil,
	"maxmsgs":  between(1, 128, "maxmsgs must be a number of parts from 1 to 128"),
	"validity": between(1, 635040, "validity must be a number of minutes from 1 to 635040 (63 weeks)"), // 3GPP TS 23.040 §9.2.3.12.1
	"flash":    yesOrNo,
}

// readParams reads what follows the "?". An "@" may stand in a value only where the local part was quoted.
func readParams(raw string, quoted bool) (fields, *Error) {
	var f fields
	var seen map[string]bool
	inValue := false // the segment before was an empty value=, or continued one
	for raw != "" {
		var segment string
		segment, raw, _ = strings.Cut(raw, "&")
		name, value, hasValue := strings.Cut(segment, "=")
		name = lower(strings.Trim(name, " "))
		if name == "" && !hasValue {
			continue
		}
		if !quoted && strings.Contains(segment, "@") {
			return f, refuse(onlyOne + "; inside a parameter write @ as =40")
		}
		check, isKnown := known[name]
		if !isKnown && inValue { // R's "value=&unicode=1" passes on a whole query
			last := &f.params[len(f.params)-1]
			more, err := decode("value", segment)
			if err != nil {
				return f, err
			}
			last.Value += "&" + more
			continue
		}
		if !isKnown || !hasValue {
			return f, unknown(name, hasValue, isKnown, seen)
		}
		if name != "pass" && name != "key" {
			value = strings.Trim(value, " ")
		}
		value, err := decode(name, value)
		if err != nil {
			return f, err
		}
		if seen[name] && name != "value" {
			return f, refuse("the parameter " + name + " is given twice")
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[name] = true
		if check != nil {
			normal, complaint := check(value)
			if complaint != "" {
				return f, refuse(complaint)
			}
			value = normal
		}
		inValue = name == "value" && value == ""
		f.keep(name, value)
	}
	f.params.sort()
	return f, nil
}

// ParseParams reads parameters that stand by themselves, "maxmsgs=3&sender=Pump", as in a number that a rule has
// rewritten. Whoever writes them has no business with credentials. The error is an *Error.
func ParseParams(raw string) (Params, error) {
	f, err := readParams(raw, true)
	if err != nil {
		return nil, err
	}
	if f.user != "" || !f.pass.Empty() || !f.key.Empty() {
		return nil, refuse("a user, password or key has no place here")
	}
	return f.params, nil
}

func (f *fields) keep(name, value string) {
	switch name {
	case "user":
		f.user = value
	case "pass":
		f.pass = NewSecret(value)
	case "key":
		f.key = NewSecret(value)
	default:
		f.params = append(f.params, Param{name, value})
	}
}

// unknown explains a segment that is no parameter. Behind a password it may be a piece of the password, so it is not
// named.
func unknown(name string, hasValue, isKnown bool, seen map[string]bool) *Error {
	switch {
	case seen["pass"] || seen["key"]:
		return refuse("after the password or key stands something that is no parameter; write & inside a password as percent 26")
	case !hasValue && isKnown:
		return refuse("the parameter " + name + " has no value: write " + name + "=...")
	case !hasValue || len(name) > 20 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "":
		return refuse("after the ? stands something that is no parameter; parameters are name=value, joined by &")
	}
	return refuse("unknown parameter " + name + "; known are maxmsgs, flash, validity, receipt, sender, reply, id and others in the manual")
}

func between(low, high int, complaint string) func(string) (string, string) {
	return func(value string) (string, string) {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high || !isDigit(value[0]) {
			return "", complaint
		}
		return strconv.Itoa(n), ""
	}
}

func yesOrNo(value string) (string, string) {
	switch lower(value) {
	case "1", "true", "yes":
		return "1", ""
	case "0", "false", "no":
		return "0", ""
	}
	return "", "flash must be 1 or 0"
}

// decode undoes percent-encoding, once. What is no escape stands for itself. A user name keeps all escapes but
// those of reserved ASCII characters, since its "%" may mean "@"; in it and in reply "=40" is "@".
func decode(name, raw string) (string, *Error) {
	isUser := name == "user"
	at := isUser || name == "reply"
	if !strings.Contains(raw, "%") && !(at && strings.Contains(raw, "=40")) {
		return raw, nil
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if at && strings.HasPrefix(raw[i:], "=40") {
			out = append(out, '@')
			i += 2
			continue
		}
		c, escaped := unhex(raw, i, '%')
		if !escaped || isUser && !reserved(c) {
			out = append(out, raw[i])
			continue
		}
		if c < ' ' || c == 0x7f {
			return "", refuse("the parameter " + name + " holds a control character")
		}
		out = append(out, c)
		i += 2
	}
	if !utf8.Valid(out) {
		return "", refuse("the parameter " + name + " is not UTF-8")
	}
	return string(out), nil
}

// encode is decode's inverse. It leaves bare what decode, a "?&=" parser and an unquoted local part leave alone.
func encode(name, value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '@' && (name == "user" || name == "reply"):
			b.WriteString("=40")
		case unreserved(c) || c == '+' || c == '/' || c >= utf8.RuneSelf && name == "user":
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// unhex reads mark and two hexadecimal digits at s[i].
func unhex(s string, i int, mark byte) (byte, bool) {
	if i+2 >= len(s) || s[i] != mark {
		return 0, false
	}
	high, low := hexValue(s[i+1]), hexValue(s[i+2])
	return high<<4 | low, high < 16 && low < 16
}

func hexValue(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// unreserved are the characters that RFC 3986 §2.3 never encodes.
func unreserved(c byte) bool {
	return isDigit(c) || isLetter(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// reserved are all other printable ASCII characters, the space included.
func reserved(c byte) bool { return ' ' <= c && c < 0x7f && !unreserved(c) }

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// lower folds ASCII only: Unicode folding would take a Kelvin sign for a k, and Redact would not.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
