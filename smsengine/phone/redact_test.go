package phone

import (
	"testing"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// Nothing to hide.
		{"", ""},
		{"to=<+15551234567@sms.example.org>, relay=local", "to=<+15551234567@sms.example.org>, relay=local"},
		{"the monkey=3 may bypass=4; passkey2=5", "the monkey=3 may bypass=4; passkey2=5"},
		{"DKIM-Signature: b=abcKey=", "DKIM-Signature: b=abcKey="},
		{"pass=&key=", "pass=&key="},
		{"a pass, a key", "a pass, a key"},
		// Addresses.
		{`sms:+1?user=j&pass=x@d.example`, `sms:+1?user=j&pass=***@d.example`},
		{`"sms:+1?user=j&pass=x"@d.example`, `"sms:+1?user=j&pass=***"@d.example`},
		{`RCPT TO:<"sms:+1?pass=x y@z&user=j"@d> NOTIFY=NEVER`, `RCPT TO:<"sms:+1?pass=***&user=j"@d> NOTIFY=NEVER`},
		{`<"sms:+1?pass=a\"b\\"@d>`, `<"sms:+1?pass=***"@d>`},
		{`sms:+1?PaSs=x&KEY=y@d`, `sms:+1?PaSs=***&KEY=***@d`},
		{`sms:+1?pass=a@b@d`, `sms:+1?pass=***@d`},
		{`sms:+1?pass=a b@d`, `sms:+1?pass=***@d`},
		{`sms:+1?pass=a"b@d`, `sms:+1?pass=***@d`},
		{`"sms:+1? pass =x&maxmsgs=3"@d`, `"sms:+1? pass =***&maxmsgs=3"@d`},
		{`"\"sms:+1?pass=x\""@d`, `"\"sms:+1?pass=***"@d`},
		{`sms:+1?key=x>y@d`, `sms:+1?key=***>y@d`},
		// Encodings.
		{`/sms/?to=sms%3A%2B1%3Fuser%3Dj%26pass%3Da%2526b%26id%3D2&x=1`, `/sms/?to=sms%3A%2B1%3Fuser%3Dj%26pass%3D***%26id%3D2&x=1`},
		{`sms%253Fpass%253Dsecret%2526id`, `sms%253Fpass%253D***%2526id`},
		{`sms:+1?pass=a%26b&id=2@d`, `sms:+1?pass=***&id=2@d`},
		{`ORCPT=rfc822;"sms:+2B1?user+3Dj&pass+3Da+20b"@d`, `ORCPT=rfc822;"sms:+2B1?user+3Dj&pass+3D***"@d`},
		{`ORCPT=rfc822;sms:+2B1+3Fpass+3Da+2Bb+26id+3D2@d`, `ORCPT=rfc822;sms:+2B1+3Fpass+3D***+26id+3D2@d`},
		{`ORCPT=utf-8;sms:\x{2B}1?pass\x{3D}secret@d`, `ORCPT=utf-8;sms:\x{2B}1?pass\x{3D}***@d`},
		{`IMCEASMS-+2B1+3Fpass+3Dx@d`, `IMCEASMS-+2B1+3Fpass+3D***@d`},
		{`{"rcpt":"\"sms:+1?user=j\u0026pass=x\"@d","n":1}`, `{"rcpt":"\"sms:+1?user=j\u0026pass=***","n":1}`},
		{"=?utf-8?q?sms:+1=3Fpass=3Dsec=\r\nret?= <x@y>", "=?utf-8?q?sms:+1=3Fpass=*** <x@y>"},
		{`<a href="sms:+1?a=1&amp;pass=x&amp;b=2">`, `<a href="sms:+1?a=1&amp;pass=***&amp;b=2">`},
		// Headers and logs.
		{"To: <\"sms:+1?pass=a\r\n b\"@d>\r\nSubject: \"hi\" key=x\r\n", "To: <\"sms:+1?pass=***\"@d>\r\nSubject: \"hi\" key=***\r\n"},
		{"To: <sms:+1?pass=x@d>, <sms:+2?key=y@d>, John <j@d>", "To: <sms:+1?pass=***@d>, <sms:+2?key=***@d>, John <j@d>"},
		{"a 5\" disk\nmail for \"sms:+1?pass=x y\"@d", "a 5\" disk\nmail for \"sms:+1?pass=***\"@d"},
		{"a 5\" disk for \"sms:+1?pass=x y\"@d", "a 5\" disk for \"sms:+1?pass=***\"@d"},
		{`level=INFO pass="a b" user=j password='x' pwd=y`, `level=INFO pass=*** user=j password=*** pwd=***`},
		{`api_key = abc`, `api_key = ***`},
		{"pass=\"open\nnext", "pass=***\nnext"},
		{`bad\npass=x`, `bad\npass=***`},
	} {
		got := Redact(c.text)
		if got != c.want {
			t.Errorf("%q becomes\n%q, want\n%q", c.text, got, c.want)
		}
		if again := Redact(got); again != got {
			t.Errorf("%q is not left alone: %q", got, again)
		}
	}
}
