// Package account settles who sends a text, under which terms, and who pays.
//
// A [Decider] answers one question: who is it that may send to this number now?
// It goes by what the door proved (SMTP AUTH above all), then by the credentials
// in the address, then by where the mail came from, and refuses otherwise
// (decide.go, authenticate.go). Nobody writes in another's name (owner.go). The
// terms come from levels: built-in, site, domain and account; the nearest that
// says something about a key wins, key by key (levels.go). Where a text may go is in
// destination.go, what it may show as its sender in caller.go, what it is counted
// on in quota.go, who is warned in warn.go.
// Passwords are hashed in password.go, verified in verify.go and throttled in
// throttle.go, keys made in key.go; check.go is what may be written into an
// account, explain.go what postel account explain says.
//
// All of it is pure but for the [Verifier], which remembers wrong passwords:
// accounts come in as an [smsengine.Directory], whatever store keeps them.
package account

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Site is what the configuration says about who may send.
type Site struct {
	Domains  []string                    // whose users are ours; the first is the realm of a user without one
	Policy   smsengine.Policy            // the level of the site
	Levels   map[string]smsengine.Policy // of domains ("@example.org") and users ("john@example.org") in the configuration
	Networks []Network                   // whose clients are an account
	Locals   map[string]string           // user of this machine → account

	Templates []string // names that the key template may have

	Ceiling       int               // parts that all accounts together may send in a day; 0: any number
	Administrator smsengine.Address // hears of limits and stops
	Location      *time.Location    // the site's zone, in which days and months begin; nil: the system's
}

// Network is an account's network: who connects to the mail server from there
// without authenticating sends at its cost.
type Network struct {
	Prefix  netip.Prefix
	Account string
}

// Local is the account of texts from the control socket that name no sender.
const Local = "local"

// Qualify gives a user's name in the one form that counters know: lower case,
// with a domain.
func (s *Site) Qualify(user string) string {
	user = strings.ToLower(strings.TrimSpace(user))
	if user == "" || strings.Contains(user, "@") || len(s.Domains) == 0 {
		return user
	}
	return user + "@" + s.Domains[0]
}

// serves reports whether a user belongs to one of the site's domains.
func (s *Site) serves(user string) bool {
	_, domain, _ := strings.Cut(user, "@")
	return slices.Contains(s.Domains, domain)
}

// network gives the account of the narrowest network that a client is in.
func (s *Site) network(client string) string {
	ip, err := netip.ParseAddr(client)
	if err != nil {
		return ""
	}
	ip = ip.Unmap()
	account, bits := "", -1
	for _, n := range s.Networks {
		if n.Prefix.Contains(ip) && n.Prefix.Bits() > bits {
			account, bits = n.Account, n.Prefix.Bits()
		}
	}
	return account
}
