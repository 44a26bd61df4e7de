package phone

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

var seeds = []string{
	home, mail, `sms:+15551234567@example.org`, `<"\"sms:+15551234567\""@example.org>`, `"sms:+15551234567 "@example.org`,
	`John <"sms:+15551234567?user=john&pass=hunter2"@example.org>`, `"Doe, J" <+15551234567@sms.example.org>`,
	`"sms:+15551234567?user=john%example.org&pass=hunter2&key=abcdef"@example.org`, `sms:+15551234567?user=j=40x.org&pass=p%26q@example.org`,
	`"sms:+15551234567?pass=hun\"ter@2 x&maxmsgs=3"@example.org`, `IMCEASMS-+2B15551234567+3Fpass+3Dhunter2+26key+3Dabcdef@example.org`,
	`<@a.test:sms:+15551234567@example.org>`, `SMS=+15551234567/T33S=1@example.org`, `sms+15551234567?key=abcdef@example.org`,
	`<+15551234567@sms.example.org; +15559876543@sms.example.org>`, `alert:12345?value=&x=1&value=2@sms.example.org`,
	`sms:+15551234567?maxmsgs=999&pass=hunter2@example.org`, `sms:+15551234567?pass=hunter2&foo@example.org`, `/sms=1?pass=hunter2@example.org`,
	"sms:+15551234567\x00?pass=hunter2@example.org", `"sms:+1 (555) 123-4567?validity=1&reply=a=40b&udh=BQ=="@example.org`,
}

// FuzzParse: no address makes Parse panic; what it accepts reads back, in both spellings; what it refuses is told in
// clean words without the password; and no spelling of an accepted address keeps its secrets through Redact.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	p := site(f)
	f.Fuzz(func(t *testing.T, addr string) {
		r, phone, err := p.Parse(addr)
		if err != nil {
			if !phone || !reflect.DeepEqual(r, Recipient{}) {
				t.Fatalf("%q: error %v with phone %v and %v", addr, err, phone, r)
			}
			checkText(t, err.(*Error))
			checkNoSecret(t, addr, err.(*Error).Text)
			return
		}
		if !phone {
			return
		}
		if again, _, err := p.Parse(r.Reveal()); err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%q: %q reads back as %#v (%v), want %#v", addr, r.Reveal(), again, err, r)
		}
		if again, _, err := p.Parse(r.String()); err != nil || !reflect.DeepEqual(again, r.Public()) {
			t.Fatalf("%q: %q reads back as %#v (%v), want %#v", addr, r, again, err, r.Public())
		}
		for _, secret := range []string{r.Password.Reveal(), r.Key.Reveal()} {
			if strings.Contains(Redact(r.Public().Reveal()+addr), secret) && telling(secret, r, addr) {
				t.Fatalf("%q: %q is in %q", addr, secret, Redact(addr))
			}
			for name, spelt := range spellings(addr) {
				if telling(secret, r, addr) && strings.Contains(Redact(spelt), secret) {
					t.Fatalf("%q, %s: %q is in %q", addr, name, secret, Redact(spelt))
				}
			}
		}
	})
}

// telling reports whether a secret can be searched for: long, letters and digits only, and once in the address.
func telling(secret string, r Recipient, addr string) bool {
	for i := 0; i < len(secret); i++ {
		if !isDigit(secret[i]) && !isLetter(secret[i]) {
			return false
		}
	}
	return len(secret) >= 6 && strings.Count(addr, secret) == 1 && !strings.Contains(r.String(), secret)
}

// spellings writes an address as doors, mail servers and logs do.
func spellings(addr string) map[string]string {
	quoted, _ := json.Marshal(map[string]string{"rcpt": addr, "next": "x"})
	return map[string]string{
		"plain":       addr,
		"SMTP":        "RCPT TO:" + addr + " NOTIFY=NEVER",
		"xtext":       "ORCPT=rfc822;" + xtext(addr) + " x",
		"query":       "/sms?to=" + url.QueryEscape(addr) + "&n=1",
		"query twice": "/sms?to=" + url.QueryEscape(url.QueryEscape(addr)) + "&n=1",
		"JSON":        string(quoted),
		"log":         "to=" + addr + ", relay=local, status=sent",
	}
}

// xtext encodes as RFC 3461 §4 says.
func xtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' || c == '=' {
			b.WriteString("+" + string(hexDigits[c>>4]) + string(hexDigits[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkNoSecret looks for pieces of a password in an error text.
func checkNoSecret(t *testing.T, addr, text string) {
	t.Helper()
	at := strings.IndexAny(addr, "?&")
	if at < 0 || !strings.HasPrefix(lower(addr[at+1:]), "pass=") {
		return
	}
	secret := lower(addr[at+len("?pass="):])
	secret, _, _ = strings.Cut(secret, "@")
	for _, piece := range strings.FieldsFunc(secret, func(r rune) bool { return r > 'z' || !isDigit(byte(r)) && !isLetter(byte(r)) }) {
		if len(piece) >= 6 && strings.Contains(text, piece) && !strings.Contains(strings.Join(texts, " "), piece) {
			t.Fatalf("%q: %q is in %q", addr, piece, text)
		}
	}
}

// texts are words that errors use of themselves.
var texts = []string{
	onlyOne, noDomain, tooLongText, badBytes, subaddress, wrongSide, notANumber,
	"the parameter maxmsgs validity flash holds a control character is not UTF-8 is given twice has no value: write minutes number parts",
	"after the password or key stands something that is no parameter; write & inside a password as percent 26",
	"unknown parameter known are maxmsgs, flash, validity, receipt, sender, reply, id and others in the manual parameters are name=value, joined by",
	"sms:+15551234567?maxmsgs=3@example.org there is no phone too many digits follow country code write the number in full without slashes parentheses",
	"possible begins",
}

// FuzzRedact: whatever the text, Redact ends, is idempotent and keeps the lengths of lines' order (no new text but
// masks).
func FuzzRedact(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
		f.Add(xtext(s))
		f.Add(url.QueryEscape(s))
	}
	f.Add("pass = \"x\r\n y\" key=\\\"z\\\" a\\\\pass=1 k%253Dkey%253Dx%2526y &pass=*** x@y")
	f.Fuzz(func(t *testing.T, text string) {
		once := Redact(text)
		if again := Redact(once); again != once {
			t.Fatalf("%q becomes %q, then %q", text, once, again)
		}
		rest := text
		for i, kept := range strings.Split(once, mask) {
			at := strings.Index(rest, kept)
			if at < 0 || i == 0 && at > 0 {
				t.Fatalf("%q becomes %q: %q is new", text, once, kept)
			}
			rest = rest[at+len(kept):]
		}
	})
}

// FuzzURI: no URI makes ParseURI panic, and what it accepts reads back.
func FuzzURI(f *testing.F) {
	for _, s := range []string{
		"sms:+15551234567", "sms:+15551234567,+15559876543?body=hello%20there&maxmsgs=2", "SMS://12345?pass=hunter2&body=%0A",
		"alert:+15551234567?body=a&value=&x=1", "sms:+15551234567;phone-context=+1",
	} {
		f.Add(s)
	}
	p := site(f)
	f.Fuzz(func(t *testing.T, uri string) {
		u, err := p.ParseURI(uri)
		if err != nil {
			checkText(t, err.(*Error))
			return
		}
		if again, err := p.ParseURI(u.Reveal()); err != nil || !reflect.DeepEqual(again, u) {
			t.Fatalf("%q: %q reads back as %#v (%v), want %#v", uri, u.Reveal(), again, err, u)
		}
	})
}
