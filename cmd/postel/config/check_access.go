package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// checkAccess is about who may send.
func (r *reader) checkAccess(c *Config) {
	a := &c.Access
	r.policy("access", a.Policy, c)
	if a.DailyCeiling < 0 {
		r.bad("access.daily_ceiling", "write 0 for any number", "%d is less than nothing", a.DailyCeiling)
	}
	if _, err := time.LoadLocation(a.TimeZone); err != nil {
		r.bad("access.time_zone", `write one such as "Europe/Berlin"`, "there is no time zone %q on this machine", a.TimeZone)
	}
	seen := map[string]string{}
	for i := range a.Domain {
		d, key := &a.Domain[i], fmt.Sprintf("access.domain[%d]", i)
		d.Name = strings.ToLower(d.Name)
		r.level(key, "@"+d.Name, d.Policy, seen, c)
	}
	for i := range a.User {
		u, key := &a.User[i], fmt.Sprintf("access.user[%d]", i)
		u.Name = strings.ToLower(u.Name)
		if !strings.Contains(u.Name, "@") && !r.wrong[key+".name"] {
			r.bad(key+".name", `write it as in "john@example.org"`, "%q has no domain", u.Name)
			continue
		}
		r.level(key, u.Name, u.Policy, seen, c)
	}
	users := map[string]bool{}
	for i, n := range a.Network {
		key := fmt.Sprintf("access.network[%d]", i)
		r.networks(key+".networks", n.Networks, true)
		r.payer(key+".account", n.Account)
	}
	for i, l := range a.Local {
		key := fmt.Sprintf("access.local[%d]", i)
		for _, user := range l.Users {
			if users[user] {
				r.bad(key+".users", "list it once", "%s stands there twice", user)
			}
			users[user] = true
		}
		if len(l.Users) == 0 {
			r.bad(key+".users", `write a list such as ["nagios"]`, "nobody is named")
		}
		r.payer(key+".account", l.Account)
	}
	r.checkSystem(c)
}

// level checks a policy of a domain or user.
func (r *reader) level(key, name string, p smsengine.Policy, seen map[string]string, c *Config) {
	switch at := strings.IndexByte(name, '@'); {
	case account.CheckName(name) != nil:
		r.problem(key+".name", account.CheckName(name))
	case !contains(c.Access.Domains, name[at+1:]):
		r.bad(key+".name", "list it in access.domains", "the domain %s is not served", name[at+1:])
	case seen[name] != "":
		r.bad(key+".name", "keep one", "%s is defined in %s already", strings.TrimPrefix(name, "@"), seen[name])
	}
	seen[name] = key
	r.policy(key, p, c)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// policy checks the keys of a level.
func (r *reader) policy(key string, p smsengine.Policy, c *Config) {
	gateways := []string{}
	for _, g := range c.Gateways {
		gateways = append(gateways, g.ID)
	}
	if err := account.CheckPolicy(p, gateways); err != nil {
		r.problem(key, err)
	}
}

// problem reports a mistake at the key that it names, below the given one.
func (r *reader) problem(key string, err error) {
	m, ok := errors.AsType[*account.Mistake](err)
	if !ok {
		r.bad(key, "", "%s", err)
		return
	}
	if m.Field != "name" {
		key += "." + m.Field
	}
	r.bad(key, m.Remedy, "%s", m.What)
}

// payer checks the name of an account that is not defined here.
func (r *reader) payer(key, name string) {
	if name == "" {
		r.bad(key, "write the name of an account", "it is not said who pays")
	} else if err := account.CheckName(name); err != nil || name[0] == '@' {
		r.bad(key, `write the name of an account, such as "monitoring"`, "%.80q is none", name)
	}
}

// networks checks a list of networks; all says that at least one must be there.
func (r *reader) networks(key string, list []string, some bool) {
	if some && len(list) == 0 {
		r.bad(key, `write a list such as ["192.0.2.0/28"]`, "no network is named")
	}
	for _, n := range list {
		if p, err := network(n); err != nil {
			r.bad(key, `write it as in "192.0.2.0/28", "192.0.2.7" or "2001:db8::/64"`, "%q is not a network", n)
		} else if p.Bits() == 0 {
			r.bad(key, "name the networks that you run", "%s is the whole world", n)
		}
	}
}

func (r *reader) checkSystem(c *Config) {
	kind, path, _ := strings.Cut(c.System.Socket, ":")
	if c.System.Socket != "" && (kind != "dovecot" && kind != "saslauthd" || !strings.HasPrefix(path, "/")) {
		r.bad("system.socket", `write "dovecot:/path" or "saslauthd:/path"`, "%q is not the socket of either", c.System.Socket)
	}
	if c.System.Socket == "" && len(c.System.Networks) > 0 {
		r.bad("system.networks", "set system.socket, or leave the networks out", "there is nobody to ask")
	}
	r.networks("system.networks", c.System.Networks, false)
}
