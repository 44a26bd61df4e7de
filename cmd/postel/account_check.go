package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// check looks at an account before it is stored. An end that has come already
// matters only if it is just being set.
func (b *books) check(a smsengine.Account, named []string) error {
	if !slices.Contains(named, "expires") {
		a.Policy.Expires = nil
	}
	if err := b.decider.Check(a, b.gateways(), b.now); err != nil {
		return err
	}
	for _, m := range a.Members {
		if other, ok := b.dir.Member(m); ok && other != a.Name {
			return &account.Mistake{
				Field: "members", What: m + " is a member of " + other + " already, and can be of one account only",
				Remedy: "take it out there first: postel account set " + other + " --remove-member " + m,
			}
		}
	}
	return nil
}

// remark says what is allowed and perhaps not meant.
func (b *books) remark(t *terminal, a smsengine.Account) {
	for _, m := range a.Members {
		_, stored := b.dir.Account(m)
		_, configured := b.decider.Levels[m]
		if (stored || configured) && !strings.HasPrefix(m, "@") {
			fmt.Fprintf(t.err, "note: %s has an account of its own, which pays for what it sends, not %s\n", m, a.Name)
		}
	}
	if !a.IsDomain() && a.Policy.Send == nil {
		fmt.Fprintf(t.err, "note: whether %s may send is what its domain or the site says: postel account explain %s\n", a.Name, a.Name)
	}
}
