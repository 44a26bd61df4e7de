package stage

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

func TestReachable(t *testing.T) {
	c := reception(t)
	for addr, want := range map[string]string{
		"john@example.org":                            "john@example.org",
		"John.Doe+home@Example.ORG":                   "John.Doe+home@example.org",
		"o'neil_1@example.org":                        "o'neil_1@example.org",
		"joe.admin@example.org":                       "joe.admin@example.org",
		"admin@example.org":                           "admin@example.org",
		"help@example.org":                            "help@example.org",
		"staff@example.org":                           "staff@example.org", // a list itself: it decides who may write
		strings.Repeat("a", 64) + "@example.org":      strings.Repeat("a", 64) + "@example.org",
		strings.Repeat("a", 65) + "@example.org":      "",
		"john@example.net":                            "",
		"john@example.org.":                           "",
		"john@sub.example.org":                        "",
		"":                                            "",
		"@example.org":                                "",
		".john@example.org":                           "",
		"john.@example.org":                           "",
		"john..doe@example.org":                       "",
		"-oQ/tmp@example.org":                         "",
		"|program@example.org":                        "",
		"/etc/passwd@example.org":                     "",
		`"john"@example.org`:                          "",
		"john%example.net@example.org":                "",
		"example.net!john@example.org":                "",
		"jöhn@example.org":                            "",
		"+15551234567@example.org":                    "",
		"+15551234567@sms.example.org":                "",
		"15551234567@sms.example.org":                 "",
		"anybody@sms.example.org":                     "",
		"sms+15551234567@example.org":                 "",
		"SMS=+15551234567@example.org":                "",
		"sms=15551234567@example.org":                 "",
		"sms:+15551234567@example.org":                "",
		"IMCEASMS-+2B15551234567@example.org":         "",
		"sms+nonsense@example.org":                    "",
		"postmaster@example.org":                      "",
		"postmaster@sms.example.org":                  "",
		"MAILER-DAEMON@example.org":                   "",
		"majordomo@example.org":                       "",
		"LISTSERV@example.org":                        "",
		"sympa@example.org":                           "",
		"mlmmj+staff@example.org":                     "",
		"staff-request@example.org":                   "",
		"staff-bounces@example.org":                   "",
		"staff-bounces+john=example.com@example.org":  "",
		"staff-owner@example.org":                     "",
		"owner-staff@example.org":                     "",
		"staff-subscribe@example.org":                 "",
		"staff+subscribe@example.org":                 "",
		"staff+subscribe-digest@example.org":          "",
		"staff-unsubscribe@example.org":               "",
		"staff-join@example.org":                      "",
		"staff-leave@example.org":                     "",
		"staff-confirm+1a2b3c@example.org":            "",
		"staff+confsub-1a2b3c@example.org":            "",
		"staff-sc.1234.abcdef-john=x.org@example.org": "", // ezmlm
		"staff-admin@example.org":                     "",
	} {
		if got, why := c.reachable(addr); got != want || (why == "") != (want != "") {
			t.Errorf("%s: %q, because %q; want %q", addr, got, why, want)
		}
	}
}

// anyText is what strangers write, with what looks like commands.
var anyText = rapid.Custom(func(t *rapid.T) string {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{
			"#", "@", "@example.org#", "@sms.example.org", "@EXAMPLE.ORG", "sms:", "sms+", "SMS=", "IMCEASMS-", "+2B", "+15551234567", "00155", "?", "&",
			`"`, "\\", " ", "\n", "%", "=40", ".", "-request", "owner-", "+subscribe", "john", "STOP", "2", "2 ", "1:", "example.net", "\u202e", "\x00", "\xff",
		}),
	)
	return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
})

// Whatever strangers write: a text buys no text, but for the question of conflict;
// it reaches no domain but those of the site; and it reaches somebody.
func TestTextsBuyNoTexts(t *testing.T) {
	c := reception(t)
	rapid.Check(t, func(rt *rapid.T) {
		f := facts{links: [][]smsengine.Link{nil, {john}, {mary, john}}[rapid.IntRange(0, 2).Draw(rt, "links")]}
		if rapid.Bool().Draw(rt, "told") {
			f.conflict = told
		}
		checkText(rt, c, anyText.Draw(rt, "text"), f)
	})
}

func FuzzIncoming(f *testing.F) {
	for _, text := range []string{"hello", "#john@example.org# hi", "#sms+15551234567@example.org#", "2 yes", "(1)", "STOP", "#\"+1\"@sms.example.org#"} {
		f.Add(text, 2, true)
	}
	f.Fuzz(func(t *testing.T, text string, links int, wasTold bool) {
		facts := facts{links: []smsengine.Link{mary, john}[:uint(links)%3]}
		if wasTold {
			facts.conflict = told
		}
		checkText(t, reception(t), text, facts)
	})
}

func checkText(t rapid.TB, c Config, text string, f facts) {
	d := textFrom(text, withKept{f, kept})
	for _, s := range Incoming(c) {
		if err := s.Do(context.Background(), d); err != nil {
			t.Fatalf("%s: %v", s.Name(), err)
		}
		if d.Dropped != "" {
			if strings.TrimSpace(text) != "" {
				t.Fatalf("%q was dropped", text)
			}
			return
		}
	}
	to := d.Message.To
	if _, phone, err := c.Parser.Parse(to.Value); to.Scheme != smsengine.Mailto || phone || err != nil {
		t.Fatalf("%q goes to the phone %v (%v)", text, to, err)
	}
	if local, domain, _ := strings.Cut(to.Value, "@"); domain != "example.org" || obeys(local) || strings.ContainsAny(local, "\"%!@:/|\\ \n\x00") {
		t.Fatalf("%q goes to %v", text, to)
	}
	if len(d.Notices) > 1 || len(d.Notices) == 1 && d.Notices[0].To != theirs {
		t.Fatalf("%q causes %+v", text, d.Notices)
	}
}
