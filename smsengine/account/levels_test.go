package account

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// The nearest level that says something wins, key by key, and it is named.
func TestLevels(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct{ user, key, value, level string }{
		{"john@example.org", "send", "true", "site"},
		{"john@example.org", "monthly_limit", "50", "site"},
		{"john@example.org", "max_parts", "3", "built-in"},
		{"john@example.org", "allow", "home", "built-in"},
		{"carl@example.com", "monthly_limit", "20", "domain example.com"},
		{"carl@example.com", "max_parts", "5", "account carl@example.com"},
		{"zoe@example.com", "max_parts", "2", "domain example.com"},
		{"zoe@example.com", "send", "true", "account sales"},
		{"smsalerts", "monthly_limit", "7", "account smsalerts"},
		{"smsalerts", "rate", "100/1h", "built-in"},
		{"eve@example.org", "send", "false", "account eve@example.org"},
		{"@example.net", "send", "false", "domain example.net"},
		{"JOHN", "monthly_limit", "50", "site"},
	} {
		x := b.Explain(b.dir, c.user, now)
		i := slices.IndexFunc(x.Terms, func(term Term) bool { return term.Key == c.key })
		if i < 0 || x.Terms[i].Value != c.value || x.Terms[i].Level != c.level {
			t.Errorf("%s %s: %+v, want %s from %s", c.user, c.key, x.Terms[max(i, 0)], c.value, c.level)
		}
	}
}

func TestExplainSaysWhoPaysAndWhyNot(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct{ user, pays, refusal string }{
		{"john@example.org", "john@example.org", ""}, {"mary@example.org", "sales", ""}, {"smsalerts", "smsalerts", ""},
		{"eve@example.org", "eve@example.org", "may not"}, {"off", "off", "switched off"}, {"old", "old", "expired"},
		{"dan@example.org", "dan@example.org", "a burst"}, {"x@example.edu", "x@example.edu", "domain"},
		{"nobody-here", "nobody-here@example.org", ""}, // a user without a domain is of the first
	} {
		x := b.Explain(b.dir, c.user, now)
		if x.Pays != c.pays || x.May != (c.refusal == "") || !strings.Contains(x.Refusal, c.refusal) {
			t.Errorf("%s: %+v", c.user, x)
		}
	}
}

// Every key of a policy is merged, explained, and has a built-in value: one that
// was added and forgotten somewhere fails here.
func TestEveryKeyIsMerged(t *testing.T) {
	p, terms := reflect.TypeFor[smsengine.Policy](), reflect.TypeFor[smsengine.Terms]()
	_, from := Merge([]Level{{"built-in", smsengine.BuiltIn}})
	listed := termsOf(smsengine.Terms{}, from)
	const derived = 1 // OwnParts
	if terms.NumField() != p.NumField()+derived || len(listed) != p.NumField() {
		t.Errorf("%d keys, %d terms, %d explained", p.NumField(), terms.NumField(), len(listed))
	}
	for i := range p.NumField() {
		key := p.Field(i).Tag.Get("toml")
		if from[key] != "built-in" {
			t.Errorf("%s has no built-in value, or is not merged", key)
		}
		if !slices.ContainsFunc(listed, func(x Term) bool { return x.Key == key && x.Level == "built-in" }) {
			t.Errorf("%s is not explained", key)
		}
	}
}

func TestDestination(t *testing.T) {
	home, abroad := phone.Destination{Home: true, Country: "US"}, phone.Destination{Country: "MV"}
	deny := smsengine.BuiltIn.Deny
	for _, c := range []struct {
		allow, deny []string
		number      string
		where       phone.Destination
		ok, unusual bool
	}{
		{[]string{"home"}, deny, "+15551234567", home, true, false},
		{[]string{"home"}, deny, "+9601234567", abroad, false, false},
		{[]string{"home", "+960"}, deny, "+9601234567", abroad, true, false},
		{[]string{"home", "*"}, deny, "+9601234567", abroad, true, true},
		{[]string{"*"}, deny, "+15551234567", home, true, true},
		{[]string{"home", "*"}, []string{"+960"}, "+9601234567", abroad, false, false},
		{[]string{"*"}, deny, "+19005550123", phone.Destination{Home: true, Premium: true}, false, false},
		{[]string{"*"}, []string{}, "+19005550123", phone.Destination{Home: true, Premium: true}, true, true},
		{[]string{"+881"}, deny, "+881612345678", phone.Destination{Satellite: true}, false, false},
		{[]string{"+881"}, []string{"premium"}, "+881612345678", phone.Destination{Satellite: true}, true, false},
		{[]string{"home"}, deny, "72727", home, false, false},
		{[]string{"home", "72727"}, deny, "72727", home, true, false},
		{[]string{"*"}, deny, "72727", home, false, false},
		{nil, nil, "+15551234567", home, false, false},
	} {
		unusual, err := Destination(smsengine.Terms{Allow: c.allow, Deny: c.deny}, c.number, c.where)
		if (err == nil) != c.ok || unusual != c.unusual {
			t.Errorf("%s with %v against %v: unusual %v, %v", c.number, c.allow, c.deny, unusual, err)
		}
	}
}

func TestCharges(t *testing.T) {
	s := Site{Location: now.Location(), Ceiling: 1000, Administrator: smsengine.Mailbox("postmaster@example.org")}
	terms, _ := Merge([]Level{{"", smsengine.BuiltIn}, {"", smsengine.Policy{MonthlyLimit: new(50), Rate: new(smsengine.Rate{Parts: 2, Every: 60e9})}}})
	charges, limits := s.Charges("john", terms, 3, true, now)
	got := []string{}
	for _, c := range charges {
		l := limits[c.Counter]
		got = append(got, fmt.Sprintf("%s|%s|%d of %d|%s|%v", c.Account, c.Period, c.Amount, l.Most, l.Refusal.Code, l.Stop != ""))
	}
	want := []string{
		"john|2026-11|3 of 50|5.2.2|false",
		"john|rate 2026-11-30T23:30:00Z|2 of 2|4.7.1|false", // more than the rate can still leave, alone
		"*|2026-11-30|3 of 1000|4.7.1|false",
		"john|unusual 2026-11-30T23:00:00Z|3 of 10|5.7.1|true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	terms.LimitUnit = smsengine.CountMessages
	if charges, _ := s.Charges("john", terms, 3, false, now); charges[0].Amount != 1 || len(charges) != 3 {
		t.Errorf("in messages: %+v", charges)
	}
}

// A warning is due at 80 and at 95 percent, and has a key of its own each time.
func TestWarnings(t *testing.T) {
	s, john := Site{Location: now.Location()}, smsengine.Mailbox("john@example.org")
	keys := map[string]bool{}
	for used, want := range map[int]string{0: "", 39: "", 40: "80", 46: "80", 47: "80", 48: "95", 50: "95"} {
		got := ""
		for _, m := range s.Warnings(john, s.Month("john", now), smsengine.CountParts, used, 50, now) {
			got = strings.Fields(m.Body.Subject)[0]
			keys[m.Key] = true
			if m.To != john || m.Kind != smsengine.Note || !strings.Contains(m.Body.Text, fmt.Sprintf("%d of 50 parts", used)) {
				t.Errorf("%d: %+v", used, m)
			}
		}
		if got != want {
			t.Errorf("%d of 50: %q, want %q", used, got, want)
		}
	}
	if len(keys) != 2 {
		t.Errorf("keys %v", keys)
	}
	if s.Warnings(smsengine.Address{}, s.Month("john", now), "", 50, 50, now) != nil || s.Warnings(john, s.Month("john", now), "", 50, 0, now) != nil {
		t.Error("warned of nothing, or nobody")
	}
}

func TestTwiceAndMissing(t *testing.T) {
	b := newBed(t)
	b.Levels["smsalerts"] = smsengine.Policy{}
	b.Locals["cron"] = "cronjobs"
	if wrong := b.Twice(b.dir); len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "smsalerts") {
		t.Error(wrong)
	}
	if wrong := b.Missing(b.dir); len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "postel account add cronjobs") {
		t.Error(wrong)
	}
}

func TestCheck(t *testing.T) {
	s := newBed(t).Site
	base := func(change func(a *smsengine.Account)) smsengine.Account {
		a := New("alerts", now)
		change(&a)
		return a
	}
	for _, c := range []struct {
		field string // "" is fine
		a     smsengine.Account
	}{
		{"", base(func(a *smsengine.Account) {
			a.Members, a.Owns, a.Contact = []string{"x@example.org", "@example.com"}, []string{"@lists.example.edu"}, "ops@example.edu"
			a.Policy.Allow, a.Policy.Expires = []string{"home", "+44", "72727", "*"}, new(smsengine.Date("2026-12-01"))
		})},
		{"", New("x@example.org", now)}, {"", New("@example.org", now)},
		{"name", New("a:b", now)}, {"name", New("", now)}, {"name", New(strings.Repeat("x", 300), now)}, {"name", New("two words", now)},
		{"name", New("x@example.edu", now)}, {"name", New("eve@example.org", now)}, {"name", New("@example.com", now)},
		{"name", New("local", now)}, {"name", New("*", now)}, {"name", New("@", now)}, {"name", smsengine.Account{Name: "Upper"}},
		{"members", base(func(a *smsengine.Account) { a.Members = []string{"john"} })},
		{"members", base(func(a *smsengine.Account) { a.Members = []string{"x@example.edu"} })},
		{"members", base(func(a *smsengine.Account) { a.Members = []string{"x@example.org", "x@example.org"} })},
		{"owns", base(func(a *smsengine.Account) { a.Owns = []string{"<x@example.org>"} })},
		{"contact", base(func(a *smsengine.Account) { a.Contact = "somebody" })},
		{"description", base(func(a *smsengine.Account) { a.Description = "a\nb" })},
		{"monthly_limit", base(func(a *smsengine.Account) { a.Policy.MonthlyLimit = new(-1) })},
		{"max_parts", base(func(a *smsengine.Account) { a.Policy.MaxParts = new(129) })},
		{"unusual_burst", base(func(a *smsengine.Account) { a.Policy.UnusualBurst = new(-1) })},
		{"senders", base(func(a *smsengine.Account) { a.Policy.Senders = new("all") })},
		{"template", base(func(a *smsengine.Account) { a.Policy.Template = new("unknown") })},
		{"template", base(func(a *smsengine.Account) { a.Policy.Template = new("{sbject}") })},
		{"strip", base(func(a *smsengine.Account) { a.Policy.Strip = []string{"own"} })},
		{"attachments", base(func(a *smsengine.Account) { a.Policy.Attachments = new("send") })},
		{"national_tables", base(func(a *smsengine.Account) { a.Policy.NationalTables = []string{"klingon"} })},
		{"too_long", base(func(a *smsengine.Account) { a.Policy.TooLong = new("send") })},
		{"machine_mail", base(func(a *smsengine.Account) { a.Policy.MachineMail = []string{"bounce"} })},
		{"language", base(func(a *smsengine.Account) { a.Policy.Language = new("tlh") })},
		{"gateway", base(func(a *smsengine.Account) { a.Policy.Gateway = new("attic") })},
		{"sender", base(func(a *smsengine.Account) { a.Policy.Sender = new("a\r\nb") })},
		{"allow", base(func(a *smsengine.Account) { a.Policy.Allow = []string{"premium"} })},
		{"deny", base(func(a *smsengine.Account) { a.Policy.Deny = []string{"44"} })},
		{"expires", base(func(a *smsengine.Account) { a.Policy.Expires = new(smsengine.Date("2026-11-29")) })},
	} {
		err := s.Check(c.a, []string{"office"}, now)
		m, ok := err.(*Mistake)
		if c.field == "" && err != nil || c.field != "" && (!ok || m.Field != c.field || m.What == "" || m.Remedy == "") {
			t.Errorf("%.40q: want a mistake in %q, got %v", c.a.Name, c.field, err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	d := &Decider{Passwords: NewVerifier(nil), Site: Site{Domains: []string{"example.org"}, Location: now.Location(), Policy: smsengine.Policy{Send: new(true)}}}
	q := Question{Identity: auth("john@example.org"), Sender: smsengine.Mailbox("john@example.org"), Number: alice, Now: now}
	for b.Loop() {
		by, err := d.Decide(b.Context(), nil, q)
		if err != nil {
			b.Fatal(err)
		}
		d.Charges(by.Account, by.Terms, 1, false, now)
	}
}
