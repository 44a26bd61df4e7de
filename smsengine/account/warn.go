package account

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// The shares of a limit, in percent, at which a mail warns.
var warnings = []int{95, 80}

// Warnings gives the mails that are due once a counter stands at used: at 80 and
// at 95 percent of the limit. Each is stored once: its key says which counter and
// share it is about.
func (s *Site) Warnings(to smsengine.Address, c smsengine.Counter, unit smsengine.LimitUnit, used, limit int, now time.Time) []smsengine.Message {
	if limit <= 0 || to.IsZero() {
		return nil
	}
	for _, percent := range warnings {
		if used*100 < limit*percent {
			continue
		}
		what, until := "The account "+c.Account+" has", "this month; it resets on "+s.Reset(now).Format("2 January 2006")
		if c.Account == smsengine.SiteCounter {
			what, until = "All accounts together have", "today"
		}
		text := fmt.Sprintf("%s sent %d of %d %s %s.\n\nWhen the limit is reached, further texts are refused.\n", what, used, limit, unit, until)
		return []smsengine.Message{s.note(to, fmt.Sprintf("warning:%d:%s:%s", percent, c.Account, c.Period),
			fmt.Sprintf("%d %% of the limit for text messages are used", percent), text, now)}
	}
	return nil
}

// stopped is the mail that tells of an account that was stopped.
func (s *Site) stopped(account, reason string, now time.Time) smsengine.Message {
	return s.note(s.Administrator, "stopped:"+account+":"+now.UTC().Format("2006-01-02T15"),
		"The account "+account+" was stopped", fmt.Sprintf(
			"The account %s may not send texts any more, because %s.\n\n"+
				"Somebody may have its password. See what it sent, and let it send again when you know why:\n\n"+
				"    postel account show %s\n    postel account enable %s\n", account, reason, account, account), now)
}

// note is a mail of Postel's own.
func (s *Site) note(to smsengine.Address, key, subject, text string, now time.Time) smsengine.Message {
	return smsengine.NewNote(to, "note:"+key, subject, text, now)
}
