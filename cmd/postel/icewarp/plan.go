package icewarp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Entry is one account as it would be in Postel, with its counters. An entry
// without Account is counters alone, of a mail user.
type Entry struct {
	Place
	Name     string
	Account  *smsengine.Account
	Password phone.Secret // to be hashed; empty: none
	Counters []Counter
	Notes    []string // what is not as it was, and what to do about it
	Left     string   // why nothing is stored, "" if something is
}

// Counter is what was sent in a month, and when last.
type Counter struct {
	smsengine.Counter
	smsengine.Usage
}

// Site is what a plan depends on of the installation of Postel.
type Site struct {
	*account.Site
	Gateways []string // IDs in postel.toml
	// Directory has the accounts that there are: they are left as they are.
	Directory *smsengine.Directory
	// Used gives what a counter has, for mail users who sent already.
	Used func(smsengine.Counter) (smsengine.Usage, error)
	Now  time.Time
}

// Plan says what to store, in the order of the files. What cannot be stored is
// added to the problems, which are sorted by their place.
func (f *Found) Plan(s Site) ([]Entry, []Problem, error) {
	p := planner{Site: s, found: f, problems: slices.Clone(f.Problems), seen: map[string]Place{}, counted: map[string]Place{}}
	p.levels()
	for _, r := range f.Accounts {
		p.account(r)
	}
	for _, r := range f.Stats {
		if err := p.statistics(r); err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p.entries, p.problems, nil
}

type planner struct {
	Site
	found    *Found
	entries  []Entry
	problems []Problem
	seen     map[string]Place // names that there is an account for
	counted  map[string]Place // users that there are statistics for
}

func (p *planner) problem(place Place, what, remedy string) {
	p.problems = append(p.problems, Problem{place, what, remedy})
}

// levels makes the policies of domains and users. In IceWarp the nearest file
// holds whole; here levels are merged key by key. So each says everything that
// the format can say, and the site's is that of each domain without a file.
func (p *planner) levels() {
	if f := p.found; f.Site != nil {
		for _, domain := range p.Domains {
			if _, own := f.Domains[domain]; !own {
				p.level(*f.Site, "@"+domain, "it is that of the whole site")
			}
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(p.found.Domains)) {
		p.level(p.found.Domains[domain], "@"+domain)
	}
	for _, user := range slices.Sorted(maps.Keys(p.found.Users)) {
		p.level(p.found.Users[user], user)
	}
}

func (p *planner) level(r Record, name string, notes ...string) {
	a := account.New(name, p.Now)
	a.Description = description(r.Description)
	e := Entry{Place: r.Place, Name: name, Account: &a, Notes: notes}
	if r.User != "" || !r.Password.Empty() {
		e.Notes = append(e.Notes, "user and password in it mean nothing at this level and are left out")
	}
	if a.Policy.Send = nil; r.Inactive {
		a.Policy.Send = new(false)
	} else {
		e.Notes = append(e.Notes, "who might send in IceWarp (Policies) is in none of the files, so this lets nobody in: postel account set "+name+" send=true does")
	}
	p.add(e, r)
}

// account makes an SMS account.
func (p *planner) account(r Record) {
	if r.User == "" {
		p.problem(r.Place, "the account has no name", "write one before the first colon")
		return
	}
	name := strings.ToLower(r.User)
	a := account.New(name, p.Now)
	a.Description = description(r.Description)
	e := Entry{Place: r.Place, Name: name, Account: &a, Password: r.Password, Counters: p.counters(name, r)}
	if name != r.User {
		e.Notes = append(e.Notes, "the name is in lower case now; where it stands in addresses its case does not matter")
	}
	switch {
	case r.Password.Empty() && strings.Contains(name, "@"):
		e.Notes = append(e.Notes, "it has no password: only the authenticated user can use it")
	case r.Password.Empty():
		e.Notes = append(e.Notes, "it has no password: only its members' authenticated sessions can use it: postel account set "+name+" --member ADDRESS")
	case unreadable(r.Password.Reveal()):
		e.Password = phone.Secret{}
		e.Notes = append(e.Notes, "its password is not in clear and is left out: postel account passwd "+name)
	}
	p.add(e, r)
}

// add completes an entry with what all lines have, and checks it.
func (p *planner) add(e Entry, r Record) {
	a := e.Account
	a.Policy = smsengine.Policy{
		Send: a.Policy.Send, MonthlyLimit: new(r.Limit), LimitUnit: new(smsengine.CountMessages),
		Gateway: new(p.gateway(r.Gateway, &e)), Expires: new(r.Expires),
	}
	a.Disabled = r.Inactive && !a.IsDomain()
	if r.Expires.Over(p.Zoned(p.Now)) {
		e.Notes = append(e.Notes, "it has expired on "+string(r.Expires))
	}
	if first, twice := p.seen[e.Name]; twice {
		p.problem(e.Place, e.Name+" is defined in "+first.String()+" already", "keep one of the two")
		return
	}
	p.seen[e.Name] = e.Place
	if _, exists := p.Directory.Account(e.Name); exists {
		e.Left = "there is an account of that name, which stays as it is"
	} else if err := p.check(*a); err != nil {
		p.problem(e.Place, err.Error(), "")
		return
	}
	p.entries = append(p.entries, e)
}

// check is that of postel account add; an account that has expired is no
// mistake here.
func (p *planner) check(a smsengine.Account) error {
	a.Policy.Expires = nil
	return p.Check(a, p.Gateways, p.Now)
}

// gateway finds a gateway in postel.toml. One that nobody knows is not named: it
// may be a piece of a password that has a colon in it.
func (p *planner) gateway(id string, e *Entry) string {
	if id == "" {
		return ""
	}
	for _, g := range p.Gateways {
		if strings.EqualFold(g, id) {
			return g
		}
	}
	what := "its gateway is not in postel.toml"
	if slices.ContainsFunc(p.found.Gateways, func(g Gateway) bool { return strings.EqualFold(g.ID, id) }) {
		what = "its gateway " + id + " is not in postel.toml"
	}
	e.Notes = append(e.Notes, what+": texts go through any that is free, until postel account set "+e.Name+" gateway=ID")
	return ""
}

// counters gives what was sent this month and the month before. If the last text
// is older than this month, nobody has begun a new count since, and the numbers
// are of the months that they were counted in.
func (p *planner) counters(name string, r Record) []Counter {
	at := p.Now
	if r.Sent > 0 && !r.LastSent.IsZero() && p.Month(name, r.LastSent).Period < p.Month(name, p.Now).Period {
		at = r.LastSent
	}
	var all []Counter
	if r.Sent > 0 || !r.LastSent.IsZero() {
		all = append(all, Counter{p.Month(name, at), smsengine.Usage{Used: r.Sent, Last: r.LastSent}})
	}
	if r.Previous > 0 {
		all = append(all, Counter{p.PreviousMonth(name, at), smsengine.Usage{Used: r.Previous}})
	}
	return all
}

// statistics gives the counters of a mail user to his account, or to him without
// one.
func (p *planner) statistics(r Record) error {
	name := strings.ToLower(r.User)
	if !strings.Contains(name, "@") && len(p.Domains) == 1 {
		name = p.Qualify(name)
	}
	domain := name[strings.IndexByte(name, '@')+1:]
	switch {
	case account.CheckName(name) != nil || !strings.Contains(name, "@") || name[0] == '@':
		p.problem(r.Place, "it is not said which mail user it is about", "write the address before the first colon")
		return nil
	case !slices.Contains(p.Domains, domain):
		p.problem(r.Place, "the domain "+domain+" is not served", "list it in access.domains of postel.toml first")
		return nil
	}
	if first, twice := p.counted[name]; twice {
		p.problem(r.Place, name+" has a line already, "+first.String(), "keep one of the two")
		return nil
	}
	p.counted[name] = r.Place
	counters := p.counters(name, r)
	if i := slices.IndexFunc(p.entries, func(e Entry) bool { return e.Name == name && e.Left == "" }); i >= 0 && len(p.entries[i].Counters) == 0 {
		p.entries[i].Counters = counters
		return nil
	}
	e := Entry{Place: r.Place, Name: name, Counters: counters}
	_, exists := p.Directory.Account(name)
	switch {
	case len(counters) == 0:
		e.Left = "nothing was sent"
	case exists:
		e.Left = "there is an account of that name, which stays as it is"
	}
	for _, c := range counters {
		u, err := p.Used(c.Counter)
		if err != nil {
			return err
		}
		if u.Used > 0 && e.Left == "" {
			e.Left = fmt.Sprintf("there is a counter for %s, which stays as it is", c.Period)
		}
	}
	p.entries = append(p.entries, e)
	return nil
}

// description makes one line of at most 1000 octets.
func description(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
	for len(s) > 1000 {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return strings.TrimSpace(s)
}
