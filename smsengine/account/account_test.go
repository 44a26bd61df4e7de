package account

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's zones

	"github.com/postel-mail/postel/smsengine"
)

var now = time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	policy := Policy{Domains: []string{"example.org", "example.com"}, MonthlyLimit: 50, Location: time.UTC}
	auth := func(user string) smsengine.Identity {
		return smsengine.Identity{Method: smsengine.MethodAuth, User: user}
	}
	john := smsengine.Mailbox("john@example.org")
	for _, c := range []struct {
		name    string
		id      smsengine.Identity
		sender  smsengine.Address
		account string // or
		refusal string
	}{
		{"signed in", auth("john@example.org"), john, "john@example.org", ""},
		{"without a realm", auth("john"), john, "john@example.org", ""},
		{"in capitals", auth("John@Example.ORG"), smsengine.Mailbox("JOHN@example.org"), "john@example.org", ""},
		{"second domain", auth("j@example.com"), smsengine.Mailbox("j@example.com"), "j@example.com", ""},
		{"nobody", smsengine.Identity{}, john, "", "sign in"},
		{"method without a name", auth(""), john, "", "sign in"},
		{"foreign domain", auth("john@example.net"), smsengine.Mailbox("john@example.net"), "", "domain"},
		{"as another", auth("john@example.org"), smsengine.Mailbox("mary@example.org"), "", "not your address"},
		{"null sender", auth("john@example.org"), smsengine.Address{}, "", "null sender"},
		{"unknown method", smsengine.Identity{Method: "authenticated=1", User: "john@example.org"}, john, "", "sign in"},
		{"trusted peer", smsengine.Identity{Method: smsengine.MethodTrusted}, john, "john@example.org", ""},
		{"trusted peer, null sender", smsengine.Identity{Method: smsengine.MethodTrusted}, smsengine.Address{}, "", "sign in"},
		{"trusted peer, foreign", smsengine.Identity{Method: smsengine.MethodTrusted}, smsengine.Mailbox("x@example.net"), "", "domain"},
		{"local", smsengine.Identity{Method: smsengine.MethodLocal}, smsengine.Address{}, Local, ""},
		{"local for john", smsengine.Identity{Method: smsengine.MethodLocal}, john, "john@example.org", ""},
	} {
		d, err := policy.Decide(c.id, c.sender, now)
		if c.refusal == "" {
			if err != nil || d.Account != c.account || d.Limit != 50 || d.Period != "2026-11" {
				t.Errorf("%s: %+v, %v", c.name, d, err)
			}
			continue
		}
		e, ok := errors.AsType[*smsengine.Error](err)
		if !ok || e.Class != smsengine.Permanent || e.Code != "5.7.1" || !strings.Contains(e.Text, c.refusal) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The month is the site's: an hour before it ends in UTC it has begun in Berlin.
func TestMonthIsTheSites(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Policy{Domains: []string{"example.org"}, Location: berlin}.Decide(
		smsengine.Identity{Method: smsengine.MethodAuth, User: "john"}, smsengine.Mailbox("john@example.org"), now)
	if err != nil || d.Period != "2026-12" {
		t.Errorf("%+v, %v", d, err)
	}
	if want := time.Date(2027, 1, 1, 0, 0, 0, 0, berlin); !d.Reset.Equal(want) {
		t.Errorf("resets at %v, want %v", d.Reset, want)
	}
}

func TestAnySender(t *testing.T) {
	p := Policy{Domains: []string{"example.org"}, AnySender: true, Location: time.UTC}
	d, err := p.Decide(smsengine.Identity{Method: smsengine.MethodAuth, User: "john"}, smsengine.Mailbox("sales@example.com"), now)
	if err != nil || d.Account != "john@example.org" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestLimitErrorSaysWhen(t *testing.T) {
	e := LimitError(Decision{Limit: 50, Reset: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}, 49, 2)
	if e.Code != "5.2.2" || e.Class != smsengine.Permanent || !strings.Contains(e.Text, "1 December 2026") {
		t.Error(e)
	}
}
