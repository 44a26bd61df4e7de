package phone

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// ParseNumber reads one telephone number for any door and gives it as E.164 with its "+". Spaces, dots, dashes and
// parentheses are dropped, "00" becomes "+", and a number without country code is completed by the rules of region
// (ISO 3166). Without a region only eleven digits or more that do not begin with 0 can do without the "+". The number
// must be possible, by country code and length, but need not be in a range that is known to be in use. The error is
// an *Error.
func ParseNumber(s, region string) (string, error) {
	digits, plus, refused := clean(s)
	if refused == nil {
		var number string
		if number, refused = complete(digits, plus, region); refused == nil {
			return number, nil
		}
	}
	return "", refused
}

// Number is ParseNumber with the region and the short codes of the rules.
func (p *Parser) Number(s string) (number string, short bool, err error) {
	number, short, refused := p.number(s, false)
	if refused != nil {
		return "", false, refused
	}
	return number, short, nil
}

// number reads a number. After a helper account's "+" the digits are international unless they begin with 0.
func (p *Parser) number(s string, helper bool) (string, bool, *Error) {
	digits, plus, err := clean(s)
	if err != nil {
		return "", false, err
	}
	if !plus && p.short[digits] {
		return digits, true, nil
	}
	if helper && digits[0] != '0' {
		plus = true
	}
	number, err := complete(digits, plus, p.region)
	if err != nil && p.anyShort && !plus && len(digits) >= minShort && len(digits) <= maxShort {
		return digits, true, nil
	}
	return number, false, err
}

// The length of short codes that are not listed.
const minShort, maxShort = 3, 6

// maxDigits is more than any number has: 17 is the longest that libphonenumber knows.
const maxDigits = 17

// clean reduces a written number to its digits and whether it was international. There is at least one digit.
func clean(s string) (digits string, plus bool, err *Error) {
	buf := make([]byte, 0, 2*maxDigits)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isDigit(c):
			buf = append(buf, c)
		case c == ' ' || c == '.' || c == '-' || c == '(' || c == ')':
		case c == '+' && !plus && len(buf) == 0:
			plus = true
		case c == '+' || c == '@' || c == ',' || c == ';':
			return "", false, refuse(onlyOne)
		case c == '/':
			return "", false, refuse(subaddress)
		case c == '&' || c == '=':
			return "", false, refuse("parameters follow a ?, like sms:+15551234567?maxmsgs=3@example.org")
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			digit, drop := typography(r)
			if !drop && digit == 0 {
				return "", false, refuse(notANumber)
			}
			if digit != 0 {
				buf = append(buf, digit)
			}
			i += size - 1
		default:
			return "", false, refuse(notANumber)
		}
	}
	if !plus && len(buf) > 2 && buf[0] == '0' && buf[1] == '0' {
		buf, plus = buf[2:], true
	}
	switch {
	case len(buf) == 0:
		return "", false, refuse("there is no phone number in the address: write it like +15551234567")
	case len(buf) > maxDigits:
		return "", false, refuse("too many digits for a phone number; " + onlyOne)
	}
	return string(buf), plus, nil
}

const notANumber = "this is not a phone number: write it with digits only, like +15551234567"

// typography reads what address books and web pages put in a number: full-width digits, typeset spaces and dashes,
// and the marks of writing direction around a copied number.
func typography(r rune) (digit byte, drop bool) {
	if '０' <= r && r <= '９' {
		return byte(r-'０') + '0', false
	}
	return 0, unicode.In(r, unicode.Zs, unicode.Pd, unicode.Bidi_Control) || r == '\ufeff' || r == '\u200b'
}

// complete makes E.164 of clean digits, or says why they cannot be one number.
func complete(digits string, plus bool, region string) (string, *Error) {
	if !plus && region == "" {
		if len(digits) < 11 || digits[0] == '0' {
			return "", refuse(digits + " has no country code: write the number in full, like +15551234567")
		}
		plus = true
	}
	switch {
	case !plus:
		return ask(digits, region)
	case possible(digits):
		return "+" + digits, nil
	}
	return ask("+"+digits, "")
}

// ask gives the library's answer. It drops a trunk prefix each time it is asked, so of too many zeros another number
// might come each time: what does not stay as it is is refused.
func ask(shown, region string) (string, *Error) {
	number := shown
	for range 2 {
		n, err := phonenumbers.Parse(number, region)
		if err != nil {
			return "", impossible(shown, phonenumbers.INVALID_LENGTH, err)
		}
		if why := phonenumbers.IsPossibleNumberWithReason(n); why != phonenumbers.IS_POSSIBLE {
			return "", impossible(shown, why, nil)
		}
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		if e164 == number || possible(e164[1:]) {
			return e164, nil
		}
		number = e164
	}
	return "", impossible(shown, phonenumbers.INVALID_LENGTH, nil)
}

func impossible(shown string, why phonenumbers.ValidationResult, err error) *Error {
	const remedy = ": write the number in full, like +15551234567, without parentheses"
	switch {
	case why == phonenumbers.INVALID_COUNTRY_CODE || errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return refuse(shown + " begins with no known country code" + remedy)
	case why == phonenumbers.TOO_SHORT || why == phonenumbers.IS_POSSIBLE_LOCAL_ONLY ||
		errors.Is(err, phonenumbers.ErrTooShortNSN) || errors.Is(err, phonenumbers.ErrNotANumber): // of a digit or two
		return refuse(shown + " is too short for a phone number" + remedy)
	case why == phonenumbers.TOO_LONG || errors.Is(err, phonenumbers.ErrNumTooLong):
		return refuse(shown + " is too long for a phone number; " + onlyOne)
	}
	return refuse(shown + " is not a possible phone number" + remedy)
}

// plan is what decides at once over nearly all numbers of a country code, in a hundredth of the library's time.
type plan struct {
	lengths uint32         // bit n: a national number may have n digits
	trunk   *regexp.Regexp // what the library may strip or replace at the beginning; nil if nothing
}

// plans is indexed by country code.
var plans = sync.OnceValue(func() *[1000]*plan {
	var all [1000]*plan
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		return &all
	}
	for _, m := range metadata.GetMetadata() {
		code, id := int(m.GetCountryCode()), m.GetId()
		if code >= len(all) || id != phonenumbers.GetRegionCodeForCountryCode(code) ||
			m.GetGeneralDesc().GetNationalNumberPattern() == "" {
			continue
		}
		var p plan
		for _, n := range m.GetGeneralDesc().GetPossibleLength() {
			if 0 < n && n < 32 {
				p.lengths |= 1 << n
			}
		}
		if trunk := m.GetNationalPrefixForParsing(); trunk != "" {
			if p.trunk, err = regexp.Compile("^(?:" + trunk + ")"); err != nil {
				continue
			}
		}
		all[code] = &p
	}
	return &all
})

// possible reports whether international digits are a possible number as they stand. A false answer means: ask the
// library, which may know a trunk prefix to strip ("+44 (0)7700…").
func possible(digits string) bool {
	code := 0
	for i := 0; i < 3 && i < len(digits); i++ {
		code = code*10 + int(digits[i]-'0')
		if code == 0 {
			return false
		}
		if p := plans()[code]; p != nil {
			national := digits[i+1:]
			if p.lengths&(1<<len(national)) == 0 {
				return false
			}
			return p.trunk == nil || !p.trunk.MatchString(national)
		}
	}
	return false
}

// bareNumber reports whether a local part without prefix is meant as a number: "+" and a digit, perhaps with typing
// between.
func bareNumber(local string) bool {
	if !strings.HasPrefix(local, "+") {
		return false
	}
	rest := strings.TrimLeft(local[1:], " .-()")
	return rest != "" && isDigit(rest[0])
}
