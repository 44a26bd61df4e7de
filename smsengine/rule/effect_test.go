package rule

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

// hostile is a text by somebody who wants out of wherever it is written.
const hostile = "-x\"; rm -rf /\n\r\nBcc: evil@example.org\x00' or 1=1 -- &pass=1 %%to%% $POSTEL_TO"

func effect[E Effect](t *testing.T, action string, f Facts) E {
	t.Helper()
	s, err := Parse(fstest.MapFS{}, "f", []byte("[[rule]]\ntitle = \"x\"\nif.always = true\nthen."+action), Outgoing, Site{})
	if err != nil {
		t.Fatal(err)
	}
	d := s.Decide(f)
	stored, err := MarshalEffect(d.Effects[0])
	if err != nil {
		t.Fatal(err)
	}
	back, err := UnmarshalEffect(stored)
	if err != nil {
		t.Fatal(err)
	}
	return back.(E)
}

// A program gets what a text says as one argument, in its environment and on its
// standard input, and nothing of it is an option.
func TestRun(t *testing.T) {
	f := Facts{To: "+15551234567", Text: hostile}
	e := effect[Run](t, `run = { command = ["/bin/page", "--to=%%to%%", "%%to%%", "-t%%text%%", "--", "%%text%%"], stdin = "%%text%%\n", env = { LEVEL = "1 %%text%%" }, timeout = "5s" }`, f)
	argv, err := e.Argv()
	clean := strings.ReplaceAll(hostile, "\x00", "")
	if want := []string{"/bin/page", "--to=+15551234567", "+15551234567", "-t" + clean, "--", clean}; err != nil || !reflect.DeepEqual(argv, want) {
		t.Errorf("%q, %v", argv, err)
	}
	env, err := e.Environ()
	if err != nil || !contains(env, "POSTEL_TO=+15551234567", "POSTEL_TEXT="+clean, "LEVEL=1 "+clean, "POSTEL_RULE=x") {
		t.Errorf("%q, %v", env, err)
	}
	if in, err := e.Input(); in != hostile+"\n" || err != nil || e.Timeout != Duration(5*time.Second) {
		t.Errorf("%q, %v, %v", in, err, e.Timeout)
	}

	e = effect[Run](t, `run = { command = 'mail -s "$POSTEL_SUBJECT" root', shell = true }`, f)
	if argv, err := e.Argv(); err != nil || !reflect.DeepEqual(argv, []string{"/bin/sh", "-c", `mail -s "$POSTEL_SUBJECT" root`}) {
		t.Errorf("%q, %v", argv, err)
	}
	e = Run{Command: []string{"/bin/page", "%%to%%"}, Values: map[string]string{"to": "--help"}} // from a changed file
	if argv, err := e.Argv(); err == nil {
		t.Errorf("an option from a value: %q", argv)
	}
}

func contains(all []string, want ...string) bool {
	for _, w := range want {
		found := false
		for _, s := range all {
			found = found || s == w
		}
		if !found {
			return false
		}
	}
	return true
}

// A URL keeps its server and its parameters, a body its form, a header its line.
func TestCall(t *testing.T) {
	f := Facts{To: "+15551234567", Text: hostile, Subject: `a"b`}
	e := effect[Call](t, `call = { url = "https://example.org/%%text%%/x?to=%%to%%&text=%%text%%&done=100%%", body = '{"text":"%%text%%","subject":"%%subject%%"}', headers = { x-text = "%%text%%" } }`, f)
	r, err := e.Fill()
	if err != nil {
		t.Fatal(err)
	}
	want := "https://example.org/-x%22%3B%20rm%20-rf%20%2F%0A%0D%0ABcc:%20evil@example.org%00%27%20or%201=1%20--%20&pass=1%20%25%25to%25%25%20$POSTEL_TO/x" +
		"?to=%2B15551234567&text=-x%22%3B+rm+-rf+%2F%0A%0D%0ABcc%3A+evil%40example.org%00%27+or+1%3D1+--+%26pass%3D1+%25%25to%25%25+%24POSTEL_TO&done=100%%"
	if r.URL != want || r.Method != http.MethodPost || r.Header["Content-Type"] != typeJSON {
		t.Errorf("%+v", r)
	}
	if strings.ContainsAny(r.Header["X-Text"], "\r\n\x00") {
		t.Errorf("%q", r.Header)
	}
	if !strings.Contains(r.Body, `"subject":"a\"b"`) || strings.ContainsAny(r.Body, "\n\r") {
		t.Errorf("%s", r.Body)
	}
	e = effect[Call](t, `call = { url = "https://example.org/", body = "a=%%subject%%&b=%%to%%", type = "application/x-www-form-urlencoded", method = "put" }`, f)
	if r, err = e.Fill(); err != nil || r.Body != "a=a%22b&b=%2B15551234567" || r.Method != http.MethodPut {
		t.Errorf("%+v, %v", r, err)
	}
}

// Values are bound, in the order of their marks.
func TestSQL(t *testing.T) {
	e := effect[SQL](t, `sql = { database = "crm", statement = "insert into t values (%%to%%, 'it''s', %%text%%, %%to%%)" }`, Facts{To: "+15551234567", Text: hostile})
	mark := func(n int) string { return "$" + string(rune('0'+n)) }
	statement, values, err := e.Bind(mark)
	if err != nil || statement != "insert into t values ($1, 'it''s', $2, $3)" || !reflect.DeepEqual(values, []any{"+15551234567", hostile, "+15551234567"}) {
		t.Errorf("%s %q %v", statement, values, err)
	}
}

func TestUnknownEffects(t *testing.T) {
	for _, stored := range []string{``, `{}`, `{"v":2,"kind":"mail","effect":{}}`, `{"v":1,"kind":"fax","effect":{}}`, `{"v":1,"kind":"mail","effect":[]}`} {
		if e, err := UnmarshalEffect([]byte(stored)); err == nil {
			t.Errorf("%s: %+v", stored, e)
		}
	}
}

// Effects come back from JSON as they were.
func TestEffectsAsJSON(t *testing.T) {
	s := rapid.StringOf(rapid.Rune())
	m := rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z]+`), s, 1, 3), func(m map[string]string) map[string]string { return m })
	timeout := rapid.Map(rapid.Int64Range(0, 1e12), func(n int64) Duration { return Duration(n) })
	one := rapid.Custom(func(t *rapid.T) Effect {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return Mail{Rule: s.Draw(t, "rule"), To: s.Draw(t, "to"), Archive: rapid.Bool().Draw(t, "archive"), Text: s.Draw(t, "text"), Subject: s.Draw(t, "subject"),
				Headers: []Header{{"X", s.Draw(t, "header")}}, At: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 0).UTC()}
		case 1:
			return SMS{Rule: s.Draw(t, "rule"), To: s.Draw(t, "to"), Sender: s.Draw(t, "sender"), Text: s.Draw(t, "text")}
		case 2:
			return Run{Rule: s.Draw(t, "rule"), Command: []string{s.Draw(t, "command")}, Env: m.Draw(t, "env"), Timeout: timeout.Draw(t, "timeout"), Values: m.Draw(t, "values")}
		case 3:
			return Call{Rule: s.Draw(t, "rule"), Method: "GET", URL: s.Draw(t, "url"), Headers: m.Draw(t, "headers"), Timeout: timeout.Draw(t, "timeout"), Values: m.Draw(t, "values")}
		case 4:
			return Digest{Rule: s.Draw(t, "rule"), After: rapid.IntRange(0, 9).Draw(t, "after"), Within: timeout.Draw(t, "within"), Parts: 2}
		}
		return SQL{Rule: s.Draw(t, "rule"), Database: s.Draw(t, "db"), Statement: s.Draw(t, "statement"), Timeout: timeout.Draw(t, "timeout"), Values: m.Draw(t, "values")}
	})
	rapid.Check(t, func(t *rapid.T) {
		es := Effects(rapid.SliceOfN(one, 1, 4).Draw(t, "effects"))
		data, err := es.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back Effects
		if err := back.UnmarshalJSON(data); err != nil || !reflect.DeepEqual(back, es) {
			t.Fatalf("%s, %v", data, err)
		}
	})
}
