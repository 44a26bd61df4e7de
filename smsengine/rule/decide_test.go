package rule

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// holds asks one condition.
func holds(t *testing.T, condition string, f Facts) Truth {
	t.Helper()
	s := load(t, Outgoing, "[[rule]]\ntitle = \"x\"\n"+condition+"\nthen.tag = \"x\"")
	return s.Explain(f).Trace[0].Result
}

func TestConditions(t *testing.T) {
	monday := time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC)
	f := Facts{
		From: "John@Example.org", To: "+15551234567", Account: "sales", Domain: "example.org", User: "john@example.org", Subject: "Pump stopped",
		Text: "Größe: 3 URGENT", Gateway: "us", Door: "lmtp", Size: 20 << 10, At: monday, Tags: []string{"night", "vip"},
		Headers: []Header{{"X-Priority", "1"}, {"Received", "by a"}, {"received", "by b"}},
		Measure: func(string) (int, string) { return 2, "gsm7" },
	}
	for condition, want := range map[string]Truth{
		`if.to = "+1 (555) 123-4567"`:                                               Yes,
		`if.to = "001 555 1234567"`:                                                 Yes,
		`if.to = ["+4412", "+15551234567"]`:                                         Yes,
		`if.to.starts = ["+44", "+1555"]`:                                           Yes,
		`if.to.starts = "+1556"`:                                                    No,
		`if.to.matches = '^\+1555\d{7}$'`:                                           Yes,
		`if.address = "+15551234567@us"`:                                            Yes,
		`if.from = "john@example.org"`:                                              Yes,
		`if.domain = "EXAMPLE.ORG"`:                                                 Yes,
		`if.subject.contains = ["boiler", "pump"]`:                                  Yes,
		`if.text.contains = "GRÖSSE"`:                                               No, // folding is by letter: ß is no ss
		`if.text.contains = "größe"`:                                                Yes,
		`if.text.matches = 'urgent'`:                                                No, // patterns tell letters apart
		`if.text.matches = '(?i)urgent'`:                                            Yes,
		`if.text.matches = '(?i)urgent(?!ly)'`:                                      Yes,
		`if.tag = "vip"`:                                                            Yes,
		`if.tag = ""`:                                                               No,
		`if.header.x-priority = "1"`:                                                Yes,
		`if.header.received = "by b"`:                                               Yes,
		`if.header.list-id = ""`:                                                    Yes,
		`if.header.list-id.matches = '.'`:                                           No,
		`if.parts = 2`:                                                              Yes,
		`if.parts = [1, 3]`:                                                         No,
		`if.parts.over = 2`:                                                         No,
		`if.parts.under = 3`:                                                        Yes,
		`if.parts.between = [2, 5]`:                                                 Yes,
		`if.size.over = "10kB"`:                                                     Yes,
		`if.alphabet = "GSM7"`:                                                      Yes,
		`if.hour.between = ["18:00", "18:30"]`:                                      No, // until 18:30 is not at 18:30
		`if.hour.between = ["18:30", "08:00"]`:                                      Yes,
		`if.hour.between = ["08:00", "18:31"]`:                                      Yes,
		`if.weekday = ["mon", "Sunday"]`:                                            Yes,
		`if.weekday.between = ["sat", "mon"]`:                                       Yes,
		`if.weekday.between = ["tue", "sun"]`:                                       No,
		`if.binary = false`:                                                         Yes,
		`if.routed = true`:                                                          Yes,
		`if.reply = true`:                                                           No,
		`if.any = { account = "x", door = "lmtp" }`:                                 Yes,
		`if.none = { account = "x", door = "lmtp" }`:                                No,
		`if.all = [{ account = "sales" }, { gateway = "eu" }]`:                      No,
		`if.any = [{ account = "sales", gateway = "eu" }]`:                          No,
		`if.any = { text.starts = "x", text.contains = "urgent" }`:                  Yes,
		`if.any = { header.importance = "high", header.x-priority = "1" }`:          Yes,
		`if.any = [{ text.starts = "x", text.contains = "urgent" }]`:                No,
		`if.none = { text.starts = "x", text.contains = "urgent" }`:                 No,
		`if = { text.starts = "x", text.contains = "urgent" }`:                      No,
		`if.none.any = [{ account = "x" }, { gateway = "eu" }]`:                     Yes,
		`if.expr = 'parts == 2 and weekday == "mon" and hour == 18 and week == 48'`: Yes,
		`if.expr = 'header["x-priority"] == "1" and "vip" in tag'`:                  Yes,
		`if.expr = 'to startsWith "+1555" and not (text matches "(?i)calm")'`:       Yes,
		`if.expr = 'size > 10 * 1024 ? day == 23 : false'`:                          Yes,
	} {
		if got := holds(t, condition, f); got != want {
			t.Errorf("%s: %v", condition, got)
		}
	}
}

// Without a text, what depends on it is unknown, unless the rest decides.
func TestUnknown(t *testing.T) {
	f := Facts{To: "+15551234567", Account: "sales", Unknown: BeforeText}
	for condition, want := range map[string]Truth{
		`if.text.contains = "x"`:                                 Unknown,
		`if.expr = 'parts > 3'`:                                  Unknown,
		`if = { text.contains = "x", account = "other" }`:        No,
		`if.any = { text.contains = "x", to = "+15551234567" }`:  Yes,
		`if.none = { text.contains = "x", to = "+15551234567" }`: No,
		`if.none = { text.contains = "x" }`:                      Unknown,
	} {
		if got := holds(t, condition, f); got != want {
			t.Errorf("%s: %v", condition, got)
		}
	}
}

// Rules see what those in front of them have changed.
func TestChangesAreSeen(t *testing.T) {
	d := load(t, Outgoing, `
[[rule]]
title = "Inland"
if.to.starts = "+44"
then.edit.to = { matches = '^\+44(\d+)$', with = '+1$1@eu&maxmsgs=2&sender=Pump' }
[[rule]]
title = "Not any more"
if.to.starts = "+44"
then.tag = "wrong"
[[rule]]
title = "Now"
if = { to.starts = "+1", gateway = "eu", routed = true, sender = "pump", address = "+15551234567@eu" }
then.tag = "right"
[[rule]]
title = "Tagged"
if.tag = "right"
then.edit.text = { matches = '\b(\w+)@example\.org', with = '${1} ($$)' }
[[rule]]
title = "Edited"
if.text = "ask john ($) or jane ($)"
then.edit.header.X-Seen = "a\r\nBcc: evil@example.org %%tag%%"
stop = true
[[rule]]
title = "Behind the end"
if.always = true
then.drop = true
`).Decide(Facts{To: "+445551234567", Text: "Ask john@example.org or jane@example.org"})
	c := d.Changes
	if d.Verdict != GoOn || c.To != "+15551234567" || c.Gateways[0].Name != "eu" || c.Sender != "Pump" || len(c.Params) != 1 || c.Params[0] != (Param{"maxmsgs", "2"}) ||
		strings.Join(c.Tags, " ") != "right" || *c.Text != "Ask john ($) or jane ($)" || c.Headers[0] != (Header{"X-Seen", "a  Bcc: evil@example.org right"}) {
		t.Errorf("%+v", d)
	}
	if last := d.Trace[len(d.Trace)-1]; last.Rule != "Edited" || !last.Ended {
		t.Errorf("%+v", last)
	}
}

// What a rewritten To can say, and what not.
func TestRewrittenTo(t *testing.T) {
	for with, want := range map[string]string{
		"%%to%%@us":                          "+15551234567 us",
		"%%to%%@US":                          "+15551234567 us",
		"%%to%%@sms.example.org":             "+15551234567 ",
		"%%to%%@eu@us":                       "+15551234567 us",
		"%%to%%@eu@eu@us":                    "+15551234567 us",
		"%%to%%@":                            "+15551234567 ",
		"%%to%%&id=eu":                       "+15551234567 eu",
		"%%to%%?id=eu&validity=5":            "+15551234567 eu validity=5",
		"%%to%%&value=%%subject%%":           "+15551234567  value=a&id=eu@us",
		"+44 7700 900123":                    "+447700900123 ",
		"72727":                              "72727 ",
		"%%to%%@nowhere":                     "defer",
		"john@example.org":                   "defer",
		"%%subject%%@us":                     "defer",
		"%%to%%&validity=0":                  "-",
		"+15551234567,+15551234568@us":       "defer",
		"%%to%%&maxmsgs=3&authenticated=1":   "+15551234567  maxmsgs=3",
		"%%to%%&sender=%%header.x-nothing%%": "+15551234567 ",
	} {
		doc := "[[rule]]\ntitle = \"x\"\nif.always = true\nthen.edit.to = \"" + with + "\""
		s, err := Parse(fstest.MapFS{}, "f", []byte(doc), Outgoing, Site{Gateways: []string{"us", "eu"}, Domains: []string{"sms.example.org"}})
		if err != nil {
			if want != "-" {
				t.Errorf("%s: %v", with, err)
			}
			continue
		}
		d := s.Decide(Facts{To: "+15551234567", Subject: "a&id=eu@us"})
		got := "+15551234567"
		if d.Changes.To != "" {
			got = d.Changes.To
		}
		got += " "
		for _, g := range d.Changes.Gateways {
			got += g.Name
		}
		for _, p := range d.Changes.Params {
			got += " " + p.Name + "=" + p.Value
		}
		if d.Verdict == Defer {
			got = "defer"
		}
		if got != want {
			t.Errorf("%s: %q, want %q; %+v", with, got, want, d)
		}
	}
}

// Forwarding takes the message away; copies leave it.
func TestPassingOn(t *testing.T) {
	rule := func(action string) string { return "[[rule]]\ntitle = \"x\"\nif.always = true\nthen." + action }
	text := Facts{From: "+15551230000", To: "+15555550100", Text: "Hi"}
	mail := Facts{From: "john@example.org", To: "+15551230000", Text: "Hi"}
	for _, c := range []struct {
		d             Direction
		facts         Facts
		action, to    string
		elsewhere     bool
		mails, phones string
	}{
		{Incoming, text, `forward = "a@example.org"`, "a@example.org", false, "", ""},
		{Incoming, text, `forward = ["a@example.org", "b@example.org", "+15551239999"]`, "a@example.org", false, "b@example.org", "+15551239999"},
		{Incoming, text, `forward = "+15551239999"`, "", true, "", "+15551239999"},
		{Incoming, text, `copy = ["a@example.org", "+15551239999"]`, "", false, "a@example.org", "+15551239999"},
		{Outgoing, mail, `forward = "+15551239999"`, "+15551239999", false, "", ""},
		{Outgoing, mail, `forward = "sms:+15551239999@sms.example.org"`, "+15551239999", false, "", ""},
		{Outgoing, mail, `forward = "a@example.org"`, "", true, "a@example.org", ""},
		{Outgoing, mail, `copy = "a@EXAMPLE.org"`, "", false, "a@example.org", ""},
	} {
		d := load(t, c.d, rule(c.action)).Decide(c.facts)
		var mails, phones []string
		for _, e := range d.Effects {
			switch e := e.(type) {
			case Mail:
				mails = append(mails, e.To)
			case SMS:
				phones = append(phones, e.To)
			}
		}
		if d.Changes.To != c.to || d.Changes.Elsewhere != c.elsewhere || strings.Join(mails, " ") != c.mails || strings.Join(phones, " ") != c.phones {
			t.Errorf("%s %s: %+v", c.d, c.action, d)
		}
	}
}

// catastrophe is a pattern that backtracks without end on catastrophic texts; the
// look-ahead keeps it from RE2.
const catastrophe = `(?=a)^(a+)+$`

var catastrophic = strings.Repeat("a", 40) + "!"

// A pattern that takes too long has failed: what would be refused waits, all else
// goes on, and nothing hangs, however many rules have such patterns.
func TestCatastrophe(t *testing.T) {
	rules := func(then string) string {
		var b strings.Builder
		for i := range 40 {
			b.WriteString("[[rule]]\ntitle = \"" + strings.Repeat("x", i+1) + "\"\nif.text.matches = '" + catastrophe + "'\n" + then + "\n")
		}
		return b.String()
	}
	f := Facts{To: "+15551234567", From: "+15551234567", Text: catastrophic}
	for _, c := range []struct {
		d       Direction
		then    string
		unknown Fields
		want    Verdict
	}{
		{Outgoing, `then.gateway = "us"`, 0, GoOn},
		{Outgoing, `then.reject = "No."`, 0, Defer},
		{Outgoing, `then.drop = true`, 0, Defer},
		{Outgoing, `then.reject = "No."`, FieldSet(Subject), GoOn},
		{Incoming, `then.drop = true`, 0, GoOn},
		{Outgoing, `then.edit.text = { matches = '` + catastrophe + `', with = 'b' }`, 0, GoOn},
	} {
		f.Unknown = c.unknown
		d := load(t, c.d, rules(c.then)).Decide(f)
		if d.Verdict != c.want || len(d.Changes.Gateways) > 0 || len(d.Trace) == 0 || len(d.Trace[0].Failed) == 0 {
			t.Errorf("%s %s: %+v", c.d, c.then, d)
		}
	}
	spent := purse{decisionTime}
	if err := spent.spend("a", func() error { t.Error("matched"); return nil }); err != errTime {
		t.Errorf("no time is left, and the error is %v", err)
	}
	edit := load(t, Outgoing, "[[rule]]\ntitle = \"x\"\nif.always = true\nthen.edit.text = { matches = '"+catastrophe+"', with = 'b' }")
	if d := edit.Decide(f); d.Verdict != Defer || d.Changes.Text != nil || strings.Contains(d.Reason, "pattern") {
		t.Errorf("an edit that failed: %+v", d)
	}
}

// Many may ask one set at once.
func TestAtOnce(t *testing.T) {
	s := load(t, Outgoing, leastCost+callerID+"\n"+manyRules(20)+"[[rule]]\ntitle = \"e\"\nif.expr = 'parts > 0 and to != \"\"'\nthen.tag = \"e\"")
	f := message()
	want := fmt.Sprintf("%+v", s.Decide(f))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := fmt.Sprintf("%+v", s.Decide(f)); got != want {
					t.Errorf("%s\nwant %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Who is forwarded twice goes to the first, and a copy to the second.
func TestForwardedTwice(t *testing.T) {
	d := load(t, Incoming, `
[[rule]]
title = "One"
if.always = true
then.forward = "a@example.org"
[[rule]]
title = "Two"
if.routed = true
then.forward = "b@example.org"
`).Decide(Facts{From: "+15551230000", Text: "Hi"})
	if d.Changes.To != "a@example.org" || len(d.Effects) != 1 || d.Effects[0].(Mail).To != "b@example.org" {
		t.Errorf("%+v", d)
	}
}

// The last rule that wants a digest counts, and says how.
func TestDigest(t *testing.T) {
	s := load(t, Outgoing, `
[[rule]]
title = "All"
if.always = true
then.digest = { after = 3, within = "10m" }
[[rule]]
title = "At night"
if.text.contains = "night"
then.digest = { after = 0, within = "90m", parts = 1 }
`)
	for text, want := range map[string]Digest{
		"day":   {Rule: "All", After: 3, Within: Duration(10 * time.Minute), Parts: 2},
		"night": {Rule: "At night", Within: Duration(90 * time.Minute), Parts: 1},
	} {
		d := s.Decide(Facts{Text: text})
		if d.Changes.Digest == nil || *d.Changes.Digest != want || d.Trace[0].Did[0] != "a digest after 3 in 10m" {
			t.Errorf("%+v", d)
		}
	}
}

// What is made of other fields follows them.
func TestDerivedFields(t *testing.T) {
	d := load(t, Outgoing, `
[[rule]]
title = "Short"
if = { parts = 1, alphabet = "gsm7", address = "+15551234567" }
then.edit.text = "a longer text"
then.gateway = "us"
[[rule]]
title = "Long"
if = { parts = 13, alphabet = "ucs2", address = "+15551234567@us" }
then.edit.to = "%%to%%@eu"
[[rule]]
title = "Elsewhere"
if = { address = "+15551234567@eu" }
then.tag = "seen"
`).Decide(Facts{To: "+15551234567", Text: "a", Measure: func(text string) (int, string) {
		return len(text), map[bool]string{true: "ucs2", false: "gsm7"}[len(text) > 1]
	}})
	if len(d.Changes.Tags) != 1 {
		t.Errorf("%+v", d)
	}
}

// A preview at RCPT TO refuses what is certain, and nothing else.
func TestPreview(t *testing.T) {
	const premium = `
[[rule]]
title = "No premium numbers"
if = { to.starts = "+4490", sender = "" }
then.reject = "Premium numbers cost too much."
`
	f := Facts{To: "+449012345678", Text: "the password", Subject: "Pump"}
	for first, maybe := range map[string]bool{
		`if.text.contains = "password"` + "\nthen.tag = \"x\"\nstop = true":         true,
		`if.text.contains = "password"` + "\nthen.drop = true":                      true,
		`if.text.contains = "password"` + "\nthen.edit.to = \"+15551234567\"":       true,
		`if.text.contains = "password"` + "\nthen.forward = \"a@example.org\"":      true,
		`if.always = true` + "\nthen.edit.to = \"%%to%%@us&sender=%%subject%%\"":    true,
		`if.always = true` + "\nthen.edit.to = { matches = '44', with = '1' }":      true,
		`if.text.contains = "password"` + "\nthen.tag = \"x\"":                      false,
		`if.text.contains = "password"` + "\nthen.reject = \"No passwords.\"":       false,
		`if.text.contains = "password"` + "\nthen.copy = \"a@example.org\"":         false,
		`if.text.contains = "secret"` + "\nthen.gateway = \"us\"":                   false,
		`if = { text.contains = "secret", from = "nobody" }` + "\nthen.drop = true": false,
	} {
		early := f
		early.Unknown, early.Text, early.Subject = BeforeText, "", ""
		d := load(t, Outgoing, "[[rule]]\ntitle = \"first\"\n"+first+premium).Decide(early)
		if refused := d.Verdict == Reject; refused == maybe {
			t.Errorf("behind\n%s\nit is refused: %t, %+v", first, refused, d)
		}
	}
}
