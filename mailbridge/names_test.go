package mailbridge

import (
	"maps"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func TestNamesOf(t *testing.T) {
	const number = "+15555550123"
	for field, want := range map[string]string{
		`To: Mary Jones <+15555550123@sms.example.org>`:                                  "Mary Jones",
		`To: "Jones, Mary" <+15555550123@sms.example.org>`:                               "Jones, Mary",
		`Cc: x@example.com, Mary <"sms:+15555550123"@example.org>`:                       "Mary",
		`To: Mary <sms:+15555550123@example.org>`:                                        "Mary",
		`To: =?utf-8?q?J=C3=BCrgen?= <SMS=+15555550123@example.org>`:                     "Jürgen",
		`To: "=?utf-8?q?J=C3=BCrgen?=" <+15555550123@sms.example.org>`:                   "Jürgen",
		`To: +15555550123@sms.example.org (Mary)`:                                        "Mary",
		`To: '=?utf-8?q?Mary=0D=0ABcc=3A_x?=' <+15555550123@sms.example.org>`:            "Mary Bcc: x",
		`To: Mary <+15555550123@sms.example.org>; Bob <bob@example.org>`:                 "Mary",
		`To: 'Mary Jones' <+15555550123@sms.example.org>`:                                "Mary Jones",
		`To: ` + strings.Repeat("ü", 90) + ` <+15555550123@sms.example.org>`:             strings.Repeat("ü", 40),
		"To: Mary\u202e <+15555550123@sms.example.org>":                                  "Mary",
		`To: First <+15555550123@sms.example.org>, Second <15555550123@sms.example.org>`: "First",

		`To: +15555550123@sms.example.org`:                                          "",
		`To: "+15555550123" <+15555550123@sms.example.org>`:                         "",
		`To: "+1 (555) 555-0123" <+15555550123@sms.example.org>`:                    "",
		`To: "sms:+15555550123" <+15555550123@sms.example.org>`:                     "",
		`To: "+15555550123@sms.example.org" <+15555550123@sms.example.org>`:         "",
		`To: Mary <mary@example.org>`:                                               "",
		`To: Mary <+1@sms.example.org>`:                                             "",
		`To: Mary <+15555550123@sms.example.org`:                                    "Mary",
		`To: <+15555550123@sms.example.org>`:                                        "",
		`To: undisclosed-recipients: ;`:                                             "",
		`To: Mary <"sms:+15555550123?user=a&pass=hunter2"@example.org>`:             "Mary",
		`To: "sms:+15555550123?user=a&pass=hunter2" <+15555550123@sms.example.org>`: "",
		`Bcc: Mary <+15555550123@sms.example.org>`:                                  "",
	} {
		names := NamesOf(read(t, eml(field, "", "x")), testPhones)
		expect := map[string]string{}
		if want != "" {
			expect[number] = want
		}
		if !maps.Equal(names, expect) {
			t.Errorf("%s: got %q, want %q", field, names, want)
		}
	}
	many := read(t, "To: "+strings.Repeat("Mary <mary@example.org>, ", maxNames)+"Bob <+15555550123@sms.example.org>\r\n\r\n")
	if names := NamesOf(many, testPhones); len(names) != 0 {
		t.Errorf("got %q", names)
	}
}

func TestWordsOf(t *testing.T) {
	m := read(t, eml("From: =?utf-8?q?J=C3=BCrgen?= Doe <john@example.org>", "Subject: See sms:+15555550123?pass=hunter2", "Date: Mon, 5 Jan 2026 10:11:12 +0100",
		"Accept-Language: en-US, de-DE", "Content-Language: de-DE", "In-Reply-To: <a@b>", "", "On my way", "", "On 05/01/2026 10:29, x@example.org wrote:", "> Where?"))
	w := WordsOf(m, "john@example.org", testPhones)
	if w.Kind != smsengine.MailPerson || w.From != "john@example.org" || w.Name != "Jürgen Doe" || w.Language != "de" || w.Ours || w.Why != "" ||
		w.Date.Unix() != 1767604272 || w.Size != m.Size || w.Size == 0 {
		t.Errorf("got %+v", w)
	}
	if strings.Contains(w.Subject, "hunter2") {
		t.Errorf("a password is left in %q", w.Subject)
	}
	if len(w.Passages) < 2 || w.Passages[0].Kind != smsengine.PassageOwn || strings.TrimSpace(w.Passages[0].Text) != "On my way" || w.Passages[1].Kind != smsengine.PassageQuote {
		t.Errorf("passages %q", w.Passages)
	}
}

func TestOurs(t *testing.T) {
	for _, test := range []struct {
		sender string
		header string
		ours   bool
	}{
		{"john@example.org", "From: john@example.org", false},
		{"", "From: john@example.org", false},
		{"+15555550123@sms.example.org", "From: john@example.org", true},
		{"john@example.org", `From: Mary <"sms:+15555550123"@example.org>`, true},
		{"john@example.org", "From: <sms:+15555550123@example.org>", true},
		{"john@example.org", "x-postel-message: 01abc", true},
		{"+15555550123@example.com", "From: +15555550123@example.com", false},
	} {
		m := read(t, eml(test.header, "", "x"))
		if got := WordsOf(m, test.sender, testPhones).Ours; got != test.ours {
			t.Errorf("%s, %s: got %v", test.sender, test.header, got)
		}
	}
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"Content-Language: de-DE":                           "de",
		"Accept-Language: fr-FR, en-US;q=0.8\r\nX: y":       "fr",
		"Accept-Language: en-US\r\nContent-Language: pt_BR": "pt",
		"Content-Language: EN":                              "en",
		"Content-Language: \r\nAccept-Language: cs":         "cs",
		"Content-Language: i-klingon\r\nAccept-Language: x": "",
		"Content-Language: german":                          "",
		"Content-Language: \xff\xfe":                        "",
		"Subject: x":                                        "",
	} {
		if got := read(t, header+"\r\n\r\n").Language; got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}

func TestAuthor(t *testing.T) {
	for from, want := range map[string]string{
		`John <john@example.org>`:                       "John/john@example.org",
		`john@example.org`:                              "/john@example.org",
		`john@example.org (John)`:                       "John/john@example.org",
		`"Doe, John" <john@example.org>, x@example.org`: "Doe, John/john@example.org",
		`John Doe, ACME <john@example.org>`:             "John Doe, ACME/john@example.org",
		`=?utf-8?q?Doe=2C_J=C3=B6?= <john@example.org>`: "Doe, Jö/john@example.org",
		"J\xf6 <john@example.org>":                      "Jö/john@example.org",
		`John`:                                          "/",
		``:                                              "/",
		`<>`:                                            "/",
	} {
		m := read(t, eml("From: "+from, "", "x"))
		if got := m.Name + "/" + m.From; got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
}
