package account

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/postel-mail/postel/smsengine"
)

var now = time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)

const alice = "+15551234567"

// keys are the secrets of the directory's keys.
type bed struct {
	*Decider
	dir              *smsengine.Directory
	key, wide, ended string
}

func newBed(t *testing.T) bed {
	t.Helper()
	hash, err := Hash("alertpwd")
	if err != nil {
		t.Fatal(err)
	}
	named := func(name, password string, change func(*smsengine.Account)) smsengine.Account {
		a := New(name, now)
		a.Password = password
		if change != nil {
			change(&a)
		}
		return a
	}
	accounts := []smsengine.Account{
		named("smsalerts", hash, func(a *smsengine.Account) {
			a.Owns, a.Contact = []string{"@lists.example.org"}, "ops@example.org"
			a.Policy.MonthlyLimit = new(7)
		}),
		named("sales", "", func(a *smsengine.Account) { a.Members = []string{"mary@example.org", "@example.com"} }),
		named("paul@example.org", hash, func(a *smsengine.Account) { a.Policy.MaxParts = new(9) }),
		named("off", hash, func(a *smsengine.Account) { a.Disabled = true }),
		named("old", hash, func(a *smsengine.Account) { a.Policy.Expires = new(smsengine.Date("2026-11-29")) }),
		named("last", hash, func(a *smsengine.Account) { a.Policy.Expires = new(smsengine.Date("2026-11-30")) }),
		named("stopped", hash, nil),
		named("monitoring", "", nil),
		named("@example.net", "", func(a *smsengine.Account) { a.Policy.Send = new(false) }),
		named("boss@example.net", "", nil),
	}
	b := bed{Decider: &Decider{Passwords: NewVerifier(nil), Site: Site{
		Domains: []string{"example.org", "example.com", "example.net"}, Location: time.UTC,
		Policy: smsengine.Policy{Send: new(true), MonthlyLimit: new(50)},
		Levels: map[string]smsengine.Policy{
			"@example.com":     {MonthlyLimit: new(20), MaxParts: new(2)},
			"eve@example.org":  {Send: new(false)},
			"carl@example.com": {MaxParts: new(5)},
		},
		Networks: []Network{
			{netip.MustParsePrefix("192.0.2.0/24"), "smsalerts"},
			{netip.MustParsePrefix("192.0.2.7/32"), "monitoring"},
		},
		Locals: map[string]string{"nagios": "monitoring"},
	}}}
	var keys []smsengine.Key
	make := func(number string) string {
		secret, k := NewKey("smsalerts", number, "", now)
		keys = append(keys, k)
		return secret
	}
	b.key, b.wide, b.ended = make(alice), make("+1555*"), make(alice)
	keys[2].Revoked = now
	b.dir = smsengine.NewDirectory(accounts, keys, []smsengine.Stop{
		{Account: "stopped", Reason: "it sent too much"}, {Account: "dan@example.org", Reason: "a burst"},
	}, nil)
	return b
}

func auth(user string) smsengine.Identity {
	return smsengine.Identity{Method: smsengine.MethodAuth, User: user}
}

func TestDecide(t *testing.T) {
	b := newBed(t)
	client := func(ip string) smsengine.Identity {
		return smsengine.Identity{Method: smsengine.MethodClient, Peer: ip}
	}
	pass := func(password string, users ...string) smsengine.Credentials {
		return smsengine.NewCredentials(users, password, "")
	}
	dmarc := func(user string) smsengine.Identity {
		return smsengine.Identity{Method: smsengine.MethodDMARC, User: user}
	}
	key := func(k string) smsengine.Credentials { return smsengine.NewCredentials(nil, "", k) }
	for _, c := range []struct {
		name    string
		id      smsengine.Identity
		cred    smsengine.Credentials
		sender  string
		pays    string
		from    string // who gets answers and reports
		refusal string // or a word of the refusal
	}{
		{name: "signed in", id: auth("john@example.org"), sender: "john@example.org", pays: "john@example.org", from: "john@example.org"},
		{name: "without a realm", id: auth("John"), sender: "JOHN@example.org", pays: "john@example.org", from: "JOHN@example.org"},
		{name: "with an extension", id: auth("john@example.org"), sender: "john+sms@example.org", pays: "john@example.org", from: "john+sms@example.org"},
		{name: "as another", id: auth("john@example.org"), sender: "mary@example.org", refusal: "not your address"},
		{name: "as another by extension", id: auth("mary@example.org"), sender: "john+mary@example.org", refusal: "not your address"},
		{name: "null sender", id: auth("john@example.org"), refusal: "null sender"},
		{name: "foreign domain", id: auth("john@example.edu"), sender: "john@example.edu", refusal: "domain"},
		{name: "member", id: auth("mary@example.org"), sender: "mary@example.org", pays: "sales", from: "mary@example.org"},
		{name: "member by domain", id: auth("zoe@example.com"), sender: "zoe@example.com", pays: "sales", from: "zoe@example.com"},
		{name: "own level before membership", id: auth("carl@example.com"), sender: "carl@example.com", pays: "carl@example.com", from: "carl@example.com"},
		{name: "own account", id: auth("paul@example.org"), sender: "paul@example.org", pays: "paul@example.org", from: "paul@example.org"},
		{name: "denied by name", id: auth("eve@example.org"), sender: "eve@example.org", refusal: "may not send"},
		{name: "denied by domain", id: auth("x@example.net"), sender: "x@example.net", refusal: "may not send"},
		{name: "allowed against the domain", id: auth("boss@example.net"), sender: "boss@example.net", pays: "boss@example.net", from: "boss@example.net"},
		{name: "stopped user", id: auth("dan@example.org"), sender: "dan@example.org", refusal: "a burst"},
		{name: "nobody", sender: "john@example.org", refusal: "sign in"},
		{name: "claims a method", id: smsengine.Identity{Method: "authenticated=1", User: "john@example.org"}, sender: "john@example.org", refusal: "sign in"},
		{name: "an account's name is no mail user", id: auth("smsalerts"), sender: "x@lists.example.org", refusal: "not your address"},

		{name: "author by DMARC", id: dmarc("john@example.org"), sender: "john@example.org", pays: "john@example.org", from: "john@example.org"},
		{name: "member by DMARC", id: dmarc("mary@example.org"), sender: "mary@example.org", pays: "sales", from: "mary@example.org"},
		{name: "author of another domain", id: dmarc("john@example.edu"), sender: "john@example.edu", refusal: "domain"},
		{name: "author, but a password of another", id: dmarc("x@example.edu"), cred: pass("alertpwd", "smsalerts"), sender: "x@example.edu", pays: "smsalerts", from: "ops@example.org"},
		{name: "author as another", id: dmarc("john@example.org"), sender: "mary@example.org", refusal: "not your address"},

		{name: "password", cred: pass("alertpwd", "smsalerts"), sender: "x@example.edu", pays: "smsalerts", from: "ops@example.org"},
		{name: "password, any case of the name", cred: pass("alertpwd", "SMSalerts"), sender: "list-bounces+1@lists.example.org", pays: "smsalerts", from: "list-bounces+1@lists.example.org"},
		{name: "second candidate", cred: pass("alertpwd", "paul%example.org", "paul@example.org"), sender: "x@example.edu", pays: "paul@example.org"},
		{name: "wrong password", cred: pass("other", "smsalerts"), sender: "x@example.edu", refusal: "user name or password"},
		{name: "unknown user", cred: pass("alertpwd", "nobody"), sender: "x@example.edu", refusal: "user name or password"},
		{name: "no password set", cred: pass("alertpwd", "sales"), sender: "x@example.edu", refusal: "user name or password"},
		{name: "no password given", cred: pass("", "smsalerts"), sender: "x@example.edu", refusal: "user name or password"},
		{name: "switched off", cred: pass("alertpwd", "off"), sender: "x@example.edu", refusal: "switched off"},
		{name: "expired", cred: pass("alertpwd", "old"), sender: "x@example.edu", refusal: "expired"},
		{name: "last day", cred: pass("alertpwd", "last"), sender: "x@example.edu", pays: "last"},
		{name: "stopped account", cred: pass("alertpwd", "stopped"), sender: "x@example.edu", refusal: "too much"},
		{name: "signed in and a password", id: auth("john@example.org"), cred: pass("alertpwd", "smsalerts"), sender: "john@example.org", pays: "john@example.org", from: "john@example.org"},
		{name: "may not, but has a password", id: auth("eve@example.org"), cred: pass("alertpwd", "smsalerts"), sender: "eve@example.org", pays: "smsalerts", from: "ops@example.org"},

		{name: "key", cred: key(b.key), sender: "x@example.edu", pays: "smsalerts", from: "ops@example.org"},
		{name: "key in capitals", cred: key(strings.ToUpper(b.key)), sender: "x@example.edu", pays: "smsalerts", from: "ops@example.org"},
		{name: "key for a prefix", cred: key(b.wide), sender: "x@example.edu", pays: "smsalerts", from: "ops@example.org"},
		{name: "revoked key", cred: key(b.ended), sender: "x@example.edu", refusal: "key"},
		{name: "guessed key", cred: key("0123456789abcdefghjkmnpqrs"), sender: "x@example.edu", refusal: "key"},

		{name: "network", id: client("192.0.2.9"), sender: "x@lists.example.org", pays: "smsalerts", from: "x@lists.example.org"},
		{name: "narrowest network", id: client("::ffff:192.0.2.7"), sender: "root@example.org", pays: "monitoring"},
		{name: "outside", id: client("198.51.100.1"), sender: "x@example.org", refusal: "sign in"},
		{name: "local user", id: smsengine.Identity{Method: smsengine.MethodLocalUser, User: "nagios"}, sender: "nagios@example.org", pays: "monitoring", from: "nagios@example.org"},
		{name: "local user as another", id: smsengine.Identity{Method: smsengine.MethodLocalUser, User: "nagios"}, sender: "root@example.org", pays: "monitoring"},
		{name: "other local user", id: smsengine.Identity{Method: smsengine.MethodLocalUser, User: "games"}, sender: "nagios@example.org", refusal: "sign in"},

		{name: "trusted peer", id: smsengine.Identity{Method: smsengine.MethodTrusted}, sender: "john@example.org", pays: "john@example.org", from: "john@example.org"},
		{name: "trusted peer, null sender", id: smsengine.Identity{Method: smsengine.MethodTrusted}, refusal: "sign in"},
		{name: "trusted peer, foreign", id: smsengine.Identity{Method: smsengine.MethodTrusted}, sender: "x@example.edu", refusal: "domain"},
		{name: "control socket", id: smsengine.Identity{Method: smsengine.MethodLocal}, pays: Local},
		{name: "control socket for john", id: smsengine.Identity{Method: smsengine.MethodLocal}, sender: "john@example.org", pays: "john@example.org", from: "john@example.org"},
	} {
		d, err := b.Decide(t.Context(), b.dir, Question{Identity: c.id, Credentials: c.cred, Sender: smsengine.Mailbox(c.sender), Number: alice, Now: now})
		if c.refusal == "" {
			if err != nil || d.Account != c.pays || d.From.Value != c.from {
				t.Errorf("%s: %s pays, answers to %q, %v", c.name, d.Account, d.From.Value, err)
			}
			continue
		}
		e, ok := errors.AsType[*smsengine.Error](err)
		if !ok || e.Class != smsengine.Permanent || !strings.HasPrefix(e.Code, "5.7.") || !strings.Contains(e.Text, c.refusal) {
			t.Errorf("%s: %v, %s", c.name, err, d.Account)
		}
	}
}

// A key is for its number and for no other.
func TestKeyIsBound(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		key, number string
		may         bool
	}{
		{b.key, alice, true}, {b.key, "+15551234568", false}, {b.wide, "+15559999999", true},
		{b.wide, "+15541234567", false}, {b.wide, "+1555", true},
	} {
		_, err := b.Decide(t.Context(), b.dir, Question{Credentials: smsengine.NewCredentials(nil, "", c.key), Number: c.number, Now: now})
		if (err == nil) != c.may {
			t.Errorf("%s: %v", c.number, err)
		}
	}
}

// A ticket says who it was; whether he still may is decided anew.
func TestVouchedIdentitiesAreDecidedAnew(t *testing.T) {
	b := newBed(t)
	ask := func(c smsengine.Credentials, number string) (Decision, error) {
		return b.Decide(t.Context(), b.dir, Question{Credentials: c, Number: number, Sender: smsengine.Mailbox("x@example.edu"), Now: now})
	}
	for _, c := range []smsengine.Credentials{
		smsengine.NewCredentials(nil, "", b.key), smsengine.NewCredentials([]string{"smsalerts"}, "alertpwd", ""),
	} {
		first, err := ask(c, alice)
		if err != nil {
			t.Fatal(err)
		}
		again := Question{Identity: first.Identity, Number: alice, Sender: smsengine.Mailbox("x@example.edu"), Now: now}
		d, err := b.Decide(t.Context(), b.dir, again)
		if err != nil || d.Account != "smsalerts" || d.Identity != first.Identity {
			t.Errorf("%+v, %v", d, err)
		}
		if _, err := b.Decide(t.Context(), smsengine.NewDirectory(nil, nil, nil, nil), again); err == nil {
			t.Error("an account that is gone may send")
		}
		again.Number = "+15550000000"
		if _, err := b.Decide(t.Context(), b.dir, again); (err == nil) != (first.Identity.Method == smsengine.MethodPassword) {
			t.Errorf("another number: %v", err)
		}
	}
}

// A mail user's password is asked for after the accounts', and what is wrong is
// not told apart.
func TestSystemUsers(t *testing.T) {
	b := newBed(t)
	var asked []string
	b.System = func(_ context.Context, user, password string, from smsengine.Identity) error {
		asked = append(asked, user)
		if user == "john@example.org" && password == "secret" && from.Peer == "192.0.2.99" {
			return nil
		}
		return ErrWrong
	}
	q := Question{
		Identity: smsengine.Identity{Method: smsengine.MethodClient, Peer: "192.0.2.99"}, Number: alice, Now: now,
		Credentials: smsengine.NewCredentials([]string{"john%example.org", "john@example.org"}, "secret", ""), Sender: smsengine.Mailbox("john@example.org"),
	}
	d, err := b.Decide(t.Context(), b.dir, q)
	if err != nil || d.Account != "john@example.org" || d.Identity.Method != smsengine.MethodSystem || len(asked) != 1 {
		t.Fatalf("%+v %v %v", d, err, asked)
	}
	q.Credentials = smsengine.NewCredentials([]string{"john"}, "wrong", "")
	b.Networks = nil
	_, err = b.Decide(t.Context(), b.dir, q)
	if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Code != "5.7.8" {
		t.Error(err)
	}
	// Passwords that are right count against nobody, even where an account of the
	// same name has another one; wrong ones do.
	for range 2 * triesSource {
		q.Credentials = smsengine.NewCredentials([]string{"john"}, "secret", "")
		if _, err := b.Decide(t.Context(), b.dir, q); err != nil {
			t.Fatal(err)
		}
	}
	q.Credentials = smsengine.NewCredentials([]string{"john"}, "wrong", "")
	for range triesHere {
		_, err = b.Decide(t.Context(), b.dir, q)
	}
	if !temporary(err) {
		t.Error(err)
	}
}

// The month is the site's: an hour before it ends in UTC it has begun in Berlin.
func TestMonthIsTheSites(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := Site{Location: berlin}
	if c := s.Month("john", now); c.Period != "2026-12" {
		t.Error(c)
	}
	if c := s.PreviousMonth("john", now); c.Period != "2026-11" {
		t.Error(c)
	}
	if c := s.PreviousMonth("john", time.Date(2026, 1, 31, 12, 0, 0, 0, berlin)); c.Period != "2025-12" {
		t.Error(c)
	}
	if c := s.Today(now); c.Period != "2026-12-01" {
		t.Error(c)
	}
	if want := time.Date(2027, 1, 1, 0, 0, 0, 0, berlin); !s.Reset(now).Equal(want) {
		t.Errorf("resets at %v, want %v", s.Reset(now), want)
	}
}
