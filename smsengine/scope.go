package smsengine

import (
	"fmt"
	"slices"
	"strings"
)

// Scopes is what a token may do over HTTP, as a set.
type Scopes uint8

// The scopes.
const (
	ScopeSend     Scopes = 1 << iota // send texts, and cancel them
	ScopeRead                        // see texts that were sent, and what was used
	ScopeIncoming                    // see texts from phones
	ScopeAdmin                       // what the scopes above say, for all accounts; it still sends at the cost of its own
	ScopeMetrics                     // see what the service measures, of all accounts
	ScopeWebhooks                    // make, see and remove webhooks, which hear of all messages of the account
)

var scopeNames = []string{"send", "read", "incoming", "admin", "metrics", "webhooks"}

// Has reports whether all of some scopes are in the set.
func (s Scopes) Has(some Scopes) bool { return s&some == some }

// String names the scopes as RFC 6749 §3.3 does: "send read".
func (s Scopes) String() string {
	var all []string
	for i, name := range scopeNames {
		if s.Has(1 << i) {
			all = append(all, name)
		}
	}
	return strings.Join(all, " ")
}

// ParseScopes reads scopes with spaces or commas between them. The error is for
// people.
func ParseScopes(text string) (s Scopes, err error) {
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		i := slices.Index(scopeNames, name)
		if i < 0 {
			return 0, fmt.Errorf("%.40q is no scope; there are %s", name, strings.Join(scopeNames, ", "))
		}
		s |= 1 << i
	}
	return s, nil
}

// MarshalText writes what String does; UnmarshalText reads what ParseScopes does.
func (s Scopes) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads scopes.
func (s *Scopes) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScopes(string(text))
	return err
}
