package account

import (
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Destination says whether terms let a text go to a number: nil, or an
// *smsengine.Error. unusual means that nothing but "*" allows it.
func Destination(t smsengine.Terms, number string, d phone.Destination) (unusual bool, err error) {
	if !strings.HasPrefix(number, "+") {
		if slices.Contains(t.Allow, number) {
			return false, nil
		}
		return false, smsengine.Fail("destination", smsengine.Permanent, "5.1.3",
			number+" is too short for a phone number, and no short code that you may write to", nil)
	}
	switch {
	case d.Premium && slices.Contains(t.Deny, "premium"):
		return false, refuse("destination", "texts to premium-rate numbers are not allowed")
	case d.Satellite && slices.Contains(t.Deny, "satellite"):
		return false, refuse("destination", "texts to satellite telephones and international networks are not allowed")
	case begins(t.Deny, number):
		return false, refuse("destination", "texts to numbers that begin like this one are not allowed; ask the postmaster")
	case begins(t.Allow, number) || d.Home && slices.Contains(t.Allow, "home"):
		return false, nil
	case slices.Contains(t.Allow, "*"):
		return true, nil
	}
	return false, refuse("destination", "texts to this country are not allowed for you; ask the postmaster")
}

// begins reports whether one of the prefixes in a list begins the number.
func begins(list []string, number string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(p, "+") && strings.HasPrefix(number, p) })
}
