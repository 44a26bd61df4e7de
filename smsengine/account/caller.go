package account

import (
	"errors"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// This file is about the caller ID: what a phone shows as the sender of a text.

// What a caller ID may have (3GPP TS 23.040 §9.1.2.5, E.164): a name stands in the
// octets of a number, packed as septets.
const (
	maxCallerDigits = 15
	maxCallerName   = 11
	maxCode         = 6 // digits that are taken for a short code
)

// The words of sender_allow that are no caller IDs themselves.
const (
	AnyCaller     = "*"        // whatever the writer says
	OwnCaller     = "own"      // what the terms say as sender
	GatewayCaller = "gateways" // the number of a gateway
)

var (
	errNoCaller    = errors.New("it is empty")
	errLongNumber  = errors.New("a number has at most 15 digits")
	errLongName    = errors.New("a name has at most 11 characters, of which ^{}\\[]~| and € count twice")
	errForeignName = errors.New("a name is made of characters of the GSM alphabet: letters from A to Z, digits, spaces and common signs")
)

// Callers reads caller IDs, and says which of them somebody may show.
type Callers struct {
	// Number reads a number in any form in which people write it.
	Number func(written string) (number string, short bool, err error)
	// Ours are the numbers of the gateways.
	Ours []smsengine.Address
}

// Read gives a caller ID in the one form in which it is compared and shown: a
// number as E.164, digits as they are where they make none (short codes), or a
// name without the spaces around it. The error is for whoever wrote it.
func (c Callers) Read(written string) (string, error) {
	s := strings.TrimSpace(written)
	switch {
	case s == "":
		return "", errNoCaller
	case strings.Trim(s, "+0123456789 .-()/") != "":
		return s, checkCallerName(s)
	}
	if isPlain(s) && s[0] == '+' && len(s) <= 1+maxCallerDigits {
		return s, nil
	}
	short := isPlain(s) && s[0] != '+' && len(s) <= maxCode
	if !short && c.Number != nil {
		number, _, err := c.Number(strings.ReplaceAll(s, "/", " "))
		if err == nil && len(number) <= 1+maxCallerDigits {
			return number, nil
		}
	}
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()/", r) {
			return -1
		}
		return r
	}, s)
	switch digits := len(strings.TrimPrefix(s, "+")); {
	case !isPlain(s):
		return "", errNoCaller
	case digits > maxCallerDigits:
		return "", errLongNumber
	}
	return s, nil
}

// isPlain reports whether s is digits, perhaps behind a "+".
func isPlain(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

func checkCallerName(s string) error {
	septets, err := sms.Septets(s, nil)
	switch {
	case err != nil || strings.ContainsAny(s, "\r\n\f"):
		return errForeignName
	case len(septets) > maxCallerName:
		return errLongName
	}
	return nil
}

// Own is what the terms show by themselves; "" if that is the gateway's.
func (c Callers) Own(t smsengine.Terms) string {
	if t.Sender == AnyCaller {
		return ""
	}
	own, err := c.Read(t.Sender)
	if err != nil {
		return ""
	}
	return own
}

// May reports whether the terms let a writer show a caller ID that Read gave, and
// how: names as they are spelled there, for networks and phones know them so.
func (c Callers) May(t smsengine.Terms, asked string) (show string, may bool) {
	if own := c.Own(t); own != "" && strings.EqualFold(own, asked) {
		return own, true
	}
	for _, a := range t.SenderAllow {
		if show, may := c.allows(a, asked); may {
			return show, true
		}
	}
	return asked, t.Sender == AnyCaller
}

// allows is May for one word of sender_allow.
func (c Callers) allows(word, asked string) (show string, may bool) {
	switch prefix, open := strings.CutSuffix(word, "*"); {
	case word == AnyCaller:
		return asked, true
	case word == OwnCaller: // May has looked
		return "", false
	case word == GatewayCaller:
		for _, n := range c.Ours {
			if n.Value == asked {
				return asked, true
			}
		}
		return "", false
	case open:
		return asked, strings.HasPrefix(asked, prefix)
	}
	show, err := c.Read(word)
	return show, err == nil && strings.EqualFold(show, asked)
}

// Words says what the terms let a writer show, for him to choose from; "" if that
// is nothing.
func (c Callers) Words(t smsengine.Terms) string {
	var said []string
	if own := c.Own(t); own != "" {
		said = append(said, own)
	}
	for _, a := range t.SenderAllow {
		switch {
		case a == OwnCaller:
		case a == GatewayCaller && len(c.Ours) > 0:
			said = append(said, "the number of a gateway")
		case a != GatewayCaller:
			said = append(said, a)
		}
	}
	return strings.Join(said, ", ")
}

// checkCallers looks at the keys of a policy that are about caller IDs.
func checkCallers(p smsengine.Policy) error {
	var c Callers
	if s := p.Sender; s != nil && *s != "" && *s != AnyCaller {
		if _, err := c.Read(*s); err != nil {
			return mistake("sender", `write a number such as "+15555550100", a name of at most 11 letters, or "*"`, "%.40q is not a sender: %s", *s, err)
		}
	}
	for _, a := range p.SenderAllow {
		prefix, open := strings.CutSuffix(a, "*")
		if a == AnyCaller || open && prefixForm.MatchString(prefix) {
			continue
		}
		_, err := c.Read(a)
		if open && err == nil {
			err = errors.New("what stands before the * is not the beginning of numbers")
		}
		if err != nil {
			return mistake("sender_allow", `write "own", "gateways", a number, the beginning of numbers such as "+1555*", a name of at most 11 letters, or "*"`, "%.40q is none of them: %s", a, err)
		}
	}
	return nil
}
