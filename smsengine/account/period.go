package account

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Month is the counter of an account in the calendar month of the site's zone.
func (s *Site) Month(account string, now time.Time) smsengine.Counter {
	return smsengine.Counter{Account: account, Period: s.Zoned(now).Format("2006-01")}
}

// PreviousMonth is the counter of the month before.
func (s *Site) PreviousMonth(account string, now time.Time) smsengine.Counter {
	y, m, _ := s.Zoned(now).Date()
	return smsengine.Counter{Account: account, Period: time.Date(y, m-1, 1, 12, 0, 0, 0, time.UTC).Format("2006-01")}
}

// Today is the counter of all accounts together in a day.
func (s *Site) Today(now time.Time) smsengine.Counter {
	return smsengine.Counter{Account: smsengine.SiteCounter, Period: s.Zoned(now).Format(time.DateOnly)}
}

// window is the counter of an account in the span of time that now is in. Stores
// forget such counters when they are old: they know them by the space.
func window(account, purpose string, every time.Duration, now time.Time) smsengine.Counter {
	return smsengine.Counter{Account: account, Period: purpose + " " + now.UTC().Truncate(every).Format("2006-01-02T15:04:05Z")}
}

// Reset is when the next month begins.
func (s *Site) Reset(now time.Time) time.Time {
	y, m, _ := s.Zoned(now).Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, s.Zoned(now).Location())
}

// Zoned is a time in the site's zone.
func (s *Site) Zoned(now time.Time) time.Time {
	if s.Location == nil {
		return now.Local()
	}
	return now.In(s.Location)
}
