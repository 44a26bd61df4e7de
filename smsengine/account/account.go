// Package account settles who sends a text and who pays for it.
//
// For now there is one policy for the site: every user of a listed domain who
// has authenticated to the mail server may send, within a monthly limit, and
// nobody else may.
package account

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Policy says who may send. It is pure: it knows the rules, not the counters.
type Policy struct {
	Domains      []string       // whose users may send; the first is the realm of a user without one
	MonthlyLimit int            // parts a user may send in a calendar month; 0: any number
	AnySender    bool           // the mail server sees to it that users write from their own addresses
	Location     *time.Location // the site's zone, in which a month begins; nil: the system's
}

// Decision is who pays, and within which limit.
type Decision struct {
	Account string
	Limit   int       // parts a month; 0: none
	Period  string    // the month that it counts in: "2026-11"
	Reset   time.Time // when the next one begins
}

// Local is the account of texts from the control socket that name no sender.
const Local = "local"

// Decide says who pays, or why the identity may not send from the sender's
// address: an *smsengine.Error that the person can act on.
func (p Policy) Decide(id smsengine.Identity, sender smsengine.Address, now time.Time) (Decision, error) {
	user := ""
	switch id.Method {
	case smsengine.MethodAuth:
		user = p.qualify(id.User)
	case smsengine.MethodTrusted:
		user = p.qualify(sender.Value)
	case smsengine.MethodLocal:
		user = Local
		if !sender.IsZero() {
			user = p.qualify(sender.Value)
		}
		return p.decision(user, now), nil
	}
	if user == "" {
		return Decision{}, refuse("sending texts is for users of this mail server: sign in (SMTP AUTH) and try again")
	}
	if _, domain, _ := strings.Cut(user, "@"); !slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return Decision{}, refuse("users of this domain may not send texts; ask the postmaster for access")
	}
	if sender.IsZero() {
		return Decision{}, refuse("a text needs a sender; the null sender cannot send one")
	}
	if !p.AnySender && p.qualify(sender.Value) != user {
		return Decision{}, refuse("answers would go to " + sender.Value + ", which is not your address: write from " + user)
	}
	return p.decision(user, now), nil
}

// qualify gives a user's name in the one form that counters know: lower case,
// with a domain.
func (p Policy) qualify(user string) string {
	user = strings.ToLower(strings.TrimSpace(user))
	if user == "" || strings.Contains(user, "@") || len(p.Domains) == 0 {
		return user
	}
	return user + "@" + strings.ToLower(p.Domains[0])
}

func (p Policy) decision(user string, now time.Time) Decision {
	return Decision{Account: user, Limit: p.MonthlyLimit, Period: p.zoned(now).Format("2006-01"), Reset: p.Reset(now)}
}

// Reset is when the next month begins in the site's zone.
func (p Policy) Reset(now time.Time) time.Time {
	y, m, _ := p.zoned(now).Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, p.zoned(now).Location())
}

func (p Policy) zoned(now time.Time) time.Time {
	if p.Location == nil {
		return now.Local()
	}
	return now.In(p.Location)
}

func refuse(text string) *smsengine.Error {
	return smsengine.Fail("account", smsengine.Permanent, "5.7.1", text, nil)
}

// LimitError says that a limit is reached, how far, and when it resets. It is
// permanent: a text that waits for next month is no use.
func LimitError(d Decision, used, wanted int) *smsengine.Error {
	return smsengine.Fail("quota", smsengine.Permanent, "5.2.2", fmt.Sprintf(
		"the monthly limit of %d parts is reached (%d used, %d wanted); it resets on %s",
		d.Limit, used, wanted, d.Reset.Format("2 January 2006")), nil)
}
