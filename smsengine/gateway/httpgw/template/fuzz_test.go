package template

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine/sms"
)

// seed adds templates, good and bad.
func seed(add func(src string, place uint8)) {
	for _, m := range manual {
		add(m.url, uint8(URL))
	}
	for _, s := range []string{
		"%server%/a%20b?x=%user%&pass=%password%", "https://%region%.example.com/%msgid%?a=%data;unicode;b64%", "http://[::1]:80/", "http://x:y/",
	} {
		add(s, uint8(URL))
	}
	for place := Form; place <= Header; place++ {
		for _, s := range []string{
			"", "%", "%%", "%%%", "%%data%%", "%data", "%data;isascii%%data;isunicode;unicode;value=&unicode=1%", "%dat;a%", "%da%20", "%C3%A9",
			"% n u m b e r ; inter prefix= 00 %", "%udh;hex;len;isbinary;b64;len%", "%data;charset=koi8-r;isascii;charset=utf-16;hex%", "%condition;value=%",
			`{"a": "%data%", "b": %parts%%condition;isunicode;value=, "c": 1%}`, `{"token": "x\"%user%", "x": %user%}`, "a\r\nb", "a=1 & b = %data% \n&c",
		} {
			add(s, uint8(place))
		}
	}
}

func FuzzParse(f *testing.F) {
	seed(func(src string, place uint8) { f.Add(src, place) })
	f.Fuzz(func(t *testing.T, src string, place uint8) {
		tp, err := Parse(src, Place(place%6), settings...)
		if err != nil {
			wrong := err.(*Error)
			lines := strings.Split(src, "\n")
			if wrong.Line < 1 || wrong.Line > len(lines) || wrong.Column < 1 || wrong.Column > utf8.RuneCountInString(lines[wrong.Line-1])+1 || wrong.What == "" {
				t.Fatalf("%q: %+v", src, wrong)
			}
			return
		}
		shown := tp.String()
		again, err := Parse(shown, Place(place%6), settings...)
		if err != nil {
			t.Fatalf("%q shows as %q, which is wrong: %v", src, shown, err)
		}
		if again.String() != shown {
			t.Fatalf("%q shows as %q, and that as %q", src, shown, again)
		}
		if strings.Contains(shown, mask) {
			return // it cannot give what it hides
		}
		v := sample("Hello", "+15555550123")
		first, err1 := tp.Expand(v)
		second, err2 := again.Expand(v)
		if first != second || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%q gives %q %v, and %q gives %q %v", src, first, err1, shown, second, err2)
		}
	})
}

func sample(text, name string) Values {
	return Values{
		Number: name, Text: text, Data: []byte(text), UDH: append([]byte{byte(len(name))}, name...), Alphabet: sms.GSM7, PID: "0", DCS: "4",
		Sender: name, SenderPhoneAlias: name, Parts: 2, MsgID: name,
		Settings: map[string]string{"user": text, "password": name, "server": "http://h:8080/x/", "region": "eu"},
	}
}

func FuzzExpand(f *testing.F) {
	seed(func(src string, place uint8) { f.Add(src, place, "a&b=c#%41\"\\\n", "../\x00\xff") })
	f.Fuzz(func(t *testing.T, src string, place uint8, text, name string) {
		tp, err := Parse(src, Place(place%6), settings...)
		if err != nil {
			return
		}
		calm, loud := sample("x", "y"), sample(text, name)
		for _, a := range []sms.Alphabet{sms.GSM7, sms.UCS2, sms.Binary} {
			calm.Alphabet, loud.Alphabet = a, a
			want, err := tp.Expand(calm)
			if err != nil {
				return
			}
			tp.Masked(loud)
			tp.Blank(loud)
			got, err := tp.Expand(loud)
			if err != nil {
				if got != "" || strings.Contains(err.Error(), "\n") {
					t.Fatalf("%q: %q, %v", src, got, err)
				}
				continue
			}
			check(t, Place(place%6), got, want)
		}
	})
}

// check compares what strange values made of a template with what simple ones
// did: the values differ and nothing else.
func check(t *testing.T, place Place, got, want string) {
	switch place {
	case URL:
		u, err1 := url.Parse(got)
		w, err2 := url.Parse(want)
		if err1 != nil || err2 != nil || u.Host != w.Host || u.Scheme != w.Scheme || u.User != nil || u.Fragment != "" ||
			strings.Count(u.EscapedPath(), "/") != strings.Count(w.EscapedPath(), "/") || strings.Count(got, "&") != strings.Count(want, "&") || strings.Count(got, "=") != strings.Count(want, "=") {
			t.Fatalf("%q and %q: %v, %v", got, want, err1, err2)
		}
	case Form:
		if strings.Count(got, "&") != strings.Count(want, "&") || strings.Count(got, "=") != strings.Count(want, "=") {
			t.Fatalf("%q and %q", got, want)
		}
	case JSON:
		if !json.Valid([]byte(got)) || !json.Valid([]byte(want)) || strings.Count(got, `"`)-strings.Count(got, `\"`) != strings.Count(want, `"`)-strings.Count(want, `\"`) {
			t.Fatalf("%q and %q", got, want)
		}
	case Header:
		if strings.ContainsFunc(got, isControl) {
			t.Fatalf("%q", got)
		}
	}
}

// Long and hostile templates end soon, in an error that says where.
func TestHostile(t *testing.T) {
	const n = 100_000
	for _, piece := range []string{
		"%", "%%", "%20", "%d", "%data", "%data;", "%data%", "%;", ";", "%data;hex;", "%n;%%", "a%a", "\n%", "%data;value=", "\"", "\\", "{", "&", "=",
		" ", " \n", "%%a%%", "%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "%condition;isunicode;value=\"%",
	} {
		for place := URL; place <= Header; place++ {
			begin := ""
			if place == URL {
				begin = "http://h/?a="
			}
			tp, err := Parse(begin+strings.Repeat(piece, n/len(piece)), place, settings...)
			if err != nil && err.Error() == "" || err == nil && tp == nil {
				t.Error(piece, place)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("%q: %d octets of error", piece, len(err.Error()))
			}
		}
	}
	for _, body := range []string{strings.Repeat(";hex", n), ";value=" + strings.Repeat("x", n), strings.Repeat(" ", n), ";" + strings.Repeat("x", n), ";charset=" + strings.Repeat("x", n), ";interprefix=" + strings.Repeat("0", n)} {
		if tp, err := Parse("%number"+body+"%", Form); err == nil {
			if got, err := tp.Expand(sample("x", "+1")); err != nil || len(got) > 2*n {
				t.Error(len(got), err)
			}
		}
	}
}
