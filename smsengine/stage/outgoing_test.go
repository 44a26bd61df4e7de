package stage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// facts is what the stages look up.
type facts struct {
	used     int
	links    []smsengine.Link
	stopped  []smsengine.Address
	conflict smsengine.Conflict
	asked    smsengine.Message
	src      smsengine.Source
}

func (f facts) Usage(context.Context, smsengine.Counter) (smsengine.Usage, error) {
	return smsengine.Usage{Used: f.used}, nil
}

func (f facts) Suppressed(context.Context, smsengine.Address) ([]smsengine.Address, error) {
	return f.stopped, nil
}

func (f facts) Conflict(context.Context, smsengine.Address, smsengine.Address) (smsengine.Conflict, error) {
	return f.conflict, nil
}

func (f facts) Directory(context.Context) (*smsengine.Directory, error) { return nil, nil }

func (f facts) Links(_ context.Context, ours, theirs smsengine.Address, _ time.Time) ([]smsengine.Link, error) {
	var out []smsengine.Link
	for _, l := range f.links {
		if (ours.IsZero() || l.Ours == ours) && l.Theirs == theirs {
			out = append(out, l)
		}
	}
	return out, nil
}

func (f facts) Message(_ context.Context, id smsengine.MessageID) (smsengine.Message, error) {
	if f.asked.ID != id {
		return smsengine.Message{}, smsengine.ErrNotFound
	}
	return f.asked, nil
}

func (f facts) Known(context.Context, string) (smsengine.MessageID, error) {
	return "", smsengine.ErrNotFound
}

func (f facts) Source(_ context.Context, id smsengine.SourceID) (smsengine.Source, error) {
	return f.src, nil
}

func config(t *testing.T) Config {
	t.Helper()
	p, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Parser: p,
		Accounts: &account.Decider{Passwords: account.NewVerifier(nil), Site: account.Site{
			Domains: []string{"example.org"}, Location: time.UTC,
			Policy: smsengine.Policy{Send: new(true), MonthlyLimit: new(10)},
		}},
		Phones: []string{"office", "spare"},
		Expiry: 120 * time.Hour, Warn: 4 * time.Hour, LinkFor: 7 * 24 * time.Hour,
		Reception: Reception{DefaultRecipient: map[string]smsengine.Address{"office": smsengine.Mailbox("desk@example.org")}},
	}
}

// decide runs a list as the engine does.
func decide(t *testing.T, list []smsengine.Stage, d *smsengine.Draft) (stage string, err error) {
	t.Helper()
	for _, s := range list {
		if err := s.Do(t.Context(), d); err != nil {
			return s.Name(), err
		}
		if d.Dropped != "" || d.Ended {
			return s.Name(), nil
		}
	}
	return "", nil
}

func mailFrom(john, to, text string, f facts) *smsengine.Draft {
	return &smsengine.Draft{
		Now: now, Facts: f, Recipient: smsengine.Recipient{Address: to},
		Source: &smsengine.Source{
			Sender:   smsengine.Mailbox(john),
			Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: john},
		},
		Message: smsengine.Message{ID: "m", From: smsengine.Mailbox(john), Body: smsengine.Body{Text: text}},
	}
}

func TestOutgoing(t *testing.T) {
	c := config(t)
	long := strings.Repeat("a long text ", 100)
	for _, x := range []struct {
		name, to, text string
		used           int
		check          func(d *smsengine.Draft) bool
		stage, refused string // of a refusal: where, and a word of it
	}{
		{name: "plain", to: "+15551234567@sms.example.org", text: "hi", check: func(d *smsengine.Draft) bool {
			m := d.Message
			return m.To == smsengine.Phone("+15551234567") && m.Cost == 1 && m.Account == "john@example.org" && m.Charges[0].Period == "2026-11" &&
				len(m.Route.Gateways()) == 2 && m.Expires.Equal(now.Add(120*time.Hour)) && m.Warn.Equal(now.Add(4*time.Hour)) && m.LinkFor > 0
		}},
		{name: "cut to the default", to: "+15551234567@sms.example.org", text: long, check: func(d *smsengine.Draft) bool {
			return len(d.Message.Parts) == 3 && d.Message.Cost == 3 && len(d.Message.Parts[2].UDH) > 0
		}},
		{name: "maxmsgs", to: `"sms:+15551234567?maxmsgs=1"@example.org`, text: long, check: func(d *smsengine.Draft) bool {
			return len(d.Message.Parts) == 1 && strings.HasSuffix(d.Message.Parts[0].Text, "...")
		}},
		{name: "one gateway", to: `"sms:+15551234567?id=spare"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return d.Message.Route.String() == "spare"
		}},
		{name: "validity", to: `"sms:+15551234567?validity=60"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return d.Message.Expires.Equal(now.Add(time.Hour)) && d.Message.Warn.IsZero()
		}},
		{name: "flash", to: `"sms:+15551234567?flash=1"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool { return d.Message.Body.Flash }},
		{name: "kept parameter", to: `"sms:+15551234567?receipt=1"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return len(d.Message.Body.Params) == 1 && d.Message.Body.Params[0] == smsengine.Param{Name: "receipt", Value: "1"}
		}},
		{name: "own reply address", to: `"sms:+15551234567?reply=john+x=40example.org"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return d.Message.From == smsengine.Mailbox("john+x@example.org")
		}},
		{name: "charged", to: "+15551234567@sms.example.org", text: "hi", check: func(d *smsengine.Draft) bool {
			return len(d.Message.Charges) == 3 && d.Limits[d.Message.Charges[0].Counter].Most == 10 && d.Limits[d.Message.Charges[1].Counter].Most == 100
		}},
		{name: "another's reply address", to: `"sms:+15551234567?reply=mary=40example.org"@example.org`, text: "hi", stage: "account", refused: "your own"},
		{name: "chosen sender", to: `"sms:+15551234567?sender=ACME"@example.org`, text: "hi", stage: "account", refused: "sender"},
		{name: "abroad", to: "+447400123456@sms.example.org", text: "hi", stage: "destination", refused: "country"},
		{name: "premium", to: "+19005550123@sms.example.org", text: "hi", stage: "destination", refused: "premium"},
		{name: "secrets end here", to: `"sms:+15551234567?user=john&pass=hush&key=hush"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return !strings.Contains(d.Message.Original, "hush") && len(d.Message.Body.Params) == 0
		}},
		{name: "claims to be authenticated", to: `"sms:+15551234567?authenticated=1"@example.org`, text: "hi", check: func(d *smsengine.Draft) bool {
			return len(d.Message.Body.Params) == 0
		}},
		{name: "mailbox", to: "mary@example.org", text: "hi", stage: "normalise", refused: "not a phone"},
		{name: "impossible", to: "+1555@sms.example.org", text: "hi", stage: "normalise", refused: "number"},
		{name: "binary", to: `"sms:+15551234567?binary=1"@example.org`, text: "hi", stage: "normalise", refused: "binary"},
		{name: "no text", to: "+15551234567@sms.example.org", text: " \n", stage: "size", refused: "no text"},
		{name: "no such gateway", to: `"sms:+15551234567?id=attic"@example.org`, text: "hi", stage: "route", refused: "gateway"},
		{name: "limit", to: "+15551234567@sms.example.org", text: "hi", used: 10, stage: "quota", refused: "1 December 2026"},
		{name: "limit in parts", to: "+15551234567@sms.example.org", text: long, used: 8, stage: "quota", refused: "limit"},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := mailFrom("john@example.org", x.to, x.text, facts{used: x.used})
			stage, err := decide(t, Outgoing(c), d)
			if x.refused == "" {
				if err != nil || !x.check(d) {
					t.Fatalf("%v: %+v", err, d.Message)
				}
				return
			}
			e, ok := errors.AsType[*smsengine.Error](err)
			if !ok || stage != x.stage || !strings.Contains(e.Text, x.refused) || e.Class != smsengine.Permanent {
				t.Fatalf("refused by %q with %v", stage, err)
			}
		})
	}
}

// maxmsgs, which programs have as 128 unless they say less, goes before what site
// and domain say of max_parts, and not before what the account says.
func TestAnAccountsOwnPartsHold(t *testing.T) {
	c := config(t)
	c.Accounts.Site.Policy.MaxParts = new(2)
	long := strings.Repeat("a long text ", 100) // 8 parts
	for _, x := range []struct {
		own     *int
		address string
		parts   int
	}{
		{nil, "+15551234567@sms.example.org", 2},
		{nil, "+15551234567?maxmsgs=5@sms.example.org", 5},
		{new(4), "+15551234567@sms.example.org", 4},
		{new(4), "+15551234567?maxmsgs=3@sms.example.org", 3},
		{new(4), "+15551234567?maxmsgs=128@sms.example.org", 4},
	} {
		c.Accounts.Site.Levels = map[string]smsengine.Policy{"john@example.org": {MaxParts: x.own}}
		d := mailFrom("john@example.org", x.address, long, facts{})
		if _, err := decide(t, Outgoing(c), d); err != nil || len(d.Message.Parts) != x.parts {
			t.Errorf("%s: %d parts, %v; want %d", x.address, len(d.Message.Parts), err, x.parts)
		}
	}
}

// At RCPT time there is no text: one part is asked for, and earlier recipients
// of the mail count.
func TestPreviewCountsWhatWasPromised(t *testing.T) {
	d := mailFrom("john@example.org", "+15551234567@sms.example.org", "", facts{used: 8})
	d.Preview, d.Pending = true, 1
	if _, err := decide(t, Outgoing(config(t)), d); err != nil || d.Message.Cost != 1 {
		t.Fatal(err, d.Message.Cost)
	}
	d = mailFrom("john@example.org", "+15551234567@sms.example.org", "", facts{used: 8})
	d.Preview, d.Pending = true, 2
	if stage, err := decide(t, Outgoing(config(t)), d); err == nil || stage != "quota" {
		t.Fatalf("stage %q, %v", stage, err)
	}
}

func TestWithoutAGatewayTheMailWaits(t *testing.T) {
	c := config(t)
	c.Phones = nil
	_, err := decide(t, Outgoing(c), mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", facts{}))
	if smsengine.StatusOf(err).Class != smsengine.Temporary {
		t.Fatal(err)
	}
}
