package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// pastRules are rules of which some rewrite what others ask about.
var pastRules = []string{
	`if.to.starts = "+1555"; then.gateway = "spare"`,
	`if.always = true; then.gateway = [{ name = "office", cost = 0.02 }, { name = "spare", cost = 0.01 }]`,
	`if.routed = false; then.gateway = ["spare", "office"]`,
	`if.gateway = "office"; then.tag = "b"`,
	`if.text.contains = "1234"; then.edit.text = { matches = '\d', with = '*' }`,
	`if.text.contains = "*"; then.tag = "a"`,
	`if.parts.over = 1; then.sender = "Long"`,
	`if.sender = "Pump"; then.tag = "c"`,
	`if.to = "+15551234567"; then.edit.to = "+15551234599"`,
	`if.to.starts = "+155512345"; then.edit.to = { matches = '^([^@]+)$', with = '$1@office&sender=Pump' }`,
	`if.text.contains = "drop"; then.drop = true`,
	`if.to.starts = "+1555999"; then.forward = "john@example.org"`,
	`if.size.over = 20; then.tag = "d"`,
	`if.text.contains = "no"; stop = true`,
}

// What rules said of a message they say again, wherever that can be known, and
// where it cannot they do not guess.
func TestRulesAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(pastRules), 1, 6, rapid.ID).Draw(rt, "rules")
		var doc strings.Builder
		for i, r := range chosen {
			fmt.Fprintf(&doc, "[[rule]]\ntitle = \"%d\"\n%s\n", i, strings.ReplaceAll(r, "; ", "\n"))
		}
		c := ruled(t, doc.String(), "")
		to := rapid.SampledFrom([]string{"+15551234567@sms.example.org", `"sms:+15551234599?id=office"@example.org`, "+15559990123@sms.example.org"}).Draw(rt, "to")
		text := rapid.SampledFrom([]string{"hi", "the PIN is 1234", "drop it", "no", strings.Repeat("a long text 1234 ", 20)}).Draw(rt, "text")
		d := mailFrom("john@example.org", to, text, facts{})
		d.Message.Kind = smsengine.Text
		if _, err := decide(t, Outgoing(c), d); err != nil {
			return // it was never stored
		}
		p := Past{Message: d.Message, Source: *d.Source}
		a, err := c.Again(t.Context(), c.Rules.Outgoing(), p, facts{}, true)
		if err != nil {
			rt.Fatal(err)
		}
		var held []string
		for _, s := range a.Decision.Trace {
			if s.Result == rule.Unknown && a.Unknown == 0 {
				rt.Fatalf("rule %s is not known, and all is: %+v", s.Rule, s)
			}
			if s.Result == rule.Unknown {
				return
			}
			if s.Result == rule.Yes {
				held = append(held, s.Rule)
			}
		}
		if !slices.Equal(held, d.Message.Body.Rules) {
			rt.Errorf("then %v, now %v\n%s", d.Message.Body.Rules, held, doc.String())
		}
		ends := a.Decision.Verdict == rule.Drop || a.Decision.Changes.Elsewhere
		if ends != (p.EndedBy() != "") || ends != d.Ended {
			rt.Errorf("it ended: %v, %q; now: %v", d.Ended, p.EndedBy(), ends)
		}
		if !ends && (a.Err != nil || a.Message.To != d.Message.To || a.Message.Route.String() != d.Message.Route.String()) {
			rt.Errorf("to %s over %s; now to %s over %s, %v\n%s", d.Message.To, d.Message.Route, a.Message.To, a.Message.Route, a.Err, doc.String())
		}
	})
}

// Texts from phones: what named a mailbox was asked about as that, answers were not
// asked about at all, and what was rewritten is not known.
func TestReceivedAgain(t *testing.T) {
	c := ruled(t, "", "[[rule]]\ntitle = \"x\"\nif.routed = true\nthen.tag = \"named\"\n[[rule]]\ntitle = \"y\"\nif.text.starts = \"ORDER\"\nthen.forward = \"shop@example.org\"\nthen.edit.text = { matches = '^ORDER', with = 'Order' }\n")
	set, _ := rule.Parse(fstest.MapFS{}, "f", []byte("[[rule]]\ntitle = \"z\"\nif.routed = true\nthen.forward = \"jane@example.org\"\n[[rule]]\ntitle = \"w\"\nif.text.starts = \"Order\"\nthen.tag = \"t\"\n"), rule.Incoming, rule.Site{})
	for _, x := range []struct {
		text, to string // "" where it is not known
		unknown  rule.Fields
	}{
		{"hello", "desk@example.org", 0},
		{"#jane@example.org# hello", "jane@example.org", 0},
		{"ORDER 12", "desk@example.org", rule.FieldSet(rule.Text)},
	} {
		d := textBy(theirs, x.text, facts{})
		d.Message.Kind, d.Message.Original = smsengine.Incoming, ours.Value
		steps, err := smsengine.Decide(t.Context(), Incoming(c), d)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, s := range steps {
			if s.Note != "" {
				said = append(said, s.Stage+": "+s.Note)
			}
		}
		d.Message.Body.Received.Decided = strings.Join(said, "; ")
		p := Past{Message: d.Message}
		a, err := c.Again(t.Context(), set, p, facts{}, false)
		if err != nil || !p.Asked() || a.Unknown != x.unknown || a.Message.To.Value != x.to {
			t.Errorf("%s: to %s, not known %v, %v", x.text, a.Message.To, a.Unknown.Names(), err)
		}
	}
	if (Past{Message: smsengine.Message{Kind: smsengine.Incoming, About: "m", Body: smsengine.Body{Received: &smsengine.ReceivedSMS{}}}}).Asked() {
		t.Error("rules are asked about an answer")
	}
}

// Rules are asked about what a digest gathered, and not about what they do.
func TestAskedAgain(t *testing.T) {
	text := smsengine.Message{ID: "m", Kind: smsengine.Text, From: smsengine.Mailbox("john@example.org"), To: theirs, Created: now}
	gathered, _ := text.GatheredBy(smsengine.NewDigest("key", "Night", "digest", nil, now, now))
	copied, question := text, text
	copied.About, question.From = "n", smsengine.Address{}
	for _, x := range []struct {
		name  string
		m     smsengine.Message
		asked bool
		ended string
	}{
		{"a text", text, true, ""},
		{"gathered", gathered, true, "gathered for a digest by the rule Night"},
		{"a copy", copied, false, ""},
		{"a question to a phone", question, false, ""},
		{"a report", smsengine.Message{Kind: smsengine.Report, From: text.From}, false, ""},
	} {
		if p := (Past{Message: x.m}); p.Asked() != x.asked || p.EndedBy() != x.ended {
			t.Errorf("%s: asked %v, ended %q", x.name, p.Asked(), p.EndedBy())
		}
	}
}
