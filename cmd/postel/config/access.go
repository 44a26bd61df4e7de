package config

import (
	"net/netip"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// Access says who may send, and how much. Nobody may unless some level says so:
// this table (the site), a domain, or an account. The nearest level that sets a
// key wins, key by key; postel account explain USER shows which one did.
type Access struct {
	// The domains whose users may be let in, once they have authenticated to the
	// mail server. A user without a domain belongs to the first one.
	Domains []string `toml:"domains" example:"[\"example.org\"]"`
	smsengine.Policy
	// How many parts all accounts together may send in a day. Further texts wait
	// for the next day. 0: any number.
	DailyCeiling int `toml:"daily_ceiling"`
	// The mailbox that hears of limits and of accounts that were stopped. Empty:
	// postmaster in the first domain.
	Administrator string `toml:"administrator"`
	// The time zone in which days and months begin, "Europe/Berlin". Empty: the
	// system's.
	TimeZone string `toml:"time_zone"`

	Domain  []AccessDomain  `toml:"domain"`
	User    []AccessUser    `toml:"user"`
	Network []AccessNetwork `toml:"network"`
	Local   []AccessLocal   `toml:"local"`
}

// AccessDomain is what holds for the users of a domain beyond what [access] says:
// its name, and any of the keys from send to expires. What stands here cannot be
// changed by postel account.
type AccessDomain struct {
	// The domain, one of access.domains.
	Name string `toml:"name" example:"\"example.org\""`
	smsengine.Policy
}

// AccessUser is the same for one user.
type AccessUser struct {
	// The user's name with the domain.
	Name string `toml:"name" example:"\"john@example.org\""`
	smsengine.Policy
}

// AccessNetwork lets clients of the mail server send that do not authenticate,
// such as a monitoring host, at the cost of an account.
type AccessNetwork struct {
	// The networks, or single addresses.
	Networks []string `toml:"networks" example:"[\"192.0.2.7\"]"`
	// The account that pays; postel account add makes it.
	Account string `toml:"account" example:"\"monitoring\""`
}

// AccessLocal lets programs of this machine send that hand mail to sendmail(1),
// such as cron, at the cost of an account.
type AccessLocal struct {
	// The users as whom the programs run.
	Users []string `toml:"users" example:"[\"nagios\"]"`
	// The account that pays; postel account add makes it.
	Account string `toml:"account" example:"\"monitoring\""`
}

// System is where passwords of mail users are verified: for the submission
// server, and, only from the networks named here, for user= and pass= in
// addresses.
type System struct {
	// "dovecot:/run/dovecot/auth-client" for that socket of Dovecot,
	// "saslauthd:/run/saslauthd/mux" for that of saslauthd. Empty: nobody is asked.
	Socket string `toml:"socket"`
	// The service that Dovecot or saslauthd is told.
	Service string `toml:"service"`
	// The networks from which a mail user's password may stand in an address, over
	// an encrypted connection. Whoever can connect from there can try passwords.
	Networks []string `toml:"networks"`
}

// Site is the access policy as the engine takes it. The configuration has been
// checked.
func (c *Config) Site() account.Site {
	a := &c.Access
	s := account.Site{
		Domains: a.Domains, Policy: a.Policy, Levels: map[string]smsengine.Policy{}, Locals: map[string]string{},
		Ceiling: a.DailyCeiling, Administrator: smsengine.Mailbox(a.Administrator),
	}
	for _, t := range c.Text.Template {
		s.Templates = append(s.Templates, t.Name)
	}
	if a.TimeZone != "" {
		s.Location, _ = time.LoadLocation(a.TimeZone)
	}
	for _, d := range a.Domain {
		s.Levels["@"+d.Name] = d.Policy
	}
	for _, u := range a.User {
		s.Levels[u.Name] = u.Policy
	}
	for _, n := range a.Network {
		for _, text := range n.Networks {
			prefix, _ := network(text)
			s.Networks = append(s.Networks, account.Network{Prefix: prefix, Account: n.Account})
		}
	}
	for _, l := range a.Local {
		for _, user := range l.Users {
			s.Locals[user] = l.Account
		}
	}
	return s
}

// network reads a network, or an address for one of its own.
func network(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// Prefixes are the networks, which have been checked.
func (s System) Prefixes() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range s.Networks {
		if p, err := network(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}
