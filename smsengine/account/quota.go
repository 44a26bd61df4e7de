package account

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Charges are the counters that a text is charged to, with their limits: the
// account's month, its rate, the site's day, and the account's burst to unusual
// destinations.
func (s *Site) Charges(account string, t smsengine.Terms, parts int, unusual bool, now time.Time) ([]smsengine.Charge, smsengine.Limits) {
	limits := smsengine.Limits{}
	month := s.Month(account, now)
	amount := parts
	if t.LimitUnit == smsengine.CountMessages {
		amount = 1
	}
	charges := []smsengine.Charge{{Counter: month, Amount: amount}}
	if t.MonthlyLimit > 0 {
		limits[month] = smsengine.Limit{Most: t.MonthlyLimit, Refusal: s.monthOver(t, now)}
	}
	if t.Rate.Parts > 0 {
		c := window(account, "rate", t.Rate.Every, now)
		charges = append(charges, smsengine.Charge{Counter: c, Amount: min(parts, t.Rate.Parts)})
		limits[c] = smsengine.Limit{Most: t.Rate.Parts, Refusal: tooFast(t.Rate)}
	}
	if s.Ceiling > 0 {
		c := s.Today(now)
		charges = append(charges, smsengine.Charge{Counter: c, Amount: parts})
		limits[c] = smsengine.Limit{Most: s.Ceiling, Refusal: ceilingReached()}
	}
	if unusual && t.UnusualBurst > 0 {
		c := window(account, "unusual", time.Hour, now)
		reason := fmt.Sprintf("it sent more than %d parts in an hour to unusual destinations", t.UnusualBurst)
		charges = append(charges, smsengine.Charge{Counter: c, Amount: min(parts, t.UnusualBurst)})
		limits[c] = smsengine.Limit{
			Most: t.UnusualBurst, Stop: reason,
			Refusal: refuse("quota", "the account "+account+" was stopped, because "+reason+"; ask the postmaster"),
			Notices: []smsengine.Message{s.stopped(account, reason, now)},
		}
	}
	return charges, limits
}

// monthOver is permanent: a text that waits for next month is no use.
func (s *Site) monthOver(t smsengine.Terms, now time.Time) *smsengine.Error {
	return smsengine.Fail("quota", smsengine.Permanent, "5.2.2", fmt.Sprintf(
		"the monthly limit of %d %s is reached; it resets on %s",
		t.MonthlyLimit, t.LimitUnit, s.Reset(now).Format("2 January 2006")), nil)
}

func tooFast(r smsengine.Rate) *smsengine.Error {
	return smsengine.Fail("quota", smsengine.Temporary, "4.7.1", fmt.Sprintf(
		"too fast: at most %d parts in %s, try again later", r.Parts, r.Window()), nil)
}

func ceilingReached() *smsengine.Error {
	return smsengine.Fail("quota", smsengine.Temporary, "4.7.1",
		"the daily ceiling for texts of this site is reached, try again tomorrow", nil)
}
