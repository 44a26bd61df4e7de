package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// sheet is an account as list --json and show --json write it. Fields are added,
// never renamed or removed.
type sheet struct {
	Name        string              `json:"name"`
	State       string              `json:"state"` // active, disabled, stopped, expired, denied
	Reason      string              `json:"reason,omitempty"`
	DefinedIn   string              `json:"defined_in"` // "database", "postel.toml", "" for a mail user without an account
	Description string              `json:"description,omitempty"`
	Password    bool                `json:"password"` // whether it has one
	Members     []string            `json:"members"`
	Owns        []string            `json:"owns"`
	Contact     string              `json:"contact,omitempty"`
	Policy      smsengine.Policy    `json:"policy"`        // what the account itself says
	Limit       int                 `json:"monthly_limit"` // what holds, from whatever level; 0: any number
	Unit        smsengine.LimitUnit `json:"limit_unit"`
	Month       string              `json:"month"` // the present one
	Used        int                 `json:"used"`
	Previous    int                 `json:"used_previous"`
	LastSent    time.Time           `json:"last_sent,omitzero"`
	Keys        int                 `json:"keys"` // that are not revoked
	Created     time.Time           `json:"created,omitzero"`
	Changed     time.Time           `json:"changed,omitzero"`
	Months      map[string]int      `json:"months,omitempty"` // show: what was used in each month
}

// sheets gives all whom there is something to say about: accounts, users that
// postel.toml names, users who were stopped or sent something lately.
func (b *books) sheets(ctx context.Context) ([]sheet, error) {
	this, previous := b.decider.Month("", b.now).Period, b.decider.PreviousMonth("", b.now).Period
	names := map[string]bool{}
	for _, a := range b.dir.Accounts() {
		names[a.Name] = true
	}
	for name := range b.decider.Levels {
		names[name] = true
	}
	for _, s := range b.dir.Stops() {
		names[s.Account] = true
	}
	used, err := b.usedIn(ctx, this)
	if err != nil {
		return nil, err
	}
	before, err := b.usedIn(ctx, previous)
	if err != nil {
		return nil, err
	}
	for _, period := range []map[string]smsengine.Usage{used, before} {
		for name, u := range period {
			if name != smsengine.SiteCounter && u.Used > 0 {
				names[name] = true
			}
		}
	}
	keys, err := b.keys(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []sheet
	for name := range names {
		s := b.sheet(name)
		s.Used, s.Previous = used[name].Used, before[name].Used
		if s.LastSent = latest(used[name].Last, before[name].Last); s.LastSent.IsZero() {
			if s.LastSent, err = b.lastSent(ctx, name); err != nil {
				return nil, err
			}
		}
		s.Keys = living(keys, name)
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b sheet) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// lastSent is when a name was charged last in any month.
func (b *books) lastSent(ctx context.Context, name string) (last time.Time, err error) {
	usage, err := b.usageOf(ctx, name)
	for period, u := range usage {
		if monthForm.MatchString(period) {
			last = latest(last, u.Last)
		}
	}
	return last, err
}

func latest(times ...time.Time) (last time.Time) {
	for _, at := range times {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// living counts the keys of an account that are not revoked.
func living(keys []smsengine.Key, name string) (n int) {
	for _, k := range keys {
		if k.Account == name && k.Revoked.IsZero() {
			n++
		}
	}
	return n
}

// sheet says what is known of a name without its counters.
func (b *books) sheet(name string) sheet {
	a, stored := b.dir.Account(name)
	configured, inFile := b.decider.Levels[name]
	s := sheet{
		Name: name, Description: a.Description, Password: a.Password != "", Contact: a.Contact,
		Members: orEmpty(a.Members), Owns: orEmpty(a.Owns), Policy: a.Policy,
		Month: b.decider.Month("", b.now).Period, Created: a.Created, Changed: a.Changed,
	}
	switch {
	case stored:
		s.DefinedIn = "database"
	case inFile:
		s.DefinedIn, s.Policy = "postel.toml", configured
	}
	user := ""
	if strings.Contains(name, "@") {
		user = name
	}
	terms, _ := account.Merge(b.decider.LevelsOf(b.dir, name, user))
	s.Limit, s.Unit = terms.MonthlyLimit, terms.LimitUnit
	stop, stopped := b.dir.Stopped(name)
	switch {
	case a.Disabled:
		s.State = "disabled"
	case stopped:
		s.State, s.Reason = "stopped", stop.Reason
	case !terms.Send:
		s.State = "denied"
	case terms.Expires.Over(b.decider.Zoned(b.now)):
		s.State, s.Reason = "expired", "its last day was "+string(terms.Expires)
	default:
		s.State = "active"
	}
	return s
}

// orEmpty makes a list that JSON writes as [].
func orEmpty(list []string) []string { return append([]string{}, list...) }

var monthForm = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)

// fullSheet is a sheet with all months.
func (b *books) fullSheet(ctx context.Context, name string) (sheet, error) {
	s := b.sheet(name)
	usage, err := b.usageOf(ctx, name)
	if err != nil {
		return s, err
	}
	keys, err := b.keys(ctx, name)
	if err != nil {
		return s, err
	}
	s.Keys = living(keys, name)
	s.Used, s.Previous = usage[s.Month].Used, usage[b.decider.PreviousMonth("", b.now).Period].Used
	s.Months = map[string]int{}
	for period, u := range usage {
		if monthForm.MatchString(period) {
			s.Months[period] = u.Used
			s.LastSent = latest(s.LastSent, u.Last)
		}
	}
	return s, nil
}
