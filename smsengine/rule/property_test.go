package rule

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

// Few values, so that conditions often hold, and rules often change what others
// look at.
var (
	someNumbers  = []string{"+15551234567", "+15551230000", "+447700900123", "+4479", "72727"}
	somePrefixes = []string{"+1", "+15", "+1555123", "+44", "+447700900123", "7"}
	someWords    = []string{"urgent", "invoice", "pump", "", "urgent invoice", "Pump urgent"}
	someNames    = []string{"us", "eu", "john", "sales", "john@example.org"}
)

func of(values []string) *rapid.Generator[string] { return rapid.SampledFrom(values) }

// someConditions writes the conditions of a table, inline.
func someConditions(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var all []string
		keys := map[string]bool{}
		for range rapid.IntRange(1, 3).Draw(t, "conditions") {
			c := oneCondition(depth).Draw(t, "condition")
			if key := c[:strings.IndexAny(c, " .")]; !keys[key] {
				keys[key] = true
				all = append(all, c)
			}
		}
		return strings.Join(all, ", ")
	})
}

func oneCondition(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		n := rapid.IntRange(0, 13).Draw(t, "which")
		if depth == 0 && n > 10 {
			n = 0
		}
		switch n {
		case 0:
			return fmt.Sprintf("to.starts = %q", of(somePrefixes).Draw(t, "prefix"))
		case 1:
			return fmt.Sprintf("to = [%q, %q]", of(someNumbers).Draw(t, "number"), of(someNumbers).Draw(t, "number"))
		case 2:
			return fmt.Sprintf("account = %q", of(someNames).Draw(t, "name"))
		case 3:
			return fmt.Sprintf("gateway = %q", rapid.SampledFrom([]string{"us", "eu", ""}).Draw(t, "gateway"))
		case 4:
			return "text.contains = " + fmt.Sprintf("%q", rapid.SampledFrom([]string{"urgent", "pump", "in", "oice"}).Draw(t, "word"))
		case 5:
			return fmt.Sprintf("routed = %t", rapid.Bool().Draw(t, "routed"))
		case 6:
			return fmt.Sprintf("to.matches = '%s'", rapid.SampledFrom([]string{`^\+1`, `^(\+44)7`, `(?!.*5)`, `7$`}).Draw(t, "pattern"))
		case 7:
			return fmt.Sprintf("expr = '%s'", rapid.SampledFrom([]string{`parts > 1`, `"a" in tag`, `text contains "pump" or gateway == "eu"`, `hour < 12`}).Draw(t, "expression"))
		case 8:
			return fmt.Sprintf("tag = %q", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tag"))
		case 9:
			return fmt.Sprintf("header.x-a = %q", of(someWords).Draw(t, "header"))
		case 10:
			return fmt.Sprintf("from.in = %q", "names.txt")
		}
		return fmt.Sprintf("%s = { %s }", []string{"all", "any", "none"}[n-11], someConditions(depth-1).Draw(t, "group"))
	})
}

func someAction(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		`gateway = "us"`, `gateway = ["eu", "us"]`, `tag = "a"`, `tag = "b"`, `sender = "%%phonealias%%"`,
		`edit.to = "+15551234567"`, `edit.to = { matches = '^\+44(.*)$', with = '+1$1@us&maxmsgs=2' }`, `edit.text = { matches = 'urgent', with = 'pump' }`,
		`edit.text = "%%subject%%"`, `edit.header.x-a = "pump"`, `copy = "john@example.org"`, `copy = "+447700900123"`, `forward = "john@example.org"`,
		`forward = "+447700900123"`, `run = ["/bin/true", "--", "%%text%%"]`, `sql = { database = "d", statement = "insert into t values (%%to%%)" }`,
		`call = "https://example.org/?a=%%text%%"`, `reject = "No."`, `reject = "No: %%subject%%"`, `drop = true`, `digest = { after = 3, within = "10m" }`, `archive = "all@example.org"`,
	}).Draw(t, "action")
}

// someRules are rules as a document each.
func someRules(t *rapid.T) []string {
	n := rapid.IntRange(1, 8).Draw(t, "rules")
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("[[rule]]\ntitle = \"%d\"\nactive = %t\nstop = %t\nif = { %s }\nthen = { %s }\n", i,
			rapid.IntRange(0, 9).Draw(t, "active") > 0, rapid.IntRange(0, 3).Draw(t, "stop") == 0, someConditions(2).Draw(t, "if"), someAction(t))
	}
	return all
}

func someFacts(t *rapid.T) Facts {
	parts := rapid.IntRange(1, 3).Draw(t, "parts")
	f := Facts{
		ID: "m", From: of(someNames).Draw(t, "from"), To: of(someNumbers).Draw(t, "to"), Account: of(someNames).Draw(t, "account"),
		Gateway: rapid.SampledFrom([]string{"", "us", "eu"}).Draw(t, "gateway"), Text: of(someWords).Draw(t, "text"), Subject: of(someWords).Draw(t, "subject"),
		PhoneAlias: rapid.SampledFrom([]string{"", "+15555550123"}).Draw(t, "alias"),
		At:         time.Date(2026, 11, 23, rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, time.UTC),
		Measure:    func(text string) (int, string) { return parts + len(text)/10, "gsm7" },
	}
	if rapid.Bool().Draw(t, "has header") {
		f.Headers = []Header{{"X-A", of(someWords).Draw(t, "x-a")}}
	}
	return f
}

func compile(t *rapid.T, d Direction, rules ...string) *Set {
	s, err := Parse(fstest.MapFS{"names.txt": {Data: []byte("# names\njohn\nsales\n")}}, "rules.toml", []byte(strings.Join(rules, "")), d,
		Site{Gateways: []string{"us", "eu"}, Databases: []string{"d"}, Number: func(s string) (string, error) { return s, nil }})
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(rules, ""))
	}
	return s
}

// plain is a decision without what Explain tells beyond Decide.
func plain(d Decision) Decision {
	var kept []Step
	for _, s := range d.Trace {
		if s.Result != No && !s.Off {
			s.If = nil
			kept = append(kept, s)
		}
	}
	d.Trace = kept
	return d
}

func same(t *rapid.T, got, want Decision, what string, rules []string) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n%+v\nwant\n%+v\nrules\n%s", what, got, want, strings.Join(rules, ""))
	}
}

// The index gives what a loop over all rules gives, for previews, too.
func TestIndexIsTheLoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, f := someRules(t), someFacts(t)
		f.Unknown = someUnknown(t)
		s := compile(t, Outgoing, rules...)
		same(t, s.Decide(f), plain(s.Explain(f)), "index", rules)
	})
}

func someUnknown(t *rapid.T) Fields {
	return rapid.SampledFrom([]Fields{0, BeforeText, FieldSet(Gateway, Address, Routed), BeforeText | FieldSet(To, Address), FieldSet(Account)}).Draw(t, "unknown")
}

// What a preview refuses, the decision does not let through.
func TestPreviewRefusesOnlyWhatIsRefused(t *testing.T) {
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		rules, f := someRules(t), someFacts(t)
		rules = append(rules, "[[rule]]\ntitle = \"last\"\nif.to.starts = \"+\"\nthen.reject = \"No phones.\"\n")
		s := compile(t, Outgoing, rules...)
		early := f
		early.Unknown = someUnknown(t)
		preview, full := s.Decide(early), s.Decide(f)
		if early.Unknown != 0 && (len(preview.Effects) > 0 || preview.Verdict != GoOn && preview.Verdict != Reject) {
			t.Fatalf("a preview with effects or a verdict of its own: %+v", preview)
		}
		if preview.Verdict == Reject {
			if early.Unknown != 0 {
				refused++
			}
			if full.Verdict != Reject && full.Verdict != Defer {
				t.Fatalf("refused %+v\nlet through %+v\n%s", preview, full, strings.Join(rules, ""))
			}
		}
		if changed := preview.Changes.To; early.Unknown != 0 && !preview.Maybe.Has(To) && full.Verdict == GoOn && changed != full.Changes.To {
			t.Fatalf("to is certain and %q, and becomes %q\n%s", changed, full.Changes.To, strings.Join(rules, ""))
		}
	})
	if refused == 0 {
		t.Error("nothing was refused, so nothing was tried")
	}
}

// Rules that are not active do nothing, and neither does what stands behind the
// rule that ended the list.
func TestInactiveAndStop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, f := someRules(t), someFacts(t)
		s := compile(t, Outgoing, rules...)
		d := s.Explain(f)
		var asked []string
		ended := false
		for i, step := range d.Trace {
			if step.Off != (ended || strings.Contains(rules[i], "active = false")) {
				t.Fatalf("rule %d is off: %t\n%s", i, step.Off, strings.Join(rules, ""))
			}
			if !step.Off {
				asked = append(asked, rules[i])
			}
			ended = ended || step.Ended
		}
		got, want := compile(t, Outgoing, asked...).Decide(f), s.Decide(f)
		got.Trace, want.Trace = nil, nil // the lines are others
		same(t, got, want, "without what is off", rules)
	})
}

// The second half of the rules sees what the first has made of the message.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := compile(t, Outgoing, someRules(t)...)
		d := s.Decide(someFacts(t))
		rank := -1
		for _, step := range d.Trace {
			if step.Line <= rank {
				t.Fatalf("line %d after %d", step.Line, rank)
			}
			rank = step.Line
		}
		title := ""
		for _, e := range d.Effects {
			if e.By() < title { // titles are digits, rising
				t.Fatalf("an effect of %s after one of %s", e.By(), title)
			}
			title = e.By()
		}
	})
}

// Stored decisions are read back as they were.
func TestDecisionAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := compile(t, Outgoing, someRules(t)...).Decide(someFacts(t))
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back Decision
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if !reflect.DeepEqual(back, d) {
			t.Fatalf("%s:\n%+v\nwant\n%+v", data, back, d)
		}
	})
}

// Tables find what a loop finds.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab]{1,4}`)
		list := rapid.SliceOfN(word, 0, 12).Draw(t, "list")
		v := rapid.StringMatching(`[abc]{0,10}`).Draw(t, "value")
		var has, begins, within bool
		for _, s := range list {
			has, begins, within = has || s == v, begins || strings.HasPrefix(v, s), within || strings.Contains(v, s)
		}
		whole, free := newTable(append([]string(nil), list...), false), newTable(append([]string(nil), list...), true)
		if whole.has(v) != has || free.begins(v) != begins || free.within(v) != within {
			t.Fatalf("%q in %q: %t %t %t, want %t %t %t", v, list, whole.has(v), free.begins(v), free.within(v), has, begins, within)
		}
	})
}

// Kleene's tables, with what failed between what is not known and what is.
func TestTruth(t *testing.T) {
	for a := range Failed + 1 {
		for b := range Failed + 1 {
			if a.and(b) != b.and(a) || a.or(b) != b.or(a) || a.and(b).not() != a.not().or(b.not()) {
				t.Errorf("%v and %v", a, b)
			}
			for c := range Failed + 1 {
				if a.and(b).and(c) != a.and(b.and(c)) {
					t.Errorf("%v, %v, %v", a, b, c)
				}
			}
		}
	}
	if Yes.and(No) != No || Unknown.and(No) != No || Failed.or(Yes) != Yes || Unknown.or(No) != Unknown {
		t.Error("a certain answer does not win")
	}
}
