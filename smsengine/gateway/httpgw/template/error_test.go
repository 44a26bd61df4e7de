package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/sms"
)

func TestParseErrors(t *testing.T) {
	long := strings.Repeat("x", 50)
	for _, c := range []struct {
		src   string
		place Place
		want  string
	}{
		{"", URL, "column 1: a URL begins with"},
		{"example.com", URL, "column 1: a URL begins with"},
		{"ftp://example.com", URL, "column 1: a URL begins with"},
		{"http://", URL, "column 8: the name of the server is missing"},
		{"http:///x", URL, "column 8: '/' cannot stand"},
		{"http://mary:lamb@example.com/", URL, "column 17: a user and password cannot stand in a URL"},
		{"http://exa mple.com/ä/%numbr%", URL, "column 23: no variable is called numbr; did you mean %number%?"},
		{"http://münchen.example/", URL, "column 9: 'ü' cannot stand"},
		{"http://%75/", URL, "column 8: a percent sign cannot stand in the name"},
		{"%server%x", URL, "column 9: a / or ? is missing behind"},
		{"%server%%region%", URL, "column 9: a / or ? is missing between"},
		{"%data%/x", URL, "column 1: %data% cannot choose the server"},
		{"http://%msgid%.example.com/", URL, "column 8: %msgid% cannot choose the server"},
		{"http://h/%condition;isunicode;value=?a=1%", URL, "column 37: a / or ? that ends"},
		{"http://h/?a=1#b", URL, "column 14: a # ends a URL"},

		{"%", Form, "column 1: this % begins no variable; write %25"},
		{"a=%", Form, "column 3: this % begins"},
		{"a=%data", Form, "column 3: %data is not closed; write %data%"},
		{"a=%data&b=%number%", Form, "column 3: %data is not closed"},
		{"a=100 %&b=%data%", Form, "column 7: this % begins"},
		{"a=%data%%", Form, "column 9: this % begins"},
		{"a=%data;isunicode&b=%number%", Form, "column 18: the variable is not closed behind ;isunicode; write % behind it"},
		{"a=%from%&b=2", Form, "column 3: no variable is called from; there are binary, body,"},
		{"a=%bade%&b=2", Form, "column 3: no variable is called bade"},
		{"a=%data;hexx;hex%", Form, "column 9: no attribute is called hexx; did you mean ;hex?"},
		{"a=%data;base64%", Form, "column 9: no attribute is called base64; did you mean ;b64?"},
		{"a=%data;%", Form, "column 9: an attribute is missing behind the ;; remove the ;"},
		{"a=%data;;hex%", Form, "column 9: an attribute is missing"},
		{"a=%data;hex=2%", Form, "column 9: ;hex takes no value; write ;hex"},
		{"a=%data;charset%", Form, "column 9: ;charset needs a value"},
		{"a=%data;charset=%", Form, `column 17: no charset is called ""`},
		{"a=%data;charset=klingon%", Form, `column 17: no charset is called "klingon"`},
		{"a=%data;charset=replacement%", Form, `no charset is called "replacement"`},
		{"a=%data;charset=utf-7%", Form, `no charset is called "utf-7"`},
		{"a=%data;charset=" + long + "%", Form, `no charset is called "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`},
		{"a=%data;" + long + "%", Form, "no attribute is called xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; there are b64,"},
		{"a=%" + long + "%", Form, "column 3: this % begins no variable"},
		{"a=%data;interprefix=00%", Form, "column 9: ;interprefix= is for numbers"},
		{"a=%data;unicode;charset=utf-16%", Form, "column 17: this attribute needs text"},
		{"a=%data;charset=utf-16;unicode%", Form, "column 24: this attribute needs text"},
		{"a=%data;len;unicode%", Form, "column 13: this attribute needs text"},
		{"a=%udh;unicode%", Form, "column 8: %udh% is no text; use ;hex or ;b64"},
		{"a=%data" + strings.Repeat(";hex", 5) + "%", Form, "column 25: this encodes what has been encoded often enough"},
		{"a=%data" + strings.Repeat(";isascii", 40) + "%", Form, "there are too many attributes"},
		{strings.Repeat("%data%", 1001), Form, "there are too many variables"},
		{strings.Repeat("a", maxTemplate+1), Form, "the template is too long"},
		{"a=\xff", Form, "column 3: this is no UTF-8"},
		{"a=\uFFFD%x", Form, "column 4: this % begins"},
		{"a=1\n&ü=%&b", Form, "line 2, column 4: this % begins"},

		{"5% off", Text, "column 2: this % begins no variable; write %% for a percent sign"},
		{"%20", Text, "column 1: this % begins no variable; write %% for"},
		{"%data;charset=latin1%", Text, "column 7: this makes octets, which cannot stand here; add ;hex or ;b64"},
		{"%data;len%", Text, "column 7: this makes octets"},
		{"%udh;raw%", Text, "column 6: this makes octets"},
		{"%data;isascii;charset=latin1;isunicode;b64%", Text, "column 15: this makes octets"},
		{"a\r\nEvil: 1", Header, "column 2: line ends and other control characters"},

		{`{"a": %data%}`, JSON, `column 7: %data% is no number and stands outside of quotes; write "%data%"`},
		{`{"a": "\%data%"}`, JSON, "column 9: a \\ stands in front of the variable"},
		{`{"a": "%data%" "b"}`, JSON, "column 16: with a text in gsm7 this is no JSON"},
		{"{\n\"a\": %parts%,\n}", JSON, "line 3, column 1: with a text in gsm7 this is no JSON"},
		{`{"a": 1%parts%}`, JSON, "column 8: with a text in gsm7 this is no JSON"},
		{`{"a": "\u00%parts%"}`, JSON, "this is no JSON"},
		{`{"a": "%data%"`, JSON, "column 15: with a text in gsm7 this is no JSON"},
		{`{"a": "1"%condition;isbinary;value=,%}`, JSON, "with a text in binary this is no JSON"},
		{`{"a": "%data;isascii;value=", "b": "x%"}`, JSON, ""},
		{`{"a": "%data;isascii;value=", "b": 1%"}`, JSON, "column 28: the quotes in ;value= leave a string open"},
		{`{"a": "%data;isascii;value=\%"}`, JSON, "column 28: the quotes in ;value="},
	} {
		_, err := Parse(c.src, c.place, settings...)
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%s: %v", c.src, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%.80s:\n%v\nnot\n%s", c.src, err, c.want)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{
		"password": true, "api_key2": true, "a": true, "abc": true,
		"": false, "number": false, "dsc": false, "2fa": false, "ab": false, "Password": false, "pass word": false, "a-b": false,
		strings.Repeat("a", 41): false,
	} {
		err := CheckName(name)
		if good != (err == nil) {
			t.Errorf("%q: %v", name, err)
		}
		if _, parsed := Parse("a", Text, Setting{Name: name}); good != (parsed == nil) {
			t.Errorf("%q: %v", name, parsed)
		}
	}
}

// An error shows nothing of a parameter that is a secret.
func TestParseErrorsKeepSecrets(t *testing.T) {
	for _, src := range []string{
		"http://h/?password=%hunter%&a=1", "http://h/?password=hunter%;&a=1", "http://h/?a=1&api_key=%data;hunter%",
		"http://h/?token=a%hunter", "http://h/?pass=%condition;value=x%hunter%",
	} {
		if _, err := Parse(src, URL); err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v", src, err)
		}
	}
	if _, err := Parse(`{"auth": {"token": "%hunter%"}}`, JSON); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Error(err)
	}
}

func TestExpandErrors(t *testing.T) {
	for _, c := range []struct {
		src     string
		place   Place
		v       Values
		want    string
		setting bool
	}{
		{"%data;charset=latin1%", Field, Values{Text: "Да"}, "%data%: the text has characters that latin1 lacks", false},
		{"%data;charset=us-ascii%", Field, Values{Text: "é"}, "%data%: the text has characters that us-ascii lacks", false},
		{"%data;len%", Field, Values{Text: strings.Repeat("x", 256)}, "%data%: it has more than 255 octets, which ;len cannot count", false},
		{"%user%", Field, Values{}, "%user%: the gateway's configuration does not set it", true},
		{"%server%/", URL, set("server", ""), "%server%: it is no URL that begins with", true},
		{"%server%/", URL, set("server", "ftp://x"), "%server%: it is no URL", true},
		{"%server%/", URL, set("server", "http://mary:lamb@x/"), "%server%: a user and password cannot stand", true},
		{"%server%/", URL, set("server", "http://x/?a=1"), "%server%: ? and # cannot stand", true},
		{"https://%region%.example.com/", URL, set("region", "evil.example/"), "%region%: it is no name of a server", true},
		{"https://%region%.example.com/", URL, set("region", ""), "%region%: it is no name of a server", true},
		{"http://h/%data%/x", URL, Values{Text: ".."}, "%data%: a dot alone cannot stand in a path", false},
		{"%sender%", Header, Values{Sender: "x\r\nEvil: 1"}, "%sender%: line ends and other control characters", false},
		{"%user%", Text, set("user", "\xff"), "%user%: octets that are no UTF-8", true},
		{`{"a": %user%}`, JSON, set("user", "1, \"b\": 2"), "%user%: without quotes around it, only a number", true},
		{`{"a": %user%}`, JSON, set("user", "[1]"), "%user%: without quotes", true},
		{`{"a": %pid%}`, JSON, Values{}, "%pid%: without quotes", false},
	} {
		tp, err := Parse(c.src, c.place, settings...)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		got, err := tp.Expand(c.v)
		var wrong *ValueError
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.want) || wrong.Setting != c.setting || got != "" {
			t.Errorf("%s: %q, %v", c.src, got, err)
		}
		if strings.Contains(tp.Masked(c.v), "lamb") {
			t.Errorf("%s: %s", c.src, tp.Masked(c.v))
		}
	}
}

func set(name, value string) Values {
	return Values{Alphabet: sms.GSM7, Settings: map[string]string{name: value}}
}
