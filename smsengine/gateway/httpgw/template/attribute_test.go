package template

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/sms"
)

// What the guide's tables are too short for.
func TestAttributes(t *testing.T) {
	udh := []byte{5, 0, 3, 42, 2, 1}
	for _, c := range []struct {
		src   string
		place Place
		v     Values
		want  string
	}{
		{"%udh;isascii;hex;len;isbinary;b64;len%", Field, Values{UDH: udh}, "0500032A0201"},
		{"%udh;isascii;hex;len;isbinary;b64;len%", Field, Values{UDH: udh, Alphabet: sms.Binary}, "BQADKgIB"},
		{"%udh;hex;len;hex%", Field, Values{UDH: udh}, "303530303033324130323031"},
		{"%data;unicode;len%", Field, Values{Text: "a"}, "020061"},
		{"%data;unicode;raw%", Form, Values{Text: "Д"}, "%04%14"},
		{"%data;charset=UCS2;hex%", Field, Values{Text: "😀"}, "D83DDE00"},
		{"%data;charset=ucs-2be;hex%", Field, Values{Text: "Д"}, "0414"},
		{"%data;charset=iso-8859-1;hex%", Field, Values{Text: "\u0085"}, "85"}, // and not windows-1252's
		{"%data;charset=cp1252;hex%", Field, Values{Text: "€"}, "80"},
		{"%data;charset=iso-2022-jp%", Field, Values{Text: "日"}, "\x1b$BF|\x1b(B"},
		{"%data; CHARSET = utf-8 %", inQuotes, Values{Text: "é\"\\\n\u2028<"}, `é\"\\\n\u2028<`},
		{"%data;len;hex%", Field, Values{Text: strings.Repeat("x", 255)}, "FF" + strings.Repeat("78", 255)},
		{"%data%", Field, Values{Text: "a\r\nb\rc\xff"}, "a\nb\nc\uFFFD"},
		{"%udh%|%udh;len;hex%", Field, Values{UDH: []byte{0}}, "|"},
		{"%sender;interprefix=00%,%sender_phonealias;interprefix= 0 %,%number;interprefix=00%", Field, Values{Sender: "+1", SenderPhoneAlias: "+2", Number: "3"}, "001,02,3"},
		{"a=%data;value=&x=1;value=&y=2%", Form, Values{Text: "1"}, "a=1&x=1&y=2"},
		{"a=%data;value=&x= 1 2\n;isbinary%", Form, Values{Alphabet: sms.Binary, Data: []byte{1}}, "a=AQ%3D%3D&x=1%202"},
		{"http://exa mple\n.com /a b/ ?c=d e&\n f = g \n", URL, Values{}, "http://example.com/a%20b/?c=d%20e&f=g"},
		{"\n HTTPS://example.com", URL, Values{}, "https://example.com"},
		{"http://example.com/%7Emary/ü?to[]=\"%number%\"", URL, Values{Number: "1"}, "http://example.com/%7Emary/%C3%BC?to%5B%5D=%221%22"},
		{"%server%", URL, set("server", "https://example.com/"), "https://example.com"},
		{"%server%?a=1", URL, set("server", "http://[::1]:8080/a%20b"), "http://[::1]:8080/a%20b?a=1"},
		{"http://%region%:8080/", URL, set("region", "eu-1.example.com"), "http://eu-1.example.com:8080/"},
		{"http://%region%/", URL, set("region", "[::1]:8080"), "http://[::1]:8080/"},
		{`[%parts%, %user%, "%parts%"]`, JSON, Values{Parts: 2, Settings: map[string]string{"user": "true"}}, `[2, true, "2"]`},
		{`["%%", "%%20"]`, JSON, Values{}, `["%", "%20"]`},
	} {
		place, src := c.place, c.src
		if place == inQuotes {
			place, src, c.want = JSON, `"`+src+`"`, `"`+c.want+`"`
		}
		tp, err := Parse(src, place, settings...)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got, err := tp.Expand(c.v); err != nil || got != c.want {
			t.Errorf("%s\ngives %q %v\nnot   %q", src, got, err, c.want)
		}
	}
}

// inQuotes stands in the table for JSON with quotes around it all.
const inQuotes Place = 100
