package account

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Explained is what holds for somebody, and why.
type Explained struct {
	User    string  `json:"user"`
	Pays    string  `json:"pays"`              // the account that is charged
	May     bool    `json:"may_send"`          // whether texts may be sent now
	Refusal string  `json:"refusal,omitempty"` // why not
	Terms   []Term  `json:"terms"`
	Counter string  `json:"-"`
	Stop    *string `json:"stopped,omitempty"`
}

// Term is one key with the level that had the last word about it.
type Term struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Level string `json:"level"`
}

// Explain says what holds for a user, an account, or a domain ("@example.org"),
// and from which level each key comes. It asks the same code that decides.
func (d *Decider) Explain(dir *smsengine.Directory, name string, now time.Time) Explained {
	name = strings.ToLower(strings.TrimSpace(name))
	x := Explained{User: name, Pays: name}
	_, plain := dir.Account(name)
	if strings.HasPrefix(name, "@") {
		t, from := Merge(d.LevelsOf(dir, "", "any"+name))
		x.Pays, x.May, x.Terms = "", t.Send, termsOf(t, from)
		return x
	}
	id := smsengine.Identity{Method: smsengine.MethodPassword, User: name}
	user := ""
	if !plain || strings.Contains(name, "@") {
		user = d.Qualify(name)
		id = smsengine.Identity{Method: smsengine.MethodAuth, User: user}
		x.User, x.Pays = user, user
		if _, own := d.level(dir, user); !own {
			if a, ok := dir.Shared(user); ok {
				x.Pays = a.Name
			}
		}
	}
	t, from := Merge(d.LevelsOf(dir, x.Pays, user))
	x.Terms = termsOf(t, from)
	_, err := d.proved(context.Background(), dir, Question{Identity: id, Sender: smsengine.Mailbox(user), Now: now})
	if x.May = err == nil; err != nil {
		x.Refusal = smsengine.StatusOf(err).Text
	}
	if s, ok := dir.Stopped(x.Pays); ok {
		x.Stop = &s.Reason
	}
	return x
}

// termsOf writes terms as a file would, in the order of the documentation.
func termsOf(t smsengine.Terms, from map[string]string) []Term {
	all := []Term{
		{Key: "send", Value: strconv.FormatBool(t.Send)},
		{Key: "monthly_limit", Value: strconv.Itoa(t.MonthlyLimit)},
		{Key: "limit_unit", Value: string(t.LimitUnit)},
		{Key: "max_parts", Value: strconv.Itoa(t.MaxParts)},
		{Key: "rate", Value: t.Rate.String()},
		{Key: "allow", Value: strings.Join(t.Allow, ",")},
		{Key: "deny", Value: strings.Join(t.Deny, ",")},
		{Key: "unusual_burst", Value: strconv.Itoa(t.UnusualBurst)},
		{Key: "gateway", Value: t.Gateway},
		{Key: "sender", Value: t.Sender},
		{Key: "sender_allow", Value: strings.Join(t.SenderAllow, ",")},
		{Key: "senders", Value: t.Senders},
		{Key: "template", Value: t.Template},
		{Key: "strip", Value: strings.Join(t.Strip, ",")},
		{Key: "attachments", Value: t.Attachments},
		{Key: "transliterate", Value: strconv.FormatBool(t.Transliterate)},
		{Key: "national_tables", Value: strings.Join(t.NationalTables, ",")},
		{Key: "too_long", Value: t.TooLong},
		{Key: "machine_mail", Value: strings.Join(t.MachineMail, ",")},
		{Key: "identical", Value: t.Identical.String()},
		{Key: "language", Value: t.Language},
		{Key: "expires", Value: string(t.Expires)},
	}
	for i := range all {
		all[i].Level = from[all[i].Key]
	}
	return all
}
