package phone

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, addr string) Recipient {
	t.Helper()
	r, phone, err := site(t).Parse(addr)
	if !phone || err != nil {
		t.Fatalf("%s: phone %v, %v", addr, phone, err)
	}
	return r
}

func TestUserCandidates(t *testing.T) {
	for written, want := range map[string][]string{
		"":                    nil,
		"john":                {"john"},
		"john=40example.org":  {"john@example.org"},
		"john%40example.org":  {"john@example.org"},
		"john@example.org":    {"john@example.org"},
		"john%example.org":    {"john%example.org", "john@example.org"},
		"john%ab.example":     {"john%ab.example", "john@ab.example"}, // AB is not ASCII
		"john%41.example":     {"john%41.example", "john@41.example"}, // A is not reserved
		"john%2Fexample.org":  {"john/example.org", "john@example.org"},
		"john/example.org":    {"john/example.org", "john@example.org"},
		"corp/jo%example.org": {"corp/jo%example.org", "corp/jo@example.org"},
		"a%26b":               {"a&b"},
		"a%3D40b":             {"a=40b"},
		"jürgen%example.org":  {"jürgen%example.org", "jürgen@example.org"},
		"trailing%":           {"trailing%", "trailing@"},
	} {
		r := parse(t, `"sms:+15551234567?user=`+written+`&pass=x"@example.org`)
		if got := r.UserCandidates(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", written, got, want)
		}
	}
}

func TestParameters(t *testing.T) {
	r := parse(t, `"sms:+15551234567?user=j&pass=p%26%3D%40%25x y@z%zz&key=K1&maxmsgs=003&validity=90&flash=Yes&reply=a=40b.example&`+
		`udh=BgUE==&authenticated=1&sender=+1555&value=%C3%A9&value=2"@example.org`)
	if r.Password.Reveal() != "p&=@%x y@z%zz" || r.Key.Reveal() != "K1" || r.User != "j" {
		t.Errorf("credentials are %q %q %q", r.User, r.Password.Reveal(), r.Key.Reveal())
	}
	want := map[string][]string{
		"maxmsgs": {"3"}, "validity": {"90"}, "flash": {"1"}, "reply": {"a@b.example"}, "udh": {"BgUE=="},
		"authenticated": {"1"}, "sender": {"+1555"}, "value": {"é", "2"},
	}
	if got := r.Params.Map(); !reflect.DeepEqual(got, want) {
		t.Errorf("parameters are %v, want %v", got, want)
	}
	if r.MaxParts() != 3 || r.Validity() != 90*time.Minute || !r.Flash() {
		t.Errorf("MaxParts %d, Validity %v, Flash %v", r.MaxParts(), r.Validity(), r.Flash())
	}
	if again := parse(t, r.Reveal()); !reflect.DeepEqual(again, r) {
		t.Errorf("%s reads back as %v", r.Reveal(), again)
	}
}

// However a recipient is printed, and wherever it is buried, its secrets are not.
func TestSecretsDoNotPrint(t *testing.T) {
	r := parse(t, `"sms:+15551234567?user=j&pass=hunter2&key=hunter2"@example.org`)
	buried := struct{ r Recipient }{r}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "r", r, "pass", r.Password)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "r", r, "pass", r.Password, "buried", buried)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, format+format+format+format+"\n", r, &r, buried, r.Password)
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	log.Write(out)
	for _, leak := range []string{"hunter2", "68756e74657232"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("%s is in\n%s", leak, log.String())
		}
	}
	if !strings.Contains(log.String(), mask) {
		t.Error("nothing was masked: the test prints no secret")
	}
}

func TestSecret(t *testing.T) {
	a, b, none := NewSecret("a"), NewSecret("a"), NewSecret("")
	if got := fmt.Sprintf("%v %d %x %#v %+q", a, a, a, a, a); got != "*** *** *** *** ***" {
		t.Errorf("a secret prints as %s", got)
	}
	if !a.Equal(b) || a.Equal(none) || !none.Equal(Secret{}) || !none.Empty() || a.Empty() || none.String() != "" {
		t.Error("secrets do not compare by their text")
	}
}

func TestURI(t *testing.T) {
	p := site(t)
	for _, c := range []struct {
		uri, back string
		numbers   []string
		body      string
	}{
		{"sms:+15551234567", "sms:+15551234567", []string{n}, ""},
		{"SMS:+1-555-123-4567?body=hello%20there%0A%26", "sms:+15551234567?body=hello%20there%0A%26", []string{n}, "hello there\n&"},
		{"sms:+15551234567,+15559876543?BODY=a+b&maxmsgs=2", "sms:+15551234567,+15559876543?maxmsgs=2&body=a+b", []string{n, "+15559876543"}, "a+b"},
		{"sms:+15551234567,15551234567", "sms:+15551234567", []string{n}, ""},
		{"alert:+15551234567?body=x", "alert:+15551234567?flash=1&maxmsgs=7&body=x", []string{n}, "x"},
	} {
		u, err := p.ParseURI(c.uri)
		if err != nil {
			t.Errorf("%s: %v", c.uri, err)
			continue
		}
		var numbers []string
		for _, r := range u.Recipients {
			numbers = append(numbers, r.Number)
		}
		if !slices.Equal(numbers, c.numbers) || u.Body != c.body || u.String() != c.back {
			t.Errorf("%s: %q %q %s", c.uri, numbers, u.Body, u)
		}
	}
	for _, bad := range []string{
		"", "sms:", "sms", "tel:+15551234567", "mailto:john@example.org", "sms:+15551234567;phone-context=+1", "sms:,",
		"sms:+15551234567?body=%zz", "sms:+15551234567?body=%ff", "sms:+15551234567?body=1&body=2", "sms:+15551234567?subject=x",
		"sms:+15551234567@example.org",
	} {
		if u, err := p.ParseURI(bad); err == nil {
			t.Errorf("%s: %v", bad, u)
		}
	}
	u, err := p.ParseURI("sms:+15551234567?pass=hunter2&body=x")
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", u, u, u), "hunter2") || !strings.Contains(u.Reveal(), "hunter2") {
		t.Errorf("%v, %v", u, err)
	}
}
