package mailbridge

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/phone"
)

var testPhones = func() *phone.Parser {
	p, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		panic(err)
	}
	return p
}()

func TestClean(t *testing.T) {
	for _, c := range []struct{ addr, clean string }{
		{`"sms:+15551234567?user=john&pass=hunter2"@example.org`, `"sms:+15551234567"@example.org`},
		{`sms:+15551234567?user=j&maxmsgs=3&pass=hunter2@example.org`, `"sms:+15551234567?maxmsgs=3"@example.org`},
		{`<+1-555-123-4567?KEY=hunter2&maxmsgs=3@SMS.example.org>`, `+1-555-123-4567?maxmsgs=3@SMS.example.org`},
		{`"+15551234567?key=hun ter&sender=My Shop"@sms.example.org`, `"+15551234567?sender=My Shop"@sms.example.org`}, // not %20, which Postfix would rewrite
		{`"SMS=+15551234567?user=a%b.org&pass=x@y"@example.org`, `SMS=+15551234567@example.org`},
		{`"sms:+15551234567?value=&a=1&pass=hunter2"@example.org`, `"sms:+15551234567?value=&a=1"@example.org`},
		{`IMCEASMS-+2B15551234567+3Fpass+3Dhunter2+26maxmsgs+3D2@example.org`, `"sms:+15551234567?maxmsgs=2"@example.org`},
		{`<@relay.example:sms:+15551234567?pass=hunter2@example.org>`, `"sms:+15551234567"@example.org`},
		{`"\"sms:+15551234567?pass=hunter2\""@example.org`, `"sms:+15551234567"@example.org`},
		// Nothing to hide, not ours, not understood: as it was.
		{`sms:+15551234567?user=john@example.org`, ""},
		{`+15551234567@sms.example.org`, ""},
		{`sms:+15551234567?pass=hunter2@elsewhere.example`, ""},
		{`sms:+1?pass=hunter2@example.org`, ""},
		{`john@example.org`, ""},
	} {
		got, secret := Clean(testPhones, c.addr)
		if want := c.clean; secret != (want != "") || secret && got != want || !secret && got != c.addr {
			t.Errorf("%s: got %s, %v; want %s", c.addr, got, secret, want)
		}
	}
}

// FuzzClean: a clean address is the same phone with the same parameters, without
// password, key and user, and clean already.
func FuzzClean(f *testing.F) {
	for _, addr := range []string{
		`"sms:+15551234567?user=john&pass=hunter2&maxmsgs=3"@example.org`, `+15551234567?value=&a=b&key=x&value=c@sms.example.org`,
		`<@a.test:"\"sms:+15551234567?pass=a@b\""@example.org>`, `IMCEASMS-+2B15551234567+3Fpass+3Dx@example.org`, `J <"SMS=+15551234567?&pass=x&"@example.org>`,
	} {
		f.Add(addr)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		clean, secret := Clean(testPhones, addr)
		if !secret {
			if clean != addr {
				t.Fatalf("%q becomes %q", addr, clean)
			}
			return
		}
		want, _, err := testPhones.Parse(addr)
		if err != nil {
			t.Fatal(err)
		}
		want = want.Public()
		want.User = ""
		if got, isPhone, err := testPhones.Parse(clean); err != nil || !isPhone || got.Reveal() != want.Reveal() {
			t.Fatalf("%q becomes %q: %+v, want %+v (%v)", addr, clean, got, want, err)
		}
		if again, more := Clean(testPhones, clean); more || again != clean {
			t.Fatalf("%q becomes %q, then %q", addr, clean, again)
		}
	})
}

func TestScrub(t *testing.T) {
	const a = `"sms:+15551234567?user=john&pass=hunter2"@example.org`
	for _, c := range []struct{ name, value, want string }{
		{"To", `<` + a + `>`, `<"sms:+15551234567"@example.org>`},
		{"to", a + `, mary@example.org`, `"sms:+15551234567"@example.org, mary@example.org`},
		{"Cc", "mary@example.org,\n\tsms:+15551234567?key=hunter2@example.org,\n\tjoe@example.org", "mary@example.org,\n\t\"sms:+15551234567\"@example.org,\n\tjoe@example.org"},
		{"Reply-To", `"Doe, John (home)" <sms:+15551234567?maxmsgs=3&user=john&pass=hunter2@example.org>`, `"Doe, John (home)" <"sms:+15551234567?maxmsgs=3"@example.org>`},
		{"To", "<\"sms:+15551234567?user=john&\n pass=hunter2\"@example.org> (the pump)", `<"sms:+15551234567"@example.org> (the pump)`},
		// A display name that repeats the address, as Outlook writes it.
		{"To", `"sms:+15551234567?user=john&pass=hunter2@example.org" <` + a + `>`, `"sms:+15551234567@example.org" <"sms:+15551234567"@example.org>`},
		{"To", `The pump pass=hunter2 <mary@example.org>, j@example.org`, `"The pump pass=***" <mary@example.org>, j@example.org`},
		{"To", `=?utf-8?q?Zo=C3=AB_pass=3Dhunter2?= <mary@example.org>`, `=?utf-8?b?Wm/DqyBwYXNzPSoqKg==?= <mary@example.org>`},
		{"To", `=?utf-8?B?cGFzcw==?= =?utf-8?B?PWh1bnRlcjI=?= <mary@example.org>`, `"pass=***" <mary@example.org>`},
		{"From", `mary@example.org (pass=hunter2)`, `mary@example.org (pass=***)`},
		{"Bcc", `Phones: <` + a + `>, +15551234568?key=hunter2@sms.example.org;`, `Phones: <"sms:+15551234567"@example.org>, +15551234568@sms.example.org;`},
		{"Resent-To", `Phones: ` + a + `;`, `Phones: "sms:+15551234567"@example.org;`},
		{"Disposition-Notification-To", a, `"sms:+15551234567"@example.org`},
		// Not understood: masked, all of the field.
		{"To", `sms:+1?pass=hunter2@example.org, ` + a, `sms:+1?pass=***@example.org, "sms:+15551234567?user=john&pass=***"@example.org`},
		{"To", `sms:+15551234567?user=john&pass=hunter2,x@example.org`, `sms:+15551234567?user=john&pass=***@example.org`},
		{"To", `sms:+15551234567?pass=hunter2@elsewhere.example`, `sms:+15551234567?pass=***@elsewhere.example`},
		{"To", `<"sms:+15551234567?pass=hunter2`, `<"sms:+15551234567?pass=***`},
		// Other fields quote addresses.
		{"Received", "from mx by mx (Postfix) with ESMTP id 1\n\tfor <" + a + ">; Mon, 5 Jan 2026 10:00:00 +0000 (UTC)", "from mx by mx (Postfix) with ESMTP id 1\n\tfor <\"sms:+15551234567\"@example.org>; Mon, 5 Jan 2026 10:00:00 +0000 (UTC)"},
		{"Subject", `Re: sms:+15551234567?user=john&pass=hunter2@example.org is slow`, `Re: sms:+15551234567?user=john&pass=***@example.org is slow`},
		{"Subject", `=?utf-8?q?sms:+15551234567=3Fpass=3Dhunter2=40example=2Eorg?=`, `sms:+15551234567?pass=***@example.org`},
		{"X-Note", `the key=s3cr3tkey of the pump`, `the key=*** of the pump`}, // known
		// Nobody's business.
		{"Subject", `wifi password=hunter2 for guests`, ""},
		{"List-Unsubscribe", `<https://lists.example.com/u?id=5&key=hunter2>, <mailto:leave@example.com>`, ""},
		{"DKIM-Signature", `v=1; a=rsa-sha256; d=example.com; s=key; h=From:To; bh=x; b=y`, ""},
		{"To", `mary@example.org, "sms:+15551234567?maxmsgs=3"@example.org`, ""},
		{"To", ``, ""},
	} {
		s := Scrubber{Phones: testPhones, Known: []string{"s3cr3tkey"}}
		want := c.want
		if want == "" {
			want = c.value
		}
		got, changed := s.Field(c.name, c.value)
		if got != want || changed != (want != c.value) {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.value, got, want)
		}
	}
}

// FuzzScrub: whatever the field, scrubbing ends, is idempotent, keeps no secret in
// an address field and invents no header line.
func FuzzScrub(f *testing.F) {
	for _, v := range []string{
		`"J" <"sms:+15551234567?user=john&pass=hunter2"@example.org>, x@y`, `sms:+15551234567?key=hunter2@example.org (a (b) c)`,
		`P: <sms:+1?pass=x@example.org>, =?utf-8?q?pass=3Dx?= <a@b>;`, "a <\"b\\\"c?pass=\n x\"@d>; (", `=?utf-8?B?cGFzcw==?= =?utf-8?B?PXg=?= <`,
	} {
		f.Add("To", v)
		f.Add("Subject", v)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		value = strings.NewReplacer("\r", "", "\x00", "").Replace(value)
		s := Scrubber{Phones: testPhones, Known: []string{"hunter2"}}
		got, changed := s.Field(name, value)
		if changed != (got != value) {
			t.Fatalf("%q: changed is %v", value, changed)
		}
		if again, more := s.Field(name, got); more {
			t.Fatalf("%q becomes %q, then %q", value, got, again)
		}
		if holdsAddresses(name) && hides(got) {
			t.Fatalf("%q becomes %q, which still hides something", value, got)
		}
		if strings.Count(got, "\n") > strings.Count(value, "\n") {
			t.Fatalf("%q becomes %q: a new line", value, got)
		}
	})
}
