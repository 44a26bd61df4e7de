package template

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/sms"
)

func must(t interface{ Fatal(...any) }, src string, place Place) *Template {
	tp, err := Parse(src, place, settings...)
	if err != nil {
		t.Fatal(src, err)
	}
	return tp
}

// drawn is any text, and settings that could be one.
func drawn(t *rapid.T) Values {
	text := rapid.String().Draw(t, "text")
	return Values{
		Number: "+" + rapid.StringMatching(`[0-9]{0,15}`).Draw(t, "number"), Text: text, Alphabet: sms.Measure(text).Alphabet,
		Sender: rapid.String().Draw(t, "sender"), Parts: rapid.IntRange(1, 255).Draw(t, "parts"), MsgID: rapid.String().Filter(func(s string) bool { return strings.Trim(s, ".") != "" || s == "" }).Draw(t, "msgid"), // dots alone are refused in a path
		Settings: map[string]string{"user": rapid.String().Draw(t, "user"), "password": rapid.String().Draw(t, "password"), "server": "https://example.com/x", "region": "eu"},
	}
}

// Whatever a text and its sender are called, the far side reads exactly that,
// and no parameter, server or member more.
func TestPlacesKeepValues(t *testing.T) {
	link := must(t, "https://%region%.example.com/v1/%msgid%x/send?u=%user%&p=%password%&from=%sender%&text=Hi %data%&n=%number;interprefix=%&c=%condition;isunicode;value=2%", URL)
	form := must(t, "from=%sender%&text=%data%&hex=%data;isunicode;unicode%", Form)
	doc := must(t, `{"from": "<%sender%>", "parts": %parts%, "text": "%data%"%condition;isunicode;value=, "coding": "UCS2"%}`, JSON)
	header := must(t, "Bearer %password%", Header)
	rapid.Check(t, func(t *rapid.T) {
		v := drawn(t)
		said, sender := sms.Normalize(v.Text), v.Sender

		got, err := link.Expand(v)
		u, parsed := url.Parse(got)
		if err != nil || parsed != nil {
			t.Fatal(err, parsed)
		}
		q := u.Query()
		if u.Host != "eu.example.com" || u.Path != "/v1/"+v.MsgID+"x/send" || len(q) != 6 || u.Fragment != "" || u.User != nil {
			t.Fatalf("%s", got)
		}
		if q.Get("u") != v.Settings["user"] || q.Get("p") != v.Settings["password"] || q.Get("from") != sender || q.Get("text") != "Hi "+said || q.Get("n") != v.Number[1:] {
			t.Fatalf("%s", got)
		}

		got, err = form.Expand(v)
		fields, parsed := url.ParseQuery(got)
		if err != nil || parsed != nil || len(fields) != 3 || fields.Get("from") != sender || fields.Get("text") != said {
			t.Fatal(got, err, parsed)
		}
		if v.Alphabet == sms.UCS2 && ucs2(t, fields.Get("hex")) != said {
			t.Fatalf("%s is not %q", fields.Get("hex"), said)
		}

		got, err = doc.Expand(v)
		var read struct {
			From, Text, Coding string
			Parts              int
		}
		if err != nil || json.Unmarshal([]byte(got), &read) != nil || read.From != "<"+sender+">" || read.Text != said || read.Parts != v.Parts {
			t.Fatal(got, err)
		}
		if (read.Coding == "UCS2") != (v.Alphabet == sms.UCS2) {
			t.Fatal(got)
		}

		got, err = header.Expand(v)
		if control := strings.ContainsFunc(v.Settings["password"], isControl); control != (err != nil) || !control && got != "Bearer "+v.Settings["password"] {
			t.Fatal(got, err)
		}
	})
}

// ucs2 reads what ;unicode has made.
func ucs2(t *rapid.T, digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

func TestMasked(t *testing.T) {
	v := Values{Number: "+15555550123", Text: "private", Parts: 1, Settings: map[string]string{
		"user": "mary", "password": "hunter2", "server": "http://192.0.2.7", "region": "eu"}}
	for _, c := range []struct {
		src   string
		place Place
		want  string
	}{
		{"http://h/?user=mary&password=hunter2&to=%number%&text=%data%", URL, "http://h/?user=mary&password=***&to=%2B15555550123&text=[data]"},
		{"http://h/?%70ass=hunter2&p%3Dass=1", URL, "http://h/?%70ass=***&p%3Dass=1"},
		{"http://h/?Api-Key=hunter2", URL, "http://h/?Api-Key=***"},
		{"%server%/?u=%user%&x=%password%&y=%password;b64%&apikey=a%user%hunter2b&to=%number%", URL, "http://192.0.2.7/?u=mary&x=***&y=***&apikey=******&to=%2B15555550123"},
		{"pass=hunter2%condition;value=hunter2&a=1%", Form, "pass=***&a=1"},
		{"a=1%condition;value=&pass=%hunter2", Form, "a=1&pass=***"},
		{"text=%body;isascii;value=&a=1%", Form, "text=[data]&a=1"},
		{"text=%data;isbinary;value=&a=1%", Form, "text="},
		{`{"auth": {"token": "hunter2", "user": "mary"}, "pin": "%user%", "b": ["%password%"], "hunter": "x"}`, JSON, `{"auth": {"token": "***", "user": "mary"}, "pin": "***", "b": ["***"], "hunter": "x"}`},
		{`{"password" : "hunt\"er2" , "a": "b"}`, JSON, `{"password" : "***" , "a": "b"}`},
		{"Bearer %password%", Header, "Bearer ***"},
		{"%password%", Text, "***"},
		{"%msgid%%pid%%parts%%sender;isbinary%", Field, "1"},
	} {
		tp := must(t, c.src, c.place)
		if got := tp.Masked(v); got != c.want {
			t.Errorf("%s\nshows %s\nnot   %s", c.src, got, c.want)
		}
		full, err := tp.Expand(v)
		if err != nil || strings.Contains(tp.Masked(v)+tp.String(), "hunter2") || strings.Contains(tp.Masked(v), "private") {
			t.Errorf("%s\nshows %s\nis %s, %s, %v", c.src, tp.Masked(v), full, tp, err)
		}
	}
	v.Settings = nil
	if got := must(t, "%user%/%password%", Text).Masked(v); got != "[user]/***" {
		t.Error(got)
	}
}

func TestUse(t *testing.T) {
	tp := must(t, "a=%body;isascii%&b=%dsc%&c=%password%&d=%data;isunicode%&e=%number%", Form)
	if got := strings.Join(tp.Variables(), " "); got != "data dcs password number" {
		t.Error(got)
	}
	if !tp.Uses("password") || !tp.Uses("dcs") || tp.Uses("udh") || tp.Uses("") {
		t.Error(tp.Variables())
	}
	for _, c := range []struct {
		src                   string
		place                 Place
		gsm7, unicode, binary bool
	}{
		{"%data%", Text, true, true, true},
		{"%number%", Text, false, false, false},
		{"%data;isascii%", Text, true, false, false},
		{"%data;isascii%", Form, true, false, true},
		{"%data;isascii%%data;isbinary;hex%", Form, true, false, true},
		{"%data;isascii%%udh;isbinary;hex%", Form, true, false, false},
		{"%data;isunicode;isbinary%", Form, false, true, true},
	} {
		tp := must(t, c.src, c.place)
		if tp.Carries(sms.GSM7) != c.gsm7 || tp.Carries(sms.UCS2) != c.unicode || tp.Carries(sms.Binary) != c.binary {
			t.Error(c.src, tp.Carries(sms.GSM7), tp.Carries(sms.UCS2), tp.Carries(sms.Binary))
		}
	}
	for src, blank := range map[string]bool{
		"": false, "x": false, "%udh%": true, "x%udh%": true, "%data%": false, "%data;isbinary%": true, "%parts%": false,
		"%condition;value=x%": false, "%condition;isbinary;value=x%": true, "%user%": false, "%udh%%number%": true,
	} {
		if got := must(t, src, Text).Blank(Values{Text: "x", Parts: 1}); got != blank {
			t.Errorf("%q: %v", src, got)
		}
	}
}
