package stage

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// ruled is a configuration with rules for both directions.
func ruled(t *testing.T, out, in string) Config {
	t.Helper()
	c := reception(t)
	site := rule.Site{Gateways: []string{"office", "spare"}, Domains: []string{"example.org", "sms.example.org"}}
	parse := func(text string, d rule.Direction) *rule.Set {
		s, err := rule.Parse(fstest.MapFS{}, string(d)+".toml", []byte(text), d, site)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	o, i := parse(out, rule.Outgoing), parse(in, rule.Incoming)
	c.Rules = Rules{Outgoing: func() *rule.Set { return o }, Incoming: func() *rule.Set { return i }}
	return c
}

// one is a file of one rule.
func one(lines string) string { return "[[rule]]\ntitle = \"x\"\n" + lines + "\n" }

// What rules say of a text to a phone, behind the stages that check it.
func TestRulesOfOutgoing(t *testing.T) {
	for _, x := range []struct {
		name, rules, to, text string
		check                 func(d *smsengine.Draft) bool
		stage, refused        string
	}{
		{name: "one gateway", rules: "if.to.starts = \"+1\"\nthen.gateway = \"spare\"", check: func(d *smsengine.Draft) bool { return d.Message.Route.String() == "spare" }},
		{name: "several, in their order", rules: "if.always = true\nthen.gateway = [\"spare\", \"office\"]", check: func(d *smsengine.Draft) bool { return d.Message.Route.String() == "spare | office" }},
		{name: "the cheapest first", rules: "if.always = true\nthen.gateway = [{ name = \"office\", cost = 0.08 }, { name = \"spare\", cost = 0.01 }]", check: func(d *smsengine.Draft) bool { return d.Message.Route.String() == "spare | office" }},
		{name: "before the id in the address", rules: "if.always = true\nthen.gateway = \"spare\"", to: `"sms:+15551234567?id=office"@example.org`, check: func(d *smsengine.Draft) bool {
			return d.Message.Route.String() == "spare" && len(d.Message.Body.Params) == 0
		}},
		{name: "what is routed stays", rules: "if.routed = false\nthen.gateway = \"spare\"", to: `"sms:+15551234567?id=office"@example.org`, check: func(d *smsengine.Draft) bool { return d.Message.Route.String() == "office" }},
		{name: "the reference's least cost", rules: "if.always = true\nthen.edit.to = { matches = '^(?!.*@)(.*)$', with = '$1@spare' }", check: func(d *smsengine.Draft) bool {
			return d.Message.Route.String() == "spare" && d.Message.To.Value == "+15551234567"
		}},
		{name: "caller ID and parameters", rules: "if.always = true\nthen.edit.to = { matches = '^([^@]+)$', with = '$1@spare&sender=Pump&flash=1&maxmsgs=1' }", text: strings.Repeat("long ", 100), check: func(d *smsengine.Draft) bool {
			return d.Message.Body.Flash && len(d.Message.Parts) == 1 && named(d.Message.Body.Params, "sender") == "Pump"
		}},
		{name: "the text", rules: "if.always = true\nthen.edit.text = { matches = '\\d{4}', with = '****' }", text: "PIN 1234", check: func(d *smsengine.Draft) bool { return d.Message.Parts[0].Text == "PIN ****" }},
		{name: "another number is checked as if it were written", rules: "if.always = true\nthen.edit.to = \"+19005550123\"", stage: "destination", refused: "premium"},
		{name: "what it says is paid", rules: "if.always = true\nthen.edit.text = \"" + strings.Repeat("x", 400) + "\"", check: func(d *smsengine.Draft) bool { return d.Message.Cost == 3 }},
		{name: "a text that a rule empties", rules: "if.always = true\nthen.edit.text = \"\"", stage: "size", refused: "no text"},
		{name: "refused", rules: "if.text.contains = \"invoice\"\nthen.reject = \"No invoices.\"", text: "my invoice", stage: "rules", refused: "No invoices."},
		{name: "what cannot be done waits", rules: "if.always = true\nthen.edit.to = { matches = '^\\+1', with = 'x@nowhere.example.com' }", stage: "rules", refused: "try again later"},
		{name: "dropped", rules: "if.always = true\nthen.drop = true", check: func(d *smsengine.Draft) bool {
			m := d.Message
			return d.Ended && m.State == smsengine.Cancelled && strings.Contains(m.Status.Text, "rule x") && len(m.Parts) == 1 && len(m.Charges) == 0
		}},
		{name: "forwarded", rules: "if.always = true\nthen.forward = \"john@example.org\"", check: func(d *smsengine.Draft) bool {
			return d.Ended && len(d.Deeds) == 1 && d.Deeds[0].Kind == smsengine.Note && d.Deeds[0].To == smsengine.Mailbox("john@example.org")
		}},
		{name: "copied to a phone", rules: "if.always = true\nthen.copy = \"+15559990199\"", check: func(d *smsengine.Draft) bool {
			c := d.Deeds[0]
			return c.Kind == smsengine.Text && c.About == "m" && c.To.Value == "+15559990199" && len(c.Charges) == 0 && c.State == smsengine.Ready && c.Notify == smsengine.NotifyNever &&
				len(c.Parts) == 1 && c.Parts[0].Text == "hi" && len(c.Route) > 0
		}},
		{name: "a program", rules: "if.always = true\nthen.run = [\"/bin/page\", \"--\", \"%%text%%\"]", check: func(d *smsengine.Draft) bool {
			c := d.Deeds[0]
			e, err := rule.UnmarshalEffect(c.Body.Deed)
			return err == nil && c.Kind == smsengine.Deed && c.Route.String() == smsengine.RulesGateway && c.Body.Subject == "run /bin/page" && e.By() == "x"
		}},
		{name: "a URL hides what is in it", rules: "if.always = true\nthen.call = \"https://crm.example.org/x?pass=hunter2&t=%%text%%\"", check: func(d *smsengine.Draft) bool { return d.Deeds[0].Body.Subject == "call crm.example.org" }},
	} {
		t.Run(x.name, func(t *testing.T) {
			to, text := x.to, x.text
			if to == "" {
				to = "+15551234567@sms.example.org"
			}
			if text == "" {
				text = "hi"
			}
			d := mailFrom("john@example.org", to, text, facts{})
			stage, err := decide(t, Outgoing(ruled(t, one(x.rules), "")), d)
			if stage != x.stage && x.check == nil || (err != nil) != (x.refused != "") || err != nil && !strings.Contains(err.Error(), x.refused) {
				t.Fatalf("%s: %v", stage, err)
			}
			if x.check != nil && !x.check(d) {
				m, _ := json.Marshal(d.Message)
				t.Errorf("%s\nand %+v", m, d.Deeds)
			}
		})
	}
}

// At RCPT time only what is certain is refused, and nothing is done.
func TestRulesAtRcpt(t *testing.T) {
	for _, x := range []struct {
		name, rules string
		refused     string
		ends        bool
	}{
		{"certain", one("if.to.starts = \"+1\"\nthen.reject = \"Never.\""), "Never.", false},
		{"the text decides", one("if.text.contains = \"x\"\nthen.reject = \"No.\""), "", false},
		{"a rule before it may stop", one("if.text.contains = \"ok\"\nstop = true\nthen.tag = \"fine\"") + "[[rule]]\ntitle = \"y\"\nif.always = true\nthen.reject = \"No.\"\n", "", false},
		{"it may go elsewhere", one("if.text.contains = \"x\"\nthen.edit.to = \"+15559990123\""), "", false},
		{"what is dropped is dropped when it is there", one("if.always = true\nthen.drop = true"), "", false},
		{"effects wait", one("if.always = true\nthen.copy = \"john@example.org\""), "", false},
	} {
		d := mailFrom("john@example.org", "+15551234567@sms.example.org", "", facts{})
		d.Preview = true
		_, err := decide(t, Outgoing(ruled(t, x.rules, "")), d)
		if (err != nil) != (x.refused != "") || err != nil && !strings.Contains(err.Error(), x.refused) || d.Ended != x.ends || len(d.Deeds) > 0 {
			t.Errorf("%s: %v, ended %v, %v", x.name, err, d.Ended, d.Deeds)
		}
	}
	// A number that nobody may write to is not refused while a rule may yet change it.
	d := mailFrom("john@example.org", "+19005550123@sms.example.org", "", facts{})
	d.Preview = true
	if _, err := decide(t, Outgoing(ruled(t, one("if.text.contains = \"x\"\nthen.edit.to = \"+15551234567\""), "")), d); err != nil {
		t.Error(err)
	}
}

// What rules say of texts from phones that answer nobody.
func TestRulesOfIncoming(t *testing.T) {
	for _, x := range []struct {
		name, rules, text string
		check             func(d *smsengine.Draft) bool
	}{
		{"the reference's validation of the sender", "if.from.matches = '(\\+15550001111)|(\\" + theirs.Value + ")'\nthen.forward = \"john.doe@example.org\"", "hi", func(d *smsengine.Draft) bool {
			return d.Message.To.Value == "john.doe@example.org" && d.Message.Route.String() == smsengine.MailGateway
		}},
		{"nothing holds", "if.text.contains = \"pump\"\nthen.forward = \"john.doe@example.org\"", "hi", func(d *smsengine.Draft) bool { return d.Message.To.Value == "desk@example.org" }},
		{"copied", "if.always = true\nthen.copy = [\"anna@example.org\", \"+15559990199\"]", "hi", func(d *smsengine.Draft) bool {
			a, b := d.Deeds[0], d.Deeds[1]
			return d.Message.To.Value == "desk@example.org" && a.Kind == smsengine.Incoming && a.From == theirs && a.To.Value == "anna@example.org" &&
				b.Kind == smsengine.Text && b.Parts[0].Text == "hi"
		}},
		{"with a subject and a field", "if.always = true\nthen.edit.subject = \"Alarm from %%from%%\"\nthen.edit.header.x-alarm = \"1\"", "hi", func(d *smsengine.Draft) bool {
			b := d.Message.Body
			return b.Subject == "Alarm from "+theirs.Value && len(b.Headers) == 1 && b.Headers[0].Value == "1"
		}},
		{"dropped", "if.text.contains = \"lottery\"\nthen.drop = true", "lottery", func(d *smsengine.Draft) bool { return d.Ended && d.Message.State == smsengine.Cancelled }},
		{"to a phone alone", "if.always = true\nthen.forward = \"+15559990199\"", "hi", func(d *smsengine.Draft) bool {
			return d.Ended && len(d.Deeds) == 1 && d.Deeds[0].To.Value == "+15559990199"
		}},
	} {
		d := textFrom(x.text, facts{})
		if _, err := decide(t, Incoming(ruled(t, "", one(x.rules))), d); err != nil || !x.check(d) {
			m, _ := json.Marshal(d.Message)
			t.Errorf("%s: %v\n%s\nand %+v", x.name, err, m, d.Deeds)
		}
	}
}

// Headers of the mail are conditions, and whether it answers a text.
func TestRulesKnowTheMail(t *testing.T) {
	c := ruled(t, one("if.header.x-priority.starts = \"1\"\nif.size.over = 10\nthen.gateway = \"spare\""), "")
	d := mailFrom("john@example.org", "+15551234567@sms.example.org", "", facts{})
	d.Mail = &smsengine.Mail{Kind: smsengine.MailPerson, Subject: "s", Size: 5000, Headers: []smsengine.Param{{Name: "X-Priority", Value: "1 (Highest)"}},
		Passages: []smsengine.Passage{{Kind: smsengine.PassageOwn, Text: "hello"}}}
	if _, err := decide(t, Outgoing(c), d); err != nil || d.Message.Route.String() != "spare" || d.Message.Body.Rules[0] != "x" {
		t.Errorf("%v, %v, %v", err, d.Message.Route, d.Message.Body.Rules)
	}
}

// A rule whose gateway is gone since makes the text wait: it is not refused for good.
func TestGatewayOfARuleIsGone(t *testing.T) {
	for _, gateways := range []string{`"spare"`, `["spare", "office"]`} {
		c := ruled(t, one("if.always = true\nthen.gateway = "+gateways), "")
		c.Phones = []string{"other"}
		_, err := decide(t, Outgoing(c), mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", facts{}))
		if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Class != smsengine.Temporary {
			t.Errorf("%s: %v", gateways, err)
		}
	}
}

// Weights share messages out.
func TestWeights(t *testing.T) {
	names := []rule.Choice{{Name: "a", Weight: 3}, {Name: "b", Weight: 1}}
	n := map[string]int{}
	for chance := range 65536 {
		r := ranks(names, uint16(chance), 0)
		if len(r.Gateways()) != 2 {
			t.Fatal(r)
		}
		n[r.Gateways()[0]]++
	}
	if n["a"] != 3*n["b"] {
		t.Error(n)
	}
}
