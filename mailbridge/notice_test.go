package mailbridge

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
)

// In every language a report is whole, and the part for programs is the same.
func TestReportsInEveryLanguage(t *testing.T) {
	english := reportDelivery()
	_, want := report(t, compose(t, english))
	for tag, says := range map[string]string{
		"en": "was not delivered", "de": "nicht zugestellt", "fr": "n'a pas été remis", "es": "no se ha entregado", "it": "non è stato consegnato",
		"nl": "is niet bezorgd", "pt": "não foi entregue", "pl": "nie został doręczony", "cs": "nebyla doručena", "ru": "не доставлено", "sv": "inte levererats",
		"de-AT": "nicht zugestellt", "tlh": "was not delivered",
	} {
		d := reportDelivery()
		d.About.Body.Language, d.About.Body.LeftOut, d.About.Body.Whole = tag, []smsengine.PassageKind{smsengine.PassageQuote, smsengine.PassageMobile}, 2
		d.About.Parts = []smsengine.Part{{}}
		l := compose(t, d)
		h, parts := report(t, l)
		if parts[1] != want[1] || parts[2] != want[2] {
			t.Errorf("%s: other parts:\n%s\n%s", tag, parts[1], parts[2])
		}
		if !isASCII(string(l.Data)) {
			t.Errorf("%s: it is not 7 bit", tag)
		}
		language := wording.In(tag)
		if !strings.Contains(string(l.Data), "\r\nContent-Language: "+language.Tag+"\r\n") {
			t.Errorf("%s: the language is not told", tag)
		}
		m := read(t, string(l.Data))
		for _, s := range []string{
			says, "+15555550123", "the number is not in service", "Call me", "01about",
			language.Passages.Quotes + ", " + language.Passages.Mobile,
			strings.SplitN(wording.Fill(language.Cut, "parts", "1", "whole", "2"), ":", 2)[0],
		} {
			if !strings.Contains(strings.Join(strings.Fields(m.Body), " "), s) {
				t.Errorf("%s: it does not say %q:\n%s", tag, s, m.Body)
			}
		}
		if strings.ContainsAny(m.Body, "{}") || strings.Contains(m.Subject, "{") || !strings.Contains(h.Get("From"), "MAILER-DAEMON@mx.example.org") {
			t.Errorf("%s: %s\n%s", tag, m.Subject, m.Body)
		}
		for line := range strings.Lines(m.Body) {
			if len([]rune(line)) > 76 {
				t.Errorf("%s: a long line: %s", tag, line)
			}
		}
	}
}

func TestPartsAndCostOfReports(t *testing.T) {
	for _, test := range []struct {
		about       smsengine.Message
		parts, cost string
	}{
		{smsengine.Message{Cost: 1, Parts: make([]smsengine.Part, 1), Body: smsengine.Body{Alphabet: "gsm7"}}, "1; gsm7", "1"},
		{smsengine.Message{Cost: 3, Parts: make([]smsengine.Part, 3), Body: smsengine.Body{Alphabet: "gsm7", National: "turkish", Whole: 5}}, "3 of 5; gsm7; turkish", "3"},
		{smsengine.Message{Cost: 2, Parts: make([]smsengine.Part, 1), Body: smsengine.Body{Alphabet: "ucs2"}}, "1; ucs2", "2"},
		{smsengine.Message{Parts: make([]smsengine.Part, 1)}, "", ""}, // refused before it was a text
	} {
		d := reportDelivery()
		d.About = &test.about
		h, _ := report(t, compose(t, d))
		if h.Get(PartsHeader) != test.parts || h.Get(CostHeader) != test.cost {
			t.Errorf("%+v: %q, %q", test.about, h.Get(PartsHeader), h.Get(CostHeader))
		}
	}
}

// RFC 3464 §2.3.1: Original-Recipient is what ORCPT said, of whatever type, and is
// not there without it.
func TestOriginalRecipient(t *testing.T) {
	for original, want := range map[string]string{
		"rfc822;Boss+x=y@example.org":      "rfc822; Boss+x=y@example.org",
		"x400;/C=XX/S=Doe John":            "x400; /C=XX/S=Doe John",
		"utf-8;jürgen@example.org":         `utf-8; j\x{FC}rgen@example.org`,
		"rfc822;a;b@example.org":           "rfc822; a;b@example.org",
		"+15555550123@sms.example.org":     "",
		`"a b;c"@sms.example.org`:          "",
		"rfc822;":                          "",
		"":                                 "",
		"rfc822;sms:+1?pass=hunter2@x.org": "rfc822; sms:+1?pass=***@x.org",
	} {
		d := reportDelivery()
		d.About.Original = original
		_, parts := report(t, compose(t, d))
		line := ""
		if want != "" {
			line = "\nOriginal-Recipient: " + want + "\nFinal-Recipient: rfc822; +15555550123@sms.example.org\n"
		}
		if got := strings.Contains(parts[1], "Original-Recipient"); got != (want != "") || !strings.Contains(parts[1], line) {
			t.Errorf("%q: want %q in\n%s", original, want, parts[1])
		}
	}
}

// An envelope ID is given back as it was, and nothing can be put behind it.
func TestEnvelopeID(t *testing.T) {
	for id, want := range map[string]string{"a+b=c": "a+b=c", "x\r\nAction: delivered": "x??Action: delivered", "": ""} {
		d := reportDelivery()
		d.Source.EnvID = id
		_, parts := report(t, compose(t, d))
		if got := strings.Contains(parts[1], "Original-Envelope-Id: "+want+"\n"); got != (want != "") || strings.Contains(parts[1], "\nAction: delivered") {
			t.Errorf("%q:\n%s", id, parts[1])
		}
	}
}

// A text that was refused as a mail, before there were words to send: the report
// still has what was written, and to whom.
func TestReportOfRefusedMail(t *testing.T) {
	d := reportDelivery()
	d.About = &smsengine.Message{ID: "01about", Kind: smsengine.Text, To: smsengine.Phone("123@sms.example.org"), State: smsengine.Failed}
	d.Source.Return = smsengine.ReturnHeaders
	d.Message.Body.Notice.Gateway = ""
	_, parts := report(t, compose(t, d))
	for _, want := range []string{"    Call me\n", "\nFinal-Recipient: rfc822; 123@sms.example.org\n", "Your text to 123@sms.example.org was not delivered"} {
		if !strings.Contains(strings.Join(parts, ""), want) {
			t.Errorf("%q is missing in\n%s", want, strings.Join(parts, ""))
		}
	}
	if strings.Contains(parts[1], "Remote-MTA") {
		t.Errorf("no gateway had it:\n%s", parts[1])
	}
}

// Times are those of the site, for people; programs have their own.
func TestZoneOfReports(t *testing.T) {
	style := testStyle
	style.Zone = time.FixedZone("CET", 3600)
	d := reportDelivery()
	d.Message.Body.Notice = &smsengine.Notice{Action: smsengine.ActionDelayed, State: smsengine.Ready}
	l, err := newTestComposer(t, style).Compose(d)
	if err != nil || !bytes.Contains(l.Data, []byte("until 2026-01-10 09:00 CET.")) || !bytes.Contains(l.Data, []byte("Will-Retry-Until: Sat, 10 Jan 2026 08:00:00 +0000")) {
		t.Errorf("%v\n%s", err, l.Data)
	}
}

// docs/reports.md shows a report as it is.
func TestReportsGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 9, 11, 13, 0, time.UTC)
	_, parts := report(t, compose(t, smsengine.Delivery{
		Source: smsengine.Source{EnvID: "QQ314159", Received: at},
		About: &smsengine.Message{
			ID: "01m84emwvkx3cqr9cwgv0cd5ef", To: smsengine.Phone("+15555550123"), Original: "rfc822;+15555550123@sms.example.org",
			Body: smsengine.Body{Text: "The water in the cellar stands at 41 cm."},
		},
		Message: smsengine.Message{
			ID: "01r", Kind: smsengine.Report, To: smsengine.Mailbox("john@example.org"),
			Body: smsengine.Body{Notice: &smsengine.Notice{
				Action: smsengine.ActionFailed, State: smsengine.Failed, At: at, Tried: at.Add(47 * time.Second), Gateway: "office", Parts: 1,
				Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "the phone network knows no such number", Diagnostic: "TP-Status 0x43 (not obtainable)"},
			}},
		},
	}))
	for _, part := range parts[:2] {
		_, shown, _ := strings.Cut(part, "\n")
		if !strings.Contains(string(guide), "```\n"+shown+"```\n") {
			t.Errorf("docs/reports.md does not show\n%s", shown)
		}
	}
}
