package imap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine/phone"
)

func parser(t testing.TB) *phone.Parser {
	t.Helper()
	p, err := phone.New(phone.Rules{
		Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US",
		Prefixes: []phone.Prefix{{Name: "sms"}}, BareNumbers: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPhonesOf(t *testing.T) {
	t.Parallel()
	p := parser(t)
	for _, c := range []struct{ header, want string }{
		{"To: +15551234567@sms.example.org", "+15551234567"},
		{"To: John <+15551234567@sms.example.org>, office@example.org\nCc: <+15557654321@sms.example.org>", "+15551234567 +15557654321"},
		{`To: "sms:+15551234567"@example.org, SMS=+15557654321@example.org`, "+15551234567 +15557654321"},
		{"To: sms:+15551234567@example.org", "+15551234567"},
		{"To: sms: +15551234567@example.org;", "+15551234567"},
		{"To: Phones: +15551234567@sms.example.org, +15557654321@sms.example.org;", "+15551234567 +15557654321"},
		{`To: "Doe, John" <"sms:+15551234567?user=a&pass=b"@example.org>`, "+15551234567"},
		{`To: "\"sms:+15551234567\""@example.org`, "+15551234567"},
		{"To: +1-555-123-4567@sms.example.org (John)", "+15551234567"},
		{"To: john@example.org, undisclosed-recipients:;", ""},
		{"To: list@example.org\nDelivered-To: +15551234567@sms.example.org", "+15551234567"},
		{"To: +15551234567@sms.example.org\nX-Original-To: +15551234567@sms.example.org\nDelivered-To: box@example.org", "+15551234567"},
		{"To: +1 555 123 4567@sms.example.org", "+15551234567"},
		{"To: info@sms.example.org", "?"},
		{"To: +15551234567; +15557654321@sms.example.org", "+15557654321"},
		{"Subject: +15551234567@sms.example.org", ""},
		{"To: +15551234567", ""},
	} {
		m, err := mailbridge.Read(strings.NewReader(c.header + "\n\nx\n"))
		if err != nil {
			t.Fatal(err)
		}
		phones, _ := phonesOf(p, m.Header)
		var got []string
		for _, r := range phones {
			known, _, err := p.Parse(r.Address)
			if err != nil {
				known.Number = "?"
			}
			got = append(got, known.Number)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", c.header, got, c.want)
		}
	}
}

// TestCredentialsCount: an alias may know what the author need not.
func TestCredentialsCount(t *testing.T) {
	t.Parallel()
	m, err := mailbridge.Read(strings.NewReader("To: +15551234567@sms.example.org\n" +
		"Delivered-To: +15551234567?key=abc@sms.example.org\n\nx\n"))
	if err != nil {
		t.Fatal(err)
	}
	phones, _ := phonesOf(parser(t), m.Header)
	if len(phones) != 1 || !strings.Contains(phones[0].Address, "key=abc") {
		t.Errorf("%+v, want one recipient, with the key", phones)
	}
}

func TestTooManyRecipients(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range maxRecipients + 1 {
		list = append(list, fmt.Sprintf("+1555123%04d@sms.example.org", i))
	}
	m, err := mailbridge.Read(strings.NewReader("To: " + strings.Join(list, ",\n ") + "\n\nx\n"))
	if err != nil {
		t.Fatal(err)
	}
	phones, tooMany := phonesOf(parser(t), m.Header)
	if len(phones) != maxRecipients || !tooMany {
		t.Errorf("%d phones, %v", len(phones), tooMany)
	}
}

func FuzzPhonesOf(f *testing.F) {
	f.Add("John <+15551234567@sms.example.org>, x: sms:+15557654321@example.org;")
	f.Add(`"\"sms:+1555\""@example.org (a (b) c`)
	p := parser(f)
	f.Fuzz(func(t *testing.T, value string) {
		h := mailbridge.Header{{Name: "To", Value: value}, {Name: "From", Value: value}}
		if addr, ok := h.Author(); ok && strings.Count(addr, "@") != 1 {
			t.Errorf("author %q of %q", addr, value)
		}
		phones, _ := phonesOf(p, h)
		for _, r := range phones {
			if _, is, _ := p.Parse(r.Address); !is {
				t.Errorf("%q of %q is no phone", r.Address, value)
			}
		}
	})
}
