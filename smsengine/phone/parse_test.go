package phone

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// site is a parser with everything switched on.
func site(t testing.TB) *Parser {
	t.Helper()
	p, err := New(Rules{
		Domains: []string{"example.org", "bücher.example"}, PhoneDomains: []string{"sms.example.org"},
		Prefixes: []Prefix{{Name: "sms"}, {Name: "Alert", Defaults: "maxmsgs=7&flash=1", Account: "alerts"}},
		Region:   "US", ShortCodes: []string{"12345"}, BareNumbers: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	n    = "+15551234567"
	home = n + "@sms.example.org"
	mail = `"sms:` + n + `"@example.org`
)

// Every address here means a phone; canonical is its String.
func TestParsePhones(t *testing.T) {
	p := site(t)
	for _, c := range []struct{ name, addr, canonical string }{
		{"plain", `sms:+15551234567@example.org`, mail},
		{"quoted", `"sms:+15551234567"@example.org`, mail},
		{"angle brackets", `<"sms:+15551234567"@example.org>`, mail},
		{"spaces in brackets", `< sms:+15551234567@example.org >`, mail},
		{"space before the domain", `<"SMS:+15551234567" @example.org>`, mail},
		{"display name", `John <"sms:+15551234567"@example.org>`, mail},
		{"quoted display name", `"Doe, John" <sms:+15551234567@example.org>`, mail},
		{"source route", `<@a.test,@b.test:sms:+15551234567@example.org>`, mail},
		{"Evolution's trailing space", `<"sms:+15551234567 "@example.org>`, mail},
		{"Evolution's second quotes", `<"\"sms:+15551234567\""@example.org>`, mail},
		{"go-smtp, dequoted", `sms:+15551234567 @example.org`, mail},
		{"case", `SmS:+15551234567@EXAMPLE.Org`, mail},
		{"root dot", `sms:+15551234567@example.org.`, mail},
		{"URI habit", `sms://+15551234567@example.org`, mail},
		{"encoded plus", `sms:%2B15551234567@example.org`, mail},
		{"encoded space", `sms:+1%20555%20123%204567@example.org`, mail},
		{"00 for plus", `sms:0015551234567@example.org`, mail},
		{"national", `sms:555-123-4567@example.org`, mail},
		{"national, with 1", `sms:15551234567@example.org`, mail},
		{"RFC 3192", `SMS=+15551234567@example.org`, mail},
		{"helper account", `sms+15551234567@example.org`, mail},
		{"helper account, plus twice", `sms++15551234567@example.org`, mail},
		{"helper account, 00", `sms+0015551234567@example.org`, mail},
		{"Exchange", `IMCEASMS-+2B15551234567@example.org`, mail},
		{"Exchange, parameters", `IMCEASMS-+2B15551234567+3Fmaxmsgs+3D3@example.org`, `"sms:+15551234567?maxmsgs=3"@example.org`},
		{"bare number, a group's remains", `+15551234567@example.org`, mail},
		{"bare number with parameters", `+15551234567?maxmsgs=3@example.org`, `"sms:+15551234567?maxmsgs=3"@example.org`},
		{"bare number, typed", `"+ (1) 555 123 4567"@example.org`, mail},
		{"phone domain", `+15551234567@sms.example.org`, home},
		{"phone domain, prefix", `sms:+15551234567@sms.example.org`, home},
		{"phone domain, no plus", `15551234567@sms.example.org`, home},
		{"phone domain, dashes", `+1-555-123-4567@sms.example.org`, home},
		{"phone domain, dots", `+1.555.123.4567@sms.example.org`, home},
		{"phone domain, typed", `"+1 (555) 123-4567"@sms.example.org`, home},
		{"phone domain, encoded plus", `%2B15551234567@sms.example.org`, home},
		{"phone domain, parameters", `+15551234567?maxmsgs=3@sms.example.org`, `+15551234567?maxmsgs=3@sms.example.org`},
		{"typeset", "\u202a+1\u2011555\u00a0123\u20134567\u202c@sms.example.org", home},
		{"full width", "+１５５５１２３４５６７@sms.example.org", home},
		{"IDN", `sms:+15551234567@BÜCHER.example`, `"sms:+15551234567"@xn--bcher-kva.example`},
		{"IDN, A-label", `sms:+15551234567@xn--bcher-kva.example`, `"sms:+15551234567"@xn--bcher-kva.example`},
		{"short code", `sms:12345@example.org`, `"sms:12345"@example.org`},
		{"short code, helper", `sms+12345@example.org`, `"sms:12345"@example.org`},
		{"short code, phone domain", `12345@sms.example.org`, `12345@sms.example.org`},
		{"trunk zero", `"+44 (0)7700 900123"@sms.example.org`, `+447700900123@sms.example.org`},
		{"Italian zero", `+390612345678@sms.example.org`, `+390612345678@sms.example.org`},
		{"dialled abroad", `011447700900123@sms.example.org`, `+447700900123@sms.example.org`},
		{"prefix with defaults", `alert:+15551234567?flash=0@example.org`, `"alert:+15551234567?flash=0&maxmsgs=7"@example.org`},
		{"prefix with defaults, phone domain", `alert:+15551234567@sms.example.org`, `"alert:+15551234567?flash=1&maxmsgs=7"@sms.example.org`},
		{"parameters sorted", `sms:+15551234567?value=b&maxmsgs=3&value=a@example.org`, `"sms:+15551234567?maxmsgs=3&value=b&value=a"@example.org`},
		{"names in any case", `sms:+15551234567?MaxMsgs=3@example.org`, `"sms:+15551234567?maxmsgs=3"@example.org`},
		{"stray spaces, as R prints it", `"sms: +15551234567? user=john&pass=123"@example.org`, `"sms:+15551234567?user=john"@example.org`},
		{"empty parameters", `sms:+15551234567?&&@example.org`, mail},
		{"a whole query in value", `sms:+15551234567?value=&unicode=1&x=2@example.org`, `"sms:+15551234567?value=%26unicode%3D1%26x%3D2"@example.org`},
		{"dots that need quotes", `+15551234567?sender=a..b@sms.example.org`, `"+15551234567?sender=a..b"@sms.example.org`},
	} {
		r, phone, err := p.Parse(c.addr)
		if !phone || err != nil {
			t.Errorf("%s: %s: phone %v, error %v", c.name, c.addr, phone, err)
			continue
		}
		if r.String() != c.canonical {
			t.Errorf("%s: %s is %s, want %s", c.name, c.addr, r, c.canonical)
		}
		if again, _, err := p.Parse(r.Reveal()); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: %s reads back as %#v (%v), want %#v", c.name, r.Reveal(), again, err, r)
		}
	}
}

// What is no phone is left to the mail server.
func TestParseOthers(t *testing.T) {
	p := site(t)
	for _, addr := range []string{
		"", "<>", "@", "john", "john@example.org", "sms@example.org", "smsalerts@example.org", "sms.john@example.org",
		"12345@example.org", "5551234567@example.org", "+john@example.org", "@example.org",
		"postmaster@sms.example.org", `"PostMaster"@SMS.example.org`, "<postmaster>",
		home + ".test", "sms:+15551234567@example.com", "sms:+15551234567@mail.example.org", "sms:+15551234567@[127.0.0.1]",
		"john\x00@example.org", "j\xf6hn@example.org", strings.Repeat("x", 5000) + "@example.org",
	} {
		if r, phone, err := p.Parse(addr); phone || err != nil || !reflect.DeepEqual(r, Recipient{}) {
			t.Errorf("%q: phone %v, %v, error %v", addr, phone, r, err)
		}
	}
	quiet, err := New(Rules{Domains: []string{"example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, phone, _ := quiet.Parse(n + "@example.org"); phone {
		t.Error("a bare number is a phone although the site does not allow it")
	}
}

// What was meant to be a phone and is wrong says why.
func TestParseRefuses(t *testing.T) {
	p := site(t)
	for _, c := range []struct{ addr, text string }{
		{`<+15551234567@sms.example.org; +15559876543@sms.example.org>`, onlyOne},
		{`"sms:+15551234567@example.org; sms:+15559876543"@example.org`, onlyOne},
		{`";+15559876543"@sms.example.org`, onlyOne},
		{`;+15559876543@example.org`, onlyOne},
		{`",sms:+15559876543"@example.org`, onlyOne},
		{`+15551234567,+15559876543@sms.example.org`, onlyOne},
		{`"+15551234567 +15559876543"@sms.example.org`, onlyOne},
		{`"15551234567 15559876543"@sms.example.org`, onlyOne},
		{`+15551234567@sms.example.org@sms.example.org`, onlyOne},
		{`"+15551234567@sms.example.org"@sms.example.org`, onlyOne},
		{`sms:+15551234567?user=john@example.org&pass=1@example.org`, onlyOne},
		{`sms:+15551234567?pass=a;b@example.org`, onlyOne},
		{`123-4567@sms.example.org`, "too short"},
		{`<+1 123-4567@sms.example.org>`, "too short"},
		{`+1123-4567@sms.example.org`, "too short"},
		{`sms+1234567@example.org`, "too short"},
		{`911@sms.example.org`, "too short"},
		{`+155512345678@sms.example.org`, "too long"},
		{`447700900123@sms.example.org`, "too long"},
		{`+99912345678@sms.example.org`, "country code"},
		{`+0555123456789@sms.example.org`, "country code"},
		{`john@sms.example.org`, "not a phone number"},
		{`noreply.54321@sms.example.org`, mute},
		{`"sms:NoReply.ACME=20Bank"@example.org`, mute},
		{`1-800-FLOWERS@sms.example.org`, "not a phone number"},
		{`sms:+1555123456x@example.org`, "not a phone number"},
		{`00600000000000@sms.example.org`, "not a possible"},
		{`sms:@example.org`, "no phone number"},
		{`"sms:"@example.org`, "no phone number"},
		{`sms:?maxmsgs=3@example.org`, "no phone number"},
		{`@sms.example.org`, "no phone number"},
		{`SMS=+15551234567/T33S=4711@example.org`, "subaddress"},
		{`/SMS=+15551234567/USER=j/@example.org`, "without slashes"},
		{`sms:+15551234567&maxmsgs=3@example.org`, "follow a ?"},
		{`sms:+15551234567@example.org?maxmsgs=3`, "before the @"},
		{`sms:+15551234567`, "no domain"},
		{`"sms:+15551234567@example.org"`, "no domain"},
		{`<+15551234567>`, "no domain"},
		{`sms:+15551234567?maxmgs=3@example.org`, "unknown parameter maxmgs"},
		{`sms:+15551234567?maxmsgs@example.org`, "maxmsgs has no value"},
		{`sms:+15551234567?maxmsgs=1&maxmsgs=2@example.org`, "maxmsgs is given twice"},
		{`sms:+15551234567?maxmsgs=0@example.org`, "from 1 to 128"},
		{`sms:+15551234567?maxmsgs=129@example.org`, "from 1 to 128"},
		{`sms:+15551234567?maxmsgs=+3@example.org`, "from 1 to 128"},
		{`sms:+15551234567?maxmsgs=@example.org`, "from 1 to 128"},
		{`sms:+15551234567?validity=0@example.org`, "minutes"},
		{`sms:+15551234567?flash=2@example.org`, "flash must be"},
		{`sms:+15551234567?sender=%00@example.org`, "control character"},
		{`sms:+15551234567?sender=%ff@example.org`, "not UTF-8"},
		{"sms:+15551234567\x00@example.org", "control characters"},
		{"sms:+1555123\xff4567@example.org", "not UTF-8"},
		{"+15551234567\r\nDATA@sms.example.org", "control characters"},
		{`sms:+15551234567?value=` + strings.Repeat("x", maxLocal) + `@example.org`, "too long"},
		{strings.Repeat("5", 5000) + `@sms.example.org`, "too long"},
	} {
		_, phone, err := p.Parse(c.addr)
		var refused *Error
		if !phone || !errors.As(err, &refused) {
			t.Errorf("%q: phone %v, error %v", c.addr, phone, err)
			continue
		}
		if refused.Code != "5.1.3" || !strings.Contains(refused.Text, c.text) {
			t.Errorf("%q: %v, want %q in it", c.addr, refused, c.text)
		}
		checkText(t, refused)
	}
}

// checkText holds an error to its promise: one line of ASCII that any protocol can carry.
func checkText(t *testing.T, e *Error) {
	t.Helper()
	for _, c := range []byte(e.Text) {
		if c < ' ' || c > '~' || c == '%' {
			t.Fatalf("error text %q holds %q", e.Text, c)
		}
	}
	if len(e.Text) > 200 {
		t.Fatalf("error text of %d octets: %s", len(e.Text), e.Text)
	}
}

// What follows a password unencoded may be the rest of it.
func TestErrorsNameNoSecret(t *testing.T) {
	p := site(t)
	for _, addr := range []string{
		`sms:+15551234567?pass=hun&ter2=x@example.org`, `sms:+15551234567?pass=hun&ter2@example.org`, `sms:+15551234567?key=hun&ter2=x@example.org`,
		`sms:+15551234567?ter2@example.org`, `sms:ter2@example.org`, `ter2@sms.example.org`, `"sms:+15551234567?p\ass=ter2"@example.org`,
		`sms:+15551234567&pass=ter2@example.org`, `sms:+15551234567&pass=hun?ter2=x@example.org`, `sms:+15551234567?value=&pass=hun&ter2=x@example.org`, `sms:+15551234567?pass=%ffter2@example.org`,
		`sms:+15551234567?pass=hun&flash=ter2@example.org`, `sms:+15551234567?pass=hun&maxmsgs=ter2@example.org`,
	} {
		_, phone, err := p.Parse(addr)
		if !phone || err == nil || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%s: phone %v, %v", addr, phone, err)
		}
	}
}

// Without a region only full numbers pass.
func TestNoRegion(t *testing.T) {
	p, err := New(Rules{PhoneDomains: []string{"sms.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"15551234567@sms.example.org": n, "0015551234567@sms.example.org": n, home: n,
		"5551234567@sms.example.org": "", "07700900123@sms.example.org": "", "12345@sms.example.org": "",
	} {
		if r, phone, err := p.Parse(addr); !phone || r.Number != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", addr, r.Number, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, rules := range map[string]Rules{
		"empty domain":       {Domains: []string{""}},
		"no domain name":     {Domains: []string{"a b"}},
		"both kinds":         {Domains: []string{"example.org"}, PhoneDomains: []string{"Example.ORG."}},
		"prefix":             {Prefixes: []Prefix{{Name: "s:s"}}},
		"prefix of digits":   {Prefixes: []Prefix{{Name: "00"}}},
		"prefix twice":       {Prefixes: []Prefix{{Name: "sms"}, {Name: "SMS"}}},
		"default parameter":  {Prefixes: []Prefix{{Name: "sms", Defaults: "maxmsgs=0"}}},
		"default password":   {Prefixes: []Prefix{{Name: "sms", Defaults: "pass=x"}}},
		"region":             {Region: "XX"},
		"short code":         {ShortCodes: []string{"12a"}},
		"short code, plus":   {ShortCodes: []string{"+123"}},
		"short code, length": {ShortCodes: []string{"1"}},
	} {
		if _, err := New(rules); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
