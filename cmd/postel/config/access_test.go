package config

import (
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

const accessFile = `[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org", "example.com"]
send = true
rate = "5/m"
allow = ["home", "+44"]
time_zone = "Europe/Berlin"
[[access.domain]]
name = "Example.com"
monthly_limit = 20
deny = []
[[access.user]]
name = "john@example.org"
expires = "2027-01-31"
limit_unit = "messages"
[[access.network]]
networks = ["192.0.2.7", "2001:db8::/64"]
account = "monitoring"
[[access.local]]
users = ["nagios", "root"]
account = "monitoring"
[system]
socket = "dovecot:/run/dovecot/auth-client"
networks = ["192.0.2.0/24"]
[[gateway]]
id = "office"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
`

func TestAccess(t *testing.T) {
	c, err := Parse("postel.toml", []byte(accessFile), drivers)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Site()
	domain, user := s.Levels["@example.com"], s.Levels["john@example.org"]
	switch {
	case s.Policy.Send == nil || !*s.Policy.Send || *s.Policy.Rate != (smsengine.Rate{Parts: 5, Every: time.Minute}) || len(s.Policy.Allow) != 2:
		t.Errorf("site: %+v", s.Policy)
	case s.Policy.MonthlyLimit != nil || s.Policy.Deny != nil:
		t.Error("what is not said is said")
	case *domain.MonthlyLimit != 20 || domain.Deny == nil || domain.Send != nil:
		t.Errorf("domain: %+v", domain)
	case *user.Expires != "2027-01-31" || *user.LimitUnit != smsengine.CountMessages:
		t.Errorf("user: %+v", user)
	case len(s.Networks) != 2 || s.Networks[0].Prefix.String() != "192.0.2.7/32" || s.Locals["root"] != "monitoring":
		t.Errorf("networks %v, local users %v", s.Networks, s.Locals)
	case s.Location.String() != "Europe/Berlin" || s.Ceiling != 1000 || s.Administrator.Value != "postmaster@example.org":
		t.Errorf("%+v", s)
	}
}

// Each case replaces one line and is reported with line, key and remedy.
func TestAccessProblems(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`send = true`, `send = "yes"`, `postel.toml:5: access.send: want true or false, without quotes, not a string`},
		{`rate = "5/m"`, `rate = "fast"`, `postel.toml:6: access.rate: want a rate such as "100/1h" or "5/1m", or "none"`},
		{`rate = "5/m"`, `rate = 5`, `postel.toml:6: access.rate: want a rate such as "100/1h" or "5/1m", or "none"`},
		{`"+44"]`, `"abroad"]`, `postel.toml:7: access.allow: "abroad" is no destination; write "home"`},
		{`Europe/Berlin`, `Berlin`, `postel.toml:8: access.time_zone: there is no time zone "Berlin" on this machine`},
		{`[[access.domain]]`, `[[access.domian]]`, `postel.toml:9: access.domian: there is no such table`},
		{`name = "Example.com"`, `name = "example.edu"`, `postel.toml:10: access.domain[0].name: the domain example.edu is not served; list it in access.domains`},
		{`monthly_limit = 20`, `monthly_limit = -1`, `postel.toml:11: access.domain[0].monthly_limit: -1 is less than nothing; write 0 for no limit`},
		{`monthly_limit = 20`, `monthly_limit = "20"`, `postel.toml:11: access.domain[0].monthly_limit: want a whole number, without quotes, not a string`},
		{`monthly_limit = 20`, `limit = 20`, `postel.toml:11: access.domain[0].limit: there is no such key`},
		{`name = "john@example.org"`, `name = "john"`, `postel.toml:14: access.user[0].name: "john" has no domain; write it as in "john@example.org"`},
		{`name = "john@example.org"`, `name = "` + strings.Repeat("j", 300) + `@example.org"`, `postel.toml:14: access.user[0].name: it has 312 characters; at most 254 are possible`},
		{`name = "john@example.org"`, `name = "j:n@example.org"`, `postel.toml:14: access.user[0].name: "j:n@example.org" has a colon in it`},
		{`expires = "2027-01-31"`, `expires = "31.1.2027"`, `postel.toml:15: access.user[0].expires: want a day, year first: "2027-01-31"`},
		{`limit_unit = "messages"`, `limit_unit = "texts"`, `postel.toml:16: access.user[0].limit_unit: want "parts" or "messages"`},
		{`limit_unit = "messages"`, `gateway = "attic"`, `postel.toml:16: access.user[0].gateway: no gateway is called "attic"; there are office`},
		{`"192.0.2.7"`, `"0.0.0.0/0"`, `postel.toml:18: access.network[0].networks: 0.0.0.0/0 is the whole world; name the networks that you run`},
		{"account = \"monitoring\"\n[[access.local]]", "[[access.local]]", `postel.toml:17: access.network[0].account: it is not said who pays`},
		{`users = ["nagios", "root"]`, `users = []`, `postel.toml:21: access.local[0].users: nobody is named`},
		{`dovecot:/run`, `cyrus:/run`, `postel.toml:24: system.socket: "cyrus:/run/dovecot/auth-client" is not the socket of either; write "dovecot:/path" or "saslauthd:/path"`},
		{`socket = "dovecot:/run/dovecot/auth-client"` + "\n", "", `system.networks: there is nobody to ask; set system.socket, or leave the networks out`},
	} {
		if !strings.Contains(accessFile, c.old) {
			t.Fatalf("%q changes nothing", c.old)
		}
		_, err := Parse("postel.toml", []byte(strings.Replace(accessFile, c.old, c.new, 1)), drivers)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.new, err, c.want)
		}
	}
	twice := accessFile + "[[access.user]]\nname = \"JOHN@example.org\"\n"
	if _, err := Parse("postel.toml", []byte(twice), drivers); err == nil || !strings.Contains(err.Error(), "john@example.org is defined in access.user[0] already") {
		t.Error(err)
	}
}
