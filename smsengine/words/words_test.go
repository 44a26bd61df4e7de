package words

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

var mail = &smsengine.Mail{
	From: "john@example.org", Name: "John Doe", Subject: "Lunch", Size: 12345,
	Date: time.Date(2026, 11, 23, 9, 5, 0, 0, time.FixedZone("", 3600)),
	Passages: []smsengine.Passage{
		{Kind: smsengine.PassageOwn, Text: "At noon?\n"},
		{Kind: smsengine.PassageMobile, Text: "Sent from my phone"},
		{Kind: smsengine.PassageQuote, Text: "\nOn Monday Mary wrote:\n> When?"},
	},
	Attachments: []smsengine.Attachment{
		{Name: "menu.pdf", Type: "application/pdf", URL: "https://sms.example.org/a/x"},
		{Type: "image/png"},
	},
}

func TestMake(t *testing.T) {
	all := []string{"quotes", "signature", "mobile", "list", "disclaimer"}
	for _, c := range []struct {
		template, attachments string
		strip                 []string
		want                  string
	}{
		{"{text|subject}", "leave-out", all, "At noon?"},
		{"{text|subject}", "leave-out", []string{"quotes"}, "At noon?\n\nSent from my phone"},
		{"{text|subject}", "leave-out", nil, "At noon?\n\nSent from my phone\n\nOn Monday Mary wrote:\n> When?"},
		{"[{subject}: ]{text}", "leave-out", all, "Lunch: At noon?"},
		{"{name} <{from}> {date} {size}", "leave-out", all, "John Doe <john@example.org> 2026-11-23 08:05 12 KB"},
		{"New mail", "leave-out", all, "New mail"},
		{`\[{subject}\]\n{text}`, "leave-out", all, "[Lunch]\nAt noon?"},
		{"{text}", "name", all, "At noon?\n[menu.pdf, image/png]"},
		{"{attachments}", "name", all, "[menu.pdf, image/png]"},
		{"{text}", "link", all, "At noon?\n[image/png]\nmenu.pdf: https://sms.example.org/a/x"},
		{"{text}[ with {attachments}]", "leave-out", all, "At noon?"},
	} {
		tpl, err := Parse(c.template)
		if err != nil {
			t.Fatal(err)
		}
		made := Make(mail, Form{Template: tpl, Attachments: c.attachments, Strip: c.strip, Location: time.UTC})
		if made.Text != c.want {
			t.Errorf("%s with %s: %q, want %q", c.template, c.attachments, made.Text, c.want)
		}
		if made.Links != strings.Contains(made.Text, "https://") {
			t.Errorf("%s with %s: links %v", c.template, c.attachments, made.Links)
		}
	}
	tpl, _ := Parse("{text|subject}")
	made := Make(mail, Form{Template: tpl, Strip: all})
	if !slices.Equal(made.LeftOut, []smsengine.PassageKind{"mobile", "quotes"}) {
		t.Errorf("left out %v", made.LeftOut)
	}
	if made := Make(&smsengine.Mail{Subject: "Only this", Passages: mail.Passages[1:]}, Form{Template: tpl, Strip: all}); made.Text != "Only this" {
		t.Errorf("nothing own: %q", made.Text)
	}
}

// What the person wrote is never left out, whatever the terms say.
func TestOwnWordsStay(t *testing.T) {
	tpl, _ := Parse("{text}")
	kinds := append([]smsengine.PassageKind{smsengine.PassageOwn}, Strippable...)
	rapid.Check(t, func(t *rapid.T) {
		m := &smsengine.Mail{}
		for range rapid.IntRange(0, 6).Draw(t, "passages") {
			m.Passages = append(m.Passages, smsengine.Passage{
				Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
				Text: rapid.StringMatching(`[a-z]{1,3}(\n{1,2}[a-z]{1,3}){0,2}`).Draw(t, "text"),
			})
		}
		strip := rapid.SliceOf(rapid.SampledFrom([]string{"own", "quotes", "signature", "mobile"})).Draw(t, "strip")
		rest := Make(m, Form{Template: tpl, Strip: strip}).Text
		for _, p := range m.Passages {
			if p.Kind == smsengine.PassageOwn {
				_, after, found := strings.Cut(rest, p.Text)
				if !found {
					t.Fatalf("%q is missing in %q", p.Text, rest)
				}
				rest = after
			}
		}
	})
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]Error{
		"{sbject}":   {0, `there is no variable "sbject"`, ""},
		"a {text":    {2, "the brace is not closed", ""},
		"a [b {text": {5, "the brace is not closed", ""},
		"x[{text}":   {1, "the bracket is not closed", ""},
		"x[y]":       {1, "no variable in these brackets", ""},
		"[[{text}]]": {1, "brackets in brackets", ""},
		"a]":         {1, "']' closes nothing", ""},
		"a}":         {1, "'}' closes nothing", ""},
		`a\`:         {1, "a backslash ends it", ""},
		`\q`:         {0, "a backslash before a character that needs none", ""},
		"{}":         {0, `there is no variable ""`, ""},
	} {
		_, err := Parse(in)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.At != want.At || e.What != want.What || e.Remedy == "" {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"{text|subject}", "[{subject}: ]{text}", `\[\n`, "[{", "a}b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tpl, err := Parse(s)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.At < 0 || e.At > len(s) {
				t.Fatalf("%v", err)
			}
			return
		}
		tpl.Expand(func(string) string { return "" })
		if !strings.ContainsAny(s, `{}[]\`) && tpl.Expand(nil) != s {
			t.Fatalf("%q is not itself", s)
		}
	})
}
