package tool

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// ask runs a tool and gives its exit code, its answers and what it said on standard error.
func ask(t *testing.T, input string, args ...string) (int, []string, string) {
	t.Helper()
	var out, errw strings.Builder
	code := Run(args, strings.NewReader(input), &out, &errw)
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, a := range answers {
		if a != "" && !json.Valid([]byte(a)) {
			t.Errorf("not JSON: %s", a)
		}
	}
	return code, answers, errw.String()
}

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		args          []string
		input, answer string
	}{
		{nil, `<"sms:+15551234567?user=john&pass=hunter2&maxmsgs=3"@example.org>`,
			`{"input":"<\"sms:+15551234567?user=john&pass=***&maxmsgs=3\"@example.org>","phone":true,"number":"+15551234567","domain":"example.org","user":"john","password":true,"params":{"maxmsgs":["3"]},"canonical":"\"sms:+15551234567?user=john&maxmsgs=3\"@example.org"}`},
		{nil, `+15551234567@sms.example.org`,
			`{"input":"+15551234567@sms.example.org","phone":true,"number":"+15551234567","domain":"sms.example.org","user":"","password":false,"params":{},"canonical":"+15551234567@sms.example.org"}`},
		{nil, `john@example.org`, `{"input":"john@example.org","phone":false}`},
		{nil, ``, `{"input":"","phone":false}`},
		{nil, `sms:+1?pass=hunter2@example.org`,
			`{"input":"sms:+1?pass=***@example.org","phone":true,"error":{"code":"5.1.3","text":"+1 is too short for a phone number: write the number in full, like +15551234567, without parentheses"}}`},
		{[]string{"--domain", "example.com", "--phone-domain=example.net", "--phone-domain", "example.edu", "--region", "gb", "--prefix", "txt", "--short-code", "60300"},
			`07700900123@example.edu`,
			`{"input":"07700900123@example.edu","phone":true,"number":"+447700900123","domain":"example.edu","user":"","password":false,"params":{},"canonical":"+447700900123@example.edu"}`},
		{[]string{"--prefix", "txt", "--short-code", "60300"}, `txt:60300@example.org`,
			`{"input":"txt:60300@example.org","phone":true,"number":"60300","short":true,"domain":"example.org","user":"","password":false,"params":{},"canonical":"\"txt:60300\"@example.org"}`},
		{[]string{"--bare=false"}, `+15551234567@example.org`, `{"input":"+15551234567@example.org","phone":false}`},
		{[]string{"--domain", "sms.example.org"}, `+15551234567@sms.example.org`,
			`{"input":"+15551234567@sms.example.org","phone":true,"number":"+15551234567","domain":"sms.example.org","user":"","password":false,"params":{},"canonical":"\"sms:+15551234567\"@sms.example.org"}`},
	} {
		code, answers, errw := ask(t, c.input+"\r\n", append([]string{"address"}, c.args...)...)
		if code != 0 || errw != "" || len(answers) != 1 || answers[0] != c.answer {
			t.Errorf("%v %s: code %d, stderr %q\n%s\nwant\n%s", c.args, c.input, code, errw, answers[0], c.answer)
		}
	}
}

func TestMeasure(t *testing.T) {
	code, answers, _ := ask(t, `{"text":"hello"}`+"\n\n"+`{"text":"жж"}`+"\n"+`{"text":"<&>"}`+"\n"+`{"text":""}`, "measure")
	want := []string{
		`{"alphabet":"gsm7","units":5,"parts":1,"cut":["hello"]}`, `{"alphabet":"ucs2","units":2,"parts":1,"cut":["жж"]}`,
		`{"alphabet":"gsm7","units":3,"parts":1,"cut":["<&>"]}`, `{"alphabet":"gsm7","units":0,"parts":1,"cut":[""]}`,
	}
	if code != 0 || strings.Join(answers, "\n") != strings.Join(want, "\n") {
		t.Errorf("code %d, %s", code, answers)
	}
}

// What policies allow can be tried out: national tables and near characters.
func TestMeasureWith(t *testing.T) {
	const questions = `{"text":"It’s Şişli"}` + "\n" + `{"text":"It’s ok"}` + "\n" + `{"text":"नमस्ते"}` + "\n" + `{"text":"Привет’"}`
	const (
		asWritten = `{"alphabet":"ucs2","units":10,"parts":1,"cut":["It’s Şişli"]}`
		okWritten = `{"alphabet":"ucs2","units":7,"parts":1,"cut":["It’s ok"]}`
		okNear    = `{"alphabet":"gsm7","units":7,"parts":1,"cut":["It's ok"]}`
		hindi     = `{"alphabet":"ucs2","units":6,"parts":1,"cut":["नमस्ते"]}`
		hindi7    = `{"alphabet":"gsm7","units":6,"parts":1,"language":"hindi","shift":"locking","cut":["नमस्ते"]}`
		turkish   = `{"alphabet":"gsm7","units":12,"parts":1,"language":"turkish","shift":"single","cut":["It's Şişli"]}`
		russian   = `{"alphabet":"ucs2","units":7,"parts":1,"cut":["Привет’"]}`
	)
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{asWritten, okWritten, hindi, russian}},
		{"--languages turkish,hindi", []string{asWritten, okWritten, hindi7, russian}},
		{"--languages Turkish --languages hindi --transliterate", []string{turkish, okNear, hindi7, russian}},
		{"--languages all --transliterate", []string{turkish, okNear, hindi7, russian}},
		{"--transliterate", []string{`{"alphabet":"gsm7","units":10,"parts":1,"cut":["It's Sisli"]}`, okNear, hindi, russian}},
	} {
		code, answers, errw := ask(t, questions, append([]string{"measure"}, strings.Fields(c.args)...)...)
		if code != 0 || strings.Join(answers, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: code %d, %s\n%s", c.args, code, errw, strings.Join(answers, "\n"))
		}
	}
	if code, _, errw := ask(t, "", "measure", "--languages", "turkish,klingon"); code != 2 || !strings.Contains(errw, "klingon") {
		t.Errorf("an unknown language: code %d, %s", code, errw)
	}
}

// A line that cannot be read is answered too, and what follows it is not lost.
func TestMeasureBadLines(t *testing.T) {
	for _, bad := range []string{"{", "text", `"text"`, `{"txt":"x"}`, `{"text":1}`, `{"text":null}`, "\x00", `{"text":"a"}{"text":"b"}`} {
		code, answers, _ := ask(t, bad+"\n"+`{"text":"x"}`+"\n", "measure")
		if code != 1 || len(answers) != 2 || !strings.HasPrefix(answers[0], `{"error":"`) || !strings.Contains(answers[1], `"parts":1`) {
			t.Errorf("%s: code %d, %q", bad, code, answers)
		}
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("a", 5<<20)
	code, answers, _ := ask(t, `{"text":"`+long+`"}`, "measure")
	var m measured
	if err := json.Unmarshal([]byte(strings.Replace(answers[0], `"gsm7"`, "0", 1)), &m); code != 0 || err != nil || m.Parts != len(m.Cut) || m.Parts != (5<<20+152)/153 {
		t.Errorf("code %d, %v, %d parts", code, err, m.Parts)
	}
	if code, answers, _ = ask(t, "sms:"+long+"@example.org\njohn@example.org\n", "address"); code != 0 || len(answers) != 2 || !strings.Contains(answers[0], `"5.1.3"`) {
		t.Errorf("code %d, %d answers", code, len(answers))
	}
}

// Each answer comes before the next question, so that a program can talk through pipes.
func TestConversation(t *testing.T) {
	questions, ask := io.Pipe()
	answer, answers := io.Pipe()
	done := make(chan int)
	go func() { done <- Run([]string{"address"}, questions, answers, io.Discard); answers.Close() }()
	decoder := json.NewDecoder(answer)
	for range 3 {
		if _, err := io.WriteString(ask, "john@example.org\n"); err != nil {
			t.Fatal(err)
		}
		var a other
		if err := decoder.Decode(&a); err != nil || a.Input != "john@example.org" {
			t.Fatalf("%v, %v", a, err)
		}
	}
	ask.Close()
	if code := <-done; code != 0 {
		t.Errorf("code %d", code)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		nil, {"nothing"}, {"address", "sms:+15551234567@example.org"}, {"address", "--region", "XX"}, {"address", "--what"},
		{"address", "--domain", "a b"}, {"measure", "text"}, {"measure", "--what"},
	} {
		if code, _, errw := ask(t, "", args...); code != 2 || errw == "" {
			t.Errorf("%q: code %d, %q", args, code, errw)
		}
	}
	if code, _, errw := ask(t, "", "address", "--help"); code != 0 || !strings.Contains(errw, "phone-domain") {
		t.Errorf("--help: code %d, %q", code, errw)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (broken) Read([]byte) (int, error)  { return 0, io.ErrUnexpectedEOF }

func TestBrokenStreams(t *testing.T) {
	for _, name := range []string{"address", "measure"} {
		if code := Run([]string{name}, broken{}, io.Discard, io.Discard); code != 1 {
			t.Errorf("%s from a broken reader: code %d", name, code)
		}
		if code := Run([]string{name}, strings.NewReader(`{"text":"x"}`), broken{}, io.Discard); code != 1 {
			t.Errorf("%s to a broken writer: code %d", name, code)
		}
	}
}
