package rule

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// FuzzParse: whatever an administrator or an import writes is compiled or refused
// with a place in the file, and what was compiled decides and explains alike.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		leastCost, byPrefix, validSender, callerID, manyRules(4), "[[rule]]", "rule = [1]", "[rule]\nif.any = [[]]", "a.b.c = {d = [{}, 1.5, 1979-05-27]}",
		"[[rule]]\ntitle = 'x'\n[rule.if]\nany = [{ to = '+1' }]\n[[rule.then]]\ncopy = 'a@example.org'\n[[rule.then]]\nsql = { database = 'd', statement = '%%to%%' }",
		"[[rule]]\ntitle = 'x'\nif.expr = 'parts > 3 ? true : header[\"a\"] == text'\nthen.run = ['/bin/a', '--', '%%text%%']\nthen.call = 'https://example.org/?%%text%%'",
		"[[rule]]\ntitle = 'x'\nif.from.in = 'list'\nif.hour.between = ['22:00', '06:00']\nif.size.over = '1MB'\nthen.gateway = [{ name = 'us', weight = 2, cost = 0.1 }]\nthen.edit.header.x-a = '%%subject%%'",
		"[[rule]]\ntitle = 'x'\nif.always = true\nthen.copy = { turns = ['a@example.org', '+15551234567'], every = '8h', since = '2026-11-23 08:00' }\nthen.reply = { text = '%%text%%', every = '1d' }",
		"[[rule]]\ntitle = 'x'\nif.always = true\nthen.forward = [{ turns = ['+15551234567'], every = '1w', since = '2026-11-23' }, 'b@example.org']\nthen.fallback = { mail = 'a@example.org', after = '10m' }",
		"[[rule]]\ntitle = 'x'\nif.always = true\nthen.digest = { after = 3, within = '10m', parts = 1 }",
	} {
		f.Add(seed, "+15551234567", "some text")
	}
	f.Fuzz(func(t *testing.T, doc, number, text string) {
		for _, d := range []Direction{Outgoing, Incoming} {
			s, err := Parse(fstest.MapFS{"list": {Data: []byte("a\nb\n")}}, "f", []byte(doc), d, Site{})
			if err != nil {
				if problems, ok := errors.AsType[mistake.Problems](err); !ok || len(problems) == 0 {
					t.Fatalf("an error without a place: %v", err)
				}
				continue
			}
			facts := Facts{From: "john@example.org", To: number, Text: text, Subject: text, At: time.Unix(0, 0).UTC()}
			decided, explained := s.Decide(facts), s.Explain(facts)
			if decided.Verdict != explained.Verdict || len(decided.Effects) != len(explained.Effects) {
				t.Fatalf("decided %+v\nexplained %+v", decided, explained)
			}
			for _, e := range decided.Effects {
				fillAll(t, e)
			}
		}
	})
}

// fillAll fills an effect in: what was compiled can be filled.
func fillAll(t *testing.T, e Effect) {
	var err error
	switch e := e.(type) {
	case Run:
		var argv []string
		if argv, err = e.Argv(); err == nil && len(argv) != len(e.Command) && !e.Shell {
			t.Fatalf("%q of %q", argv, e.Command)
		}
		if err != nil && strings.Contains(err.Error(), "would be an option") {
			err = nil // it is refused, as it should be
		}
	case Call:
		var r Request
		r, err = e.Fill()
		for _, v := range r.Header {
			if strings.ContainsAny(v, "\r\n") {
				t.Fatalf("a header of two lines: %q", v)
			}
		}
	case SQL:
		_, _, err = e.Bind(func(int) string { return "?" })
	}
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
}

// FuzzPattern: whatever the pattern and the text, there is an answer in time, and
// what stands between the places that are found is kept.
func FuzzPattern(f *testing.F) {
	f.Add(`^(?!.*@)(.*)$`, "+15551234567")
	f.Add(catastrophe, catastrophic)
	f.Add(`(?<=a)(b|\\1)*?$`, "ab\xff\n")
	f.Add(`(\+1)(.*)`, "+1 é")
	f.Fuzz(func(t *testing.T, source, text string) {
		p, err := newPattern(source)
		if err != nil {
			return
		}
		var b purse
		found, err := p.match(&b, text)
		if err != nil {
			return
		}
		whole, replaced, err := p.replace(&b, text, func(group func(int) string) string { return group(0) })
		if err == nil && (replaced != found || whole != text && utf8.ValidString(text)) {
			t.Fatalf("%q in %q: found %t, replaced %t, %q", source, text, found, replaced, whole)
		}
	})
}

// FuzzTemplate: a value stays where it was written.
func FuzzTemplate(f *testing.F) {
	f.Add("%%to%%@us&sender=%%sender%%", "a&id=eu")
	f.Add("$1${name}$$ 100%% %sender_phonealias%", "%%text%%")
	f.Fuzz(func(t *testing.T, source, value string) {
		tmpl, err := newTemplate(source, nil)
		if err != nil {
			return
		}
		const mark = "\x00"
		marked := tmpl.expand(func(string) string { return mark }, nil)
		if strings.Contains(source, mark) {
			return
		}
		got := tmpl.expand(func(string) string { return value }, nil)
		if want := strings.ReplaceAll(marked, mark, value); got != want {
			t.Fatalf("%q with %q: %q, want %q", source, value, got, want)
		}
	})
}

// FuzzTo: a rewritten To gives a number and known parameters, or an error.
func FuzzTo(f *testing.F) {
	for _, seed := range []string{"+15551234567@us&sender=Pump", "+1 (555) 123-4567", "72727@eu", "a@b@c?d=e&f", "+15551234567@@us&maxmsgs=3", "&&&", "+15551234567&user=a"} {
		f.Add(seed)
	}
	s := &Set{gateways: []string{"us", "eu"}, domains: []string{"sms.example.org"}}
	f.Fuzz(func(t *testing.T, to string) {
		d, err := s.readTo(to, "")
		if err != nil {
			return
		}
		if strings.Trim(strings.TrimPrefix(d.number, "+"), "0123456789") != "" || d.number == "" {
			t.Fatalf("%q: the number %q", to, d.number)
		}
		if d.gateway != "" && d.gateway != "us" && d.gateway != "eu" {
			t.Fatalf("%q: the gateway %q", to, d.gateway)
		}
		for _, p := range d.params {
			if p.Name == "user" || p.Name == "pass" || p.Name == "key" || p.Name == "authenticated" || p.Name == "id" && d.gateway == "" {
				t.Fatalf("%q: the parameter %q", to, p.Name)
			}
		}
	})
}
