package rule

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// parsed compiles rules of which each is a line: condition, actions and more, as
// TOML in braces.
func parsed(t *testing.T, d Direction, lines ...string) *Set {
	t.Helper()
	s, err := Parse(fstest.MapFS{"list.txt": {Data: []byte("+1")}, "empty.txt": {}}, "rules.toml", []byte(document(lines)), d, Site{Gateways: []string{"us", "eu"}, Databases: []string{"crm"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(lines []string) string {
	var b strings.Builder
	for i, l := range lines {
		b.WriteString("[[rule]]\ntitle = \"" + string(rune('A'+i)) + "\"\n" + strings.ReplaceAll(l, "; ", "\n") + "\n")
	}
	return b.String()
}

func TestSentence(t *testing.T) {
	for _, tt := range []struct {
		d          Direction
		rule, want string
	}{
		{Outgoing, `if.to.starts = ["+44", "+353"]; if.routed = false; then.gateway = ["eu", "us"]`,
			"If the number begins with +44 or +353 and it is not bound to a gateway yet, it goes through eu, or if that cannot through us."},
		{Outgoing, `if.always = true; then.archive = "a@example.org"`,
			"For every message: a copy for the record goes to a@example.org."},
		{Outgoing, `if.any = { text.contains = "pump", subject = "" }; then.drop = true`,
			`If the text contains "pump" or the subject is empty, it is dropped, and nobody is told.`},
		{Outgoing, `if.account = "sales"; if.none = { to.starts = "+1", parts.under = 2 }; then.reject = "No: %%to%%"`,
			`If the account is sales, unless the number begins with +1 or it takes fewer than 2 parts: it is refused with the words "No: %%to%%".`},
		{Outgoing, `if.none = { to.starts = "+1" }; stop = true`,
			`For every message, unless the number begins with +1: no rule below is asked.`},
		{Outgoing, `if.hour.between = ["18:00", "08:00"]; if.weekday = ["sat", "Sunday"]; if.size.over = "10kB"; then.tag = "x"; stop = true`,
			`If the time is between 18:00 and 08:00 and it is Saturday or Sunday and its mail has more than 10kB, it is tagged x; no rule below is asked.`},
		{Outgoing, `if.gateway = ["", "us"]; then.gateway = [{ name = "us", cost = 0.08 }, { name = "eu", cost = 0.01 }]; stop = true`,
			`If it is bound to no gateway or us, it goes through the cheapest that can, of eu (0.01) and us (0.08); no rule below is asked.`},
		{Outgoing, `if.always = true; then.gateway = [{ name = "us", weight = 3 }, { name = "eu", weight = 1 }]; stop = true`,
			`For every message: it goes through the one whose turn it is, by shares of 3 for us and 1 for eu, or another of them if that one cannot; no rule below is asked.`},
		{Outgoing, `if.header.x-priority.starts = "1"; then.sender = "%%phonealias%%"; then.edit.text = { matches = '\d{16}', with = "****" }; stop = true`,
			`If the header x-priority begins with "1", it shows the sender's own number, and in the text all that matches '\d{16}' becomes "****"; no rule below is asked.`},
		{Outgoing, `if.expr = 'parts > 3'; then.digest = { after = 3, within = "10m" }; stop = true`,
			`If 'parts > 3' is true, of texts to one phone, those after the first 3 in 10m are told in one text of at most 2 parts; no rule below is asked.`},
		{Incoming, `if.from.matches = '^\+1'; if.routed = false; then.forward = "a@example.org"; then.edit.header.x-shop = ""; stop = true`,
			`If the phone matches '^\+1' and nobody is to get it yet, it goes to a@example.org in place of where it would go, and the header x-shop is taken away; no rule below is asked.`},
		{Incoming, `if.gateway = "us"; then.call = { url = "https://h.example.org/x?key=hunter2", headers = { Authorization = "hunter2" } }; then.run = ["/bin/true", "hunter2"]; then.sql = { database = "crm", statement = "insert into t values ('hunter2')" }; stop = true`,
			`If it came by us, a request is made to https://h.example.org/x (GET), and the program /bin/true is run, and a statement is executed on the database crm; no rule below is asked.`},
		{Outgoing, `if.to.in = "list.txt"; if.tag = "a"; then.copy = ["b@example.org", "+15555550123"]; stop = true`,
			`If the number is a line of list.txt and it is tagged a, a copy goes to b@example.org and +15555550123; no rule below is asked.`},
	} {
		if got := parsed(t, tt.d, tt.rule).Rules()[0].Sentence(); got != tt.want {
			t.Errorf("%s\n got: %s\nwant: %s", tt.rule, got, tt.want)
		}
	}
}

func TestReview(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rules []string
		want  string // "2 warning: …", of the remark that matters
	}{
		{"behind everything", []string{`if.always = true; then.drop = true`, `if.to = "+1"; then.tag = "x"`}, `2 warning: it is never reached: rule 1, "A"`},
		{"a longer prefix", []string{`if.to.starts = "+1"; stop = true`, `if.to.starts = ["+155", "+12"]; if.account = "x"; then.tag = "x"`}, `2 warning: it is never reached: rule 1`},
		{"a shorter prefix", []string{`if.to.starts = "+155"; stop = true`, `if.to.starts = "+1"; then.tag = "x"`}, ""},
		{"one of several", []string{`if.account = ["a", "b"]; stop = true`, `if.account = "b"; then.tag = "x"`}, `2 warning: it is never reached`},
		{"hours", []string{`if.parts.over = 2; stop = true`, `if.parts.between = [3, 5]; then.tag = "x"`}, `2 warning: it is never reached`},
		{"not active", []string{`if.always = true; stop = true; active = false`, `if.to = "+1"; then.tag = "x"`}, ""},
		{"the number may be another then", []string{`if.to.starts = "+1"; stop = true`, `if.to.starts = "+9"; then.edit.to = { matches = '^.9', with = '+' }`, `if.to.starts = "+15"; then.tag = "x"`}, ""},
		{"a gateway that never counts", []string{`if.to.starts = "+1"; then.gateway = "us"`, `if.always = true; then.gateway = "eu"`}, `1 warning: its gateway never counts: rule 2, "B"`},
		{"the rest takes another", []string{`if.to.starts = "+1"; then.gateway = "us"`, `if.routed = false; then.gateway = "eu"`}, ""},
		{"a gateway, and stop", []string{`if.to.starts = "+1"; then.gateway = "us"; stop = true`, `if.always = true; then.gateway = "eu"`}, ""},
		{"twice forwarded", []string{`if.to = "+1"; then.forward = "a@example.org"`, `if.from = "x"; then.forward = "b@example.org"`}, `1 warning: rule 2, "B", forwards, too`},
		{"an empty list", []string{`if.to.in = "empty.txt"; then.tag = "x"`}, `1 warning: it never holds: empty.txt is empty`},
		{"backtracking", []string{`if.text.matches = 'a(?!b)'; then.tag = "x"`}, `1 note: the pattern a(?!b) asks for what RE2 lacks`},
		{"refused early", []string{`if.to.starts = "+44"; then.reject = "No."`}, `1 note: it refuses at RCPT TO`},
		{"refused late", []string{`if.to.starts = "+44"; if.text.contains = "x"; then.reject = "No."`}, `1 note: it refuses when the text is there, where the answer depends on text; otherwise`},
		{"refused behind an edit", []string{`if.text.contains = "x"; then.edit.to = "+1555"`, `if.to.starts = "+44"; then.reject = "No."`}, `2 note: it refuses when the text is there, where rules above may change to; otherwise`},
		{"refused behind a drop", []string{`if.text.contains = "x"; then.drop = true`, `if.to.starts = "+44"; then.reject = "No."`}, `2 note: it refuses when the text is there, where until then rule 1, "A", may end the list`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said []string
			for i, rs := range parsed(t, Outgoing, tt.rules...).Review() {
				for _, r := range rs {
					said = append(said, string(rune('1'+i))+map[bool]string{true: " warning: ", false: " note: "}[r.Warning]+r.Text)
				}
			}
			got := strings.Join(said, "\n")
			if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// What is called never reached never holds, whatever comes; a gateway that never
// counts is set anew below; and what is refused at RCPT TO is certain there.
func TestReviewIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, f := compile(t, Outgoing, someRules(t)...), someFacts(t)
		whole := s.Explain(f)
		f.Unknown = BeforeText
		preview := s.Explain(f)
		for i, rs := range s.Review() {
			for _, r := range rs {
				held := whole.Trace[i].Result == Yes
				switch {
				case r.Warning && strings.Contains(r.Text, "never reached") && held:
					t.Fatalf("rule %d held: %s", i, r.Text)
				case r.Warning && strings.Contains(r.Text, "gateway never counts") && held:
					if !strings.Contains(didAll(whole.Trace[i+1:]), "gateway is now") {
						t.Fatalf("rule %d counts: %s", i, r.Text)
					}
				case r.Text == "it refuses at RCPT TO" && preview.Trace[i].Result == Unknown:
					t.Fatalf("rule %d is not certain: %s", i, r.Text)
				}
			}
		}
	})
}

func didAll(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(strings.Join(s.Did, "\n"))
	}
	return b.String()
}

// BenchmarkReview looks through ten thousand rules that each end the list.
func BenchmarkReview(b *testing.B) {
	var doc strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&doc, "[[rule]]\ntitle = \"%d\"\nif.to.starts = \"+1%d\"\nif.account = \"a%d\"\nif.routed = false\nthen.gateway = \"us\"\nstop = true\n", i, i, i%100)
	}
	s, err := Parse(nil, "rules.toml", []byte(doc.String()), Outgoing, Site{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Review()
	}
}
