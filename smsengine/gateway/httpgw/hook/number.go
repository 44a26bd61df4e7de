package hook

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// shortest number that may be an international one without its "+": shorter ones
// are short codes.
const shortest = 8

// longest name of a sender that is kept, in characters.
const longest = 40

// number reads who sent a text, or whom it was for: a phone, a short code or a
// name; zero if it was nobody. Most providers write phones with their country code and without "+".
func (r *Reader) number(s string) smsengine.Address {
	s = strings.TrimSpace(s)
	digits := s != "" && strings.Trim(s, "0123456789") == ""
	var tries []string
	regions := []string{""}
	switch {
	case strings.HasPrefix(s, "+"), strings.HasPrefix(s, "00"):
		tries = []string{s}
	case digits && s[0] == '0':
		tries, regions = []string{s}, []string{r.region}
	case digits && len(s) >= shortest:
		tries, regions = []string{"+" + s, s}, []string{"", r.region}
	}
	for i, try := range tries {
		if n, err := phone.ParseNumber(try, regions[i]); err == nil {
			return smsengine.Phone(n)
		}
	}
	if n := name(s); n != "" {
		return smsengine.Phone(n)
	}
	return smsengine.Address{}
}

// name leaves out of a sender what could not stand in a line.
func name(s string) string {
	all := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)))
	return string(all[:min(len(all), longest)])
}

// readTime reads a time in one of the forms that a provider file may name; zero
// if it is in none. A text is not lost for its time.
func readTime(s string, forms []string) time.Time {
	s = strings.TrimSpace(s)
	if len(forms) == 0 {
		forms = []string{time.RFC3339}
	}
	for _, form := range forms {
		switch form {
		case "unix", "unixms":
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || n <= 0 || n > 1<<52 {
				continue
			}
			if form == "unixms" {
				return time.UnixMilli(n).UTC()
			}
			return time.Unix(n, 0).UTC()
		default:
			if t, err := time.Parse(form, s); err == nil && t.Year() > 1970 {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}
