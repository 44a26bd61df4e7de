package smsengine

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Account is who may send and is counted: a mail user, or a group, a script, a
// list that has a name and a password of its own. An account whose name begins
// with "@" is a domain: nobody sends by it, it is the policy of its users.
type Account struct {
	Name        string   `json:"name"` // "smsalerts", "john@example.org", "@example.org"; lower case
	Description string   `json:"description,omitempty"`
	Members     []string `json:"members,omitempty"` // addresses, or "@domain", whose authenticated users share it
	Owns        []string `json:"owns,omitempty"`    // addresses, or "@domain", that it may write from besides its name and members
	Contact     string   `json:"contact,omitempty"` // mailbox for warnings, and for reports where the sender is not its own
	Disabled    bool     `json:"disabled,omitempty"`
	Policy      Policy   `json:"policy,omitzero"`

	// Password is an argon2id hash in the PHC string format; "" lets in only the
	// authenticated sessions of its members. It is no part of what is shown.
	Password string    `json:"-"`
	Created  time.Time `json:"created,omitzero"`
	Changed  time.Time `json:"changed,omitzero"`
	// Version is that of the stored account that this one was made from, 0 for a
	// new one: two changes at once do not undo each other.
	Version int `json:"version,omitempty"`
}

// IsDomain reports whether the account is a domain's policy.
func (a Account) IsDomain() bool { return strings.HasPrefix(a.Name, "@") }

// Key is a capability: whoever has it may send to a number, or to all numbers
// that begin so, at the cost of an account. One with scopes is a token: it is for
// the HTTP interface, where it may do what they name, to any number, and means
// nothing in an address. What is kept of the key itself is a digest.
type Key struct {
	ID       string    `json:"id"` // names it in lists and logs; no secret
	Account  string    `json:"account"`
	Number   string    `json:"number"` // "+15551234567", "72727", or "+1555*" for all that begin so
	Digest   [32]byte  `json:"-"`      // SHA-256 of the key
	Note     string    `json:"note,omitempty"`
	Created  time.Time `json:"created"`
	Revoked  time.Time `json:"revoked,omitzero"`
	Scopes   Scopes    `json:"scopes,omitzero"`
	Expires  time.Time `json:"expires,omitzero"`   // zero: never
	LastUsed time.Time `json:"last_used,omitzero"` // of a Directory it is as old as the Directory
}

// Covers reports whether the key is for a number.
func (k Key) Covers(number string) bool {
	if prefix, ok := strings.CutSuffix(k.Number, "*"); ok {
		return strings.HasPrefix(number, prefix)
	}
	return number == k.Number
}

// AnyNumber is the Number of a token.
const AnyNumber = "*"

// IsToken reports whether the key is for the HTTP interface, and not for
// addresses.
func (k Key) IsToken() bool { return k.Scopes != 0 }

// Valid reports whether the key is neither revoked nor expired.
func (k Key) Valid(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// Stop is why an account may not send until a person says so.
type Stop struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
}

// Directory is all accounts at one moment. It does not change: a Store makes a
// new one when an account does.
type Directory struct {
	accounts map[string]Account
	members  map[string]string // address or "@domain" → account
	keys     map[[32]byte]Key
	keyIDs   map[string]Key
	stopped  map[string]Stop
	webhooks map[string]Webhook
}

// NewDirectory makes a directory.
func NewDirectory(accounts []Account, keys []Key, stopped []Stop, webhooks []Webhook) *Directory {
	d := &Directory{
		accounts: make(map[string]Account, len(accounts)), members: map[string]string{},
		keys: make(map[[32]byte]Key, len(keys)), keyIDs: make(map[string]Key, len(keys)),
		stopped: make(map[string]Stop, len(stopped)), webhooks: make(map[string]Webhook, len(webhooks)),
	}
	for _, a := range accounts {
		d.accounts[a.Name] = a
		for _, m := range a.Members {
			d.members[m] = a.Name
		}
	}
	for _, k := range keys {
		d.keys[k.Digest], d.keyIDs[k.ID] = k, k
	}
	for _, s := range stopped {
		d.stopped[s.Account] = s
	}
	for _, w := range webhooks {
		d.webhooks[w.Name] = w
	}
	return d
}

// Account gives an account by its name.
func (d *Directory) Account(name string) (Account, bool) {
	if d == nil {
		return Account{}, false
	}
	a, ok := d.accounts[name]
	return a, ok
}

// Accounts gives all accounts, by name.
func (d *Directory) Accounts() []Account {
	if d == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(d.accounts), func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
}

// Stops gives all accounts and users that were stopped, by name.
func (d *Directory) Stops() []Stop {
	if d == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(d.stopped), func(a, b Stop) int { return strings.Compare(a.Account, b.Account) })
}

// Shared gives the account that a user shares: one that lists the address, else
// one that lists its domain.
func (d *Directory) Shared(user string) (Account, bool) {
	if d == nil {
		return Account{}, false
	}
	name, ok := d.members[user]
	if at := strings.LastIndexByte(user, '@'); !ok && at >= 0 {
		name, ok = d.members[user[at:]]
	}
	if !ok {
		return Account{}, false
	}
	return d.Account(name)
}

// Member gives the account that lists exactly this address or "@domain".
func (d *Directory) Member(member string) (account string, ok bool) {
	if d == nil {
		return "", false
	}
	account, ok = d.members[member]
	return account, ok
}

// Key gives a key by its digest, revoked ones too.
func (d *Directory) Key(digest [32]byte) (Key, bool) {
	if d == nil {
		return Key{}, false
	}
	k, ok := d.keys[digest]
	return k, ok
}

// KeyByID gives a key by its ID, revoked ones too.
func (d *Directory) KeyByID(id string) (Key, bool) {
	if d == nil {
		return Key{}, false
	}
	k, ok := d.keyIDs[id]
	return k, ok
}

// Stopped gives why an account was stopped, if it was.
func (d *Directory) Stopped(account string) (Stop, bool) {
	if d == nil {
		return Stop{}, false
	}
	s, ok := d.stopped[account]
	return s, ok
}

// Errors of a Store that keeps accounts.
var (
	ErrExists  = errors.New("there is one of that name already")
	ErrChanged = errors.New("somebody else has changed it meanwhile")
)

// Credentials are what an address brings along to say who pays. However they
// are printed, nothing of the secrets shows.
type Credentials struct {
	Users         []string // names to try in turn
	password, key *string
}

// NewCredentials makes credentials; "" is none.
func NewCredentials(users []string, password, key string) Credentials {
	c := Credentials{Users: users}
	if password != "" {
		c.password = &password
	}
	if key != "" {
		c.key = &key
	}
	return c
}

// Password gives the password, "" for none.
func (c Credentials) Password() string { return deref(c.password) }

// Key gives the key, "" for none.
func (c Credentials) Key() string { return deref(c.key) }

// None reports whether there is nothing to go by.
func (c Credentials) None() bool { return len(c.Users) == 0 && c.password == nil && c.key == nil }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Webhook gives a webhook by its name.
func (d *Directory) Webhook(name string) (Webhook, bool) {
	if d == nil {
		return Webhook{}, false
	}
	w, ok := d.webhooks[name]
	return w, ok
}

// Webhooks gives all webhooks by name.
func (d *Directory) Webhooks() []Webhook {
	if d == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(d.webhooks), func(a, b Webhook) int { return strings.Compare(a.Name, b.Name) })
}

// Watching gives the webhooks that want to hear of an account's messages on at
// least one of some occasions. It costs nothing where there are no webhooks.
func (d *Directory) Watching(account string, some Occasions) []Watch {
	if d == nil || len(d.webhooks) == 0 {
		return nil
	}
	var all []Watch
	for _, w := range d.Webhooks() {
		if on := w.Occasions & some; on != 0 && (w.Account == "" || w.Account == account) {
			all = append(all, Watch{w.Name, on})
		}
	}
	return all
}
