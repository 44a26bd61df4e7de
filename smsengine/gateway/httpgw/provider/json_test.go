package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// newJSON parses a JSON text with templates in it.
func newJSON(t interface{ Fatal(...any) }, text string) JSON {
	var j JSON
	if err := j.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	j.root.each(func(tmpl *Template) {
		if err := tmpl.parse(template.Text, own); err != nil {
			t.Fatal(err)
		}
	})
	return j
}

func TestJSONExpands(t *testing.T) {
	v := template.Values{Number: "+15555550123", Text: "say \"hi\" \\ <b>\n", Settings: map[string]string{VarSeconds: "60"}}
	for source, want := range map[string]string{
		`{ "b": "%number%", "a": ["x", 1.50, true, null, {}, []] }`: `{"b":"+15555550123","a":["x",1.50,true,null,{},[]]}`,
		`"%data%"`: `"say \"hi\" \\ <b>\n"`,
		`{"to": "#%number;interprefix=%", "s": "#%seconds%"}`:                                                `{"to":15555550123,"s":60}`,
		`{"a": "%sender%", "b": "", "c": ["%sender%"], "d": {"e": "%sender%"}, "f": ["%sender%", "y", "z"]}`: `{"b":"","f":["y","z"]}`,
		`{"url": "%receipts_url%?x=1", "n": "#1"}`:                                                           `{"n":"#1"}`,
		`{"%number%": 1}`: `{"%number%":1}`,
	} {
		got, err := newJSON(t, source).Expand(v)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s, %v", source, got, want, err)
		}
	}
	if _, err := newJSON(t, `{"to": "#%data%"}`).Expand(v); err == nil || strings.Contains(err.Error(), "hi") {
		t.Errorf("a text is no number: %v", err)
	}
}

// TestNothingBreaksOut: whatever a stranger writes stays in its string.
func TestNothingBreaksOut(t *testing.T) {
	j := newJSON(t, `{"to":"%number%","text":"%data%","flash":false}`)
	rapid.Check(t, func(t *rapid.T) {
		v := template.Values{Number: "+15555550123", Text: rapid.String().Draw(t, "text") + "."}
		b, err := j.Expand(v)
		if err != nil {
			t.Skip(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil || len(got) != 3 || got["to"] != v.Number || got["flash"] != false {
			t.Fatalf("%s: %v", b, err)
		}
	})
}

func TestJSONRefuses(t *testing.T) {
	for source, want := range map[string]string{
		"":                       "line 1: it ends too early",
		"{\n\"a\":":              "line 2: it ends too early",
		"{\"a\" 1}":              "line 1: invalid character '1' after object key",
		"{} {}":                  "something follows",
		"{\"a\": 'x'}":           "invalid character",
		"[1,\n2,,3]":             "line 2: ",
		strings.Repeat("[", 1e5): "",
	} {
		var j JSON
		if err := j.UnmarshalText([]byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %v, want %q", source, err, want)
		}
	}
}
