package account

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Level is one of the policies that apply to somebody.
type Level struct {
	Name   string // "built-in", "site", "domain example.org", "account smsalerts"
	Policy smsengine.Policy
}

// LevelsOf gives the policies for a user who sends at an account's cost, the
// farthest first. A user who pays for himself is his own account.
func (s *Site) LevelsOf(dir *smsengine.Directory, account, user string) []Level {
	levels := []Level{{"built-in", smsengine.BuiltIn}, {"site", s.Policy}}
	who := user
	if who == "" {
		who = account
	}
	if at := strings.LastIndexByte(who, '@'); at >= 0 {
		if p, ok := s.level(dir, who[at:]); ok {
			levels = append(levels, Level{"domain " + who[at+1:], p})
		}
	}
	if p, ok := s.level(dir, account); ok {
		levels = append(levels, Level{"account " + account, p})
	}
	return levels
}

// level finds a domain's or an account's own policy, wherever it is defined; no
// name is defined twice.
func (s *Site) level(dir *smsengine.Directory, name string) (smsengine.Policy, bool) {
	if p, ok := s.Levels[name]; ok {
		return p, true
	}
	a, ok := dir.Account(name)
	return a.Policy, ok
}

// Merge gives the terms that levels say together, and for each key the name of
// the level that had the last word.
func Merge(levels []Level) (smsengine.Terms, map[string]string) {
	from := make(map[string]string, 23)
	return merge(levels, from), from
}

// merge gives the terms, and in from, unless it is nil, where they are from.
func merge(levels []Level, from map[string]string) (t smsengine.Terms) {
	for i := range levels {
		l, p := &levels[i], &levels[i].Policy
		take(&t.Send, p.Send, "send", l.Name, from)
		take(&t.MonthlyLimit, p.MonthlyLimit, "monthly_limit", l.Name, from)
		take(&t.LimitUnit, p.LimitUnit, "limit_unit", l.Name, from)
		take(&t.MaxParts, p.MaxParts, "max_parts", l.Name, from)
		if strings.HasPrefix(l.Name, "account ") && p.MaxParts != nil {
			t.OwnParts = *p.MaxParts
		}
		take(&t.Rate, p.Rate, "rate", l.Name, from)
		take(&t.UnusualBurst, p.UnusualBurst, "unusual_burst", l.Name, from)
		take(&t.Gateway, p.Gateway, "gateway", l.Name, from)
		take(&t.Sender, p.Sender, "sender", l.Name, from)
		take(&t.Senders, p.Senders, "senders", l.Name, from)
		take(&t.Template, p.Template, "template", l.Name, from)
		take(&t.Attachments, p.Attachments, "attachments", l.Name, from)
		take(&t.Transliterate, p.Transliterate, "transliterate", l.Name, from)
		take(&t.TooLong, p.TooLong, "too_long", l.Name, from)
		take(&t.Identical, p.Identical, "identical", l.Name, from)
		take(&t.Language, p.Language, "language", l.Name, from)
		take(&t.Expires, p.Expires, "expires", l.Name, from)
		takeList(&t.Allow, p.Allow, "allow", l.Name, from)
		takeList(&t.Deny, p.Deny, "deny", l.Name, from)
		takeList(&t.SenderAllow, p.SenderAllow, "sender_allow", l.Name, from)
		takeList(&t.Strip, p.Strip, "strip", l.Name, from)
		takeList(&t.NationalTables, p.NationalTables, "national_tables", l.Name, from)
		takeList(&t.MachineMail, p.MachineMail, "machine_mail", l.Name, from)
	}
	return t
}

func takeList(to *[]string, said []string, key, level string, from map[string]string) {
	if said == nil {
		return
	}
	*to = said
	if from != nil {
		from[key] = level
	}
}

func take[T any](to *T, said *T, key, level string, from map[string]string) {
	if said == nil {
		return
	}
	*to = *said
	if from != nil {
		from[key] = level
	}
}
