package metrics

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Use is what was sent at whose cost.
type Use struct {
	Accounts []Account // and mail users, whose names are addresses
	// Day is what all have used today, DayLimit what they may; 0: any number.
	Day, DayLimit int
}

// Account is what an account, or a mail user without one, has used this month.
type Account struct {
	Name     string
	Used     int // in the unit of the limit, parts or messages
	Limit    int // 0: none
	LastSent time.Time
}

// maxAccounts bounds the accounts that are shown, and the domains: those that used
// most. Of the others there is their number.
const maxAccounts = 1000

// near is the share of its limit from which on an account is said to be near it.
const near = 0.9

// use shows what was sent by accounts, and by mail users, who are people: there is
// one figure for all of a domain.
func (s sheet) use(u Use) {
	s.gauge("site_day_used", "Parts that all accounts together have used today.", float64(u.Day))
	if u.DayLimit > 0 {
		s.gauge("site_day_limit", "Parts that all accounts together may use in a day.", float64(u.DayLimit))
	}
	var accounts []Account
	domains := make(map[string]*domain)
	for _, a := range u.Accounts {
		at := strings.LastIndexByte(a.Name, '@')
		if at < 0 {
			accounts = append(accounts, a)
			continue
		}
		name := a.Name[at+1:]
		if domains[name] == nil {
			domains[name] = &domain{name: name}
		}
		domains[name].add(a)
	}
	slices.SortFunc(accounts, func(a, b Account) int { return cmp.Or(b.Used-a.Used, cmp.Compare(a.Name, b.Name)) })
	for _, a := range accounts[:min(len(accounts), maxAccounts)] {
		s.account(a)
	}
	all := make([]*domain, 0, len(domains))
	for _, d := range domains {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *domain) int { return cmp.Or(b.used-a.used, cmp.Compare(a.name, b.name)) })
	for _, d := range all[:min(len(all), maxAccounts)] {
		s.domain(d)
	}
	s.gauge("accounts_left_out", "Accounts, or domains of mail users, that are not shown because there are too many.",
		float64(max(0, len(accounts)-maxAccounts)), label{"of", "accounts"})
	s.gauge("accounts_left_out", "Accounts, or domains of mail users, that are not shown because there are too many.",
		float64(max(0, len(all)-maxAccounts)), label{"of", "domains"})
}

func (s sheet) account(a Account) {
	of := label{"account", a.Name}
	s.gauge("account_month_used", "Parts, or messages, that the account has used this month.", float64(a.Used), of)
	if a.Limit > 0 {
		s.gauge("account_month_limit", "Parts, or messages, that the account may use in a month.", float64(a.Limit), of)
	}
	if !a.LastSent.IsZero() {
		s.gauge("account_last_sent_timestamp_seconds", "When the account last sent.", float64(a.LastSent.Unix()), of)
	}
}

// domain is its mail users together.
type domain struct {
	name              string
	used, users, near int
	last              time.Time
}

func (d *domain) add(a Account) {
	d.used += a.Used
	if a.Used > 0 {
		d.users++
	}
	if a.Limit > 0 && float64(a.Used) >= near*float64(a.Limit) {
		d.near++
	}
	if a.LastSent.After(d.last) {
		d.last = a.LastSent
	}
}

func (s sheet) domain(d *domain) {
	of := label{"domain", d.name}
	s.gauge("users_month_used", "Parts, or messages, that the mail users of the domain have used this month.", float64(d.used), of)
	s.gauge("users_sending", "Mail users of the domain that have sent this month.", float64(d.users), of)
	s.gauge("users_near_limit", "Mail users of the domain that have used 90 % of their month or more.", float64(d.near), of)
	if !d.last.IsZero() {
		s.gauge("users_last_sent_timestamp_seconds", "When a mail user of the domain last sent.", float64(d.last.Unix()), of)
	}
}
