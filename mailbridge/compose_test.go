package mailbridge

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/mailbridge/quote"
	"github.com/postel-mail/postel/smsengine"
)

var testStyle = Style{Hostname: "mx.example.org", Domain: "sms.example.org", ShortCodes: []string{"12345"}}

func incomingDelivery() smsengine.Delivery {
	return smsengine.Delivery{Message: smsengine.Message{
		ID: "01msg", Kind: smsengine.Incoming,
		From: smsengine.Phone("+15555550123"), To: smsengine.Mailbox("john@example.org"),
		Created: time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC),
		Body: smsengine.Body{Text: "I am on my way", Received: &smsengine.ReceivedSMS{
			Gateway: "office", Sent: time.Date(2026, 1, 5, 10, 29, 0, 0, time.FixedZone("", 3600)),
		}},
	}}
}

func newTestComposer(t testing.TB, s Style) *Composer {
	t.Helper()
	c, err := NewComposer(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compose(t testing.TB, d smsengine.Delivery) Letter {
	t.Helper()
	l, err := newTestComposer(t, testStyle).Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestIncoming(t *testing.T) {
	d := incomingDelivery()
	d.Message.Body.Received.Thread = smsengine.Thread{InReplyTo: "a2@example.org", References: []string{"a1@example.org"}, Subject: "Where are you?"}
	l := compose(t, d)
	if l.From != "+15555550123@sms.example.org" || l.To != "john@example.org" {
		t.Errorf("envelope %s to %s", l.From, l.To)
	}
	want := eml(
		`From: "+15555550123" <+15555550123@sms.example.org>`,
		"To: john@example.org",
		"Subject: Re: Where are you?",
		"Date: Mon, 5 Jan 2026 10:29:00 +0100",
		"Message-ID: <01msg@mx.example.org>",
		"X-Postel-Message: 01msg",
		"In-Reply-To: <a2@example.org>",
		"References: <a1@example.org> <a2@example.org>",
		"Auto-Submitted: no",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
		"Content-Transfer-Encoding: 7bit",
		"",
		"I am on my way")
	if string(l.Data) != want {
		t.Errorf("got\n%s\nwant\n%s", l.Data, want)
	}
}

func TestSubjectOfIncoming(t *testing.T) {
	for _, test := range []struct {
		thread smsengine.Thread
		from   string
		want   string
	}{
		{smsengine.Thread{}, "+15555550123", "Text from +15555550123"},
		{smsengine.Thread{InReplyTo: "a@b"}, "+15555550123", "Text from +15555550123"},
		{smsengine.Thread{Subject: "Lunch"}, "+15555550123", "Re: Lunch"},
		{smsengine.Thread{Subject: "RE: Lunch"}, "+15555550123", "RE: Lunch"},
		{smsengine.Thread{Subject: "Grüße\r\nBcc: x@example.org"}, "+15555550123", "Re: Grüße Bcc: x@example.org"},
		{smsengine.Thread{}, "", "Text message"},
	} {
		d := incomingDelivery()
		d.Message.Body.Received.Thread = test.thread
		d.Message.From.Value = test.from
		if got := read(t, string(compose(t, d).Data)).Subject; got != test.want {
			t.Errorf("%+v: got %q, want %q", test.thread, got, test.want)
		}
	}
}

func TestDateOfIncoming(t *testing.T) {
	d := incomingDelivery()
	for _, sent := range []time.Time{{}, d.Message.Created.Add(48 * time.Hour)} {
		d.Message.Body.Received.Sent = sent
		if got := read(t, string(compose(t, d).Data)).Date; !got.Equal(d.Message.Created) {
			t.Errorf("time stamp %v: got %v", sent, got)
		}
	}
}

func TestMissingParts(t *testing.T) {
	for _, test := range []struct {
		missing []int
		want    string
	}{
		{[]int{1}, "[part 1 of 6 is missing]\na [...] b"},
		{[]int{6}, "a [...] b\n[part 6 of 6 is missing]"},
		{[]int{3}, "a [...] b\n[...] stands for part 3 of 6, which is missing."},
		{[]int{1, 2, 4, 6}, "[part 1 of 6 is missing]\n[part 2 of 6 is missing]\na [...] b\n[...] stands for part 4 of 6, which is missing.\n[part 6 of 6 is missing]"},
	} {
		d := incomingDelivery()
		d.Message.Body.Text = "a [...] b"
		d.Message.Body.Received.Missing, d.Message.Body.Received.Total = test.missing, 6
		if got := read(t, string(compose(t, d).Data)).Body; got != test.want {
			t.Errorf("%v: got %q", test.missing, got)
		}
	}
}

func TestSenders(t *testing.T) {
	for _, test := range []struct {
		pattern, from  string
		address, shown string
		auto           string
	}{
		{"", "+15555550123", "+15555550123@sms.example.org", "+15555550123", "no"},
		{"%s", "+15555550123", "+15555550123@sms.example.org", "+15555550123", "no"},
		{"%s@Texts.Example.ORG", "+15555550123", "+15555550123@texts.example.org", "+15555550123", "no"},
		{"sms:%s@example.org", "+15555550123", `"sms:+15555550123"@example.org`, "+15555550123", "no"},
		{`"Text %s" <SMS=%s@example.org>`, "+15555550123", "SMS=+15555550123@example.org", "Text +15555550123", "no"},
		{"Büro <%s>", "+15555550123", "+15555550123@sms.example.org", "Büro", "no"},
		{"", "12345", "12345@sms.example.org", "12345", "no"},
		{"", "54321", "noreply.54321@sms.example.org", "54321 (cannot be answered)", "auto-generated"},
		{"", "5550123", "5550123@sms.example.org", "5550123", "no"},
		{"", "ACME Bank", "noreply.ACME=20Bank@sms.example.org", "ACME Bank (cannot be answered)", "auto-generated"},
		{"", "Zoë\r\nBcc: x", "noreply.Zo=C3=AB=0D=0ABcc=3A=20x@sms.example.org", "Zoë Bcc: x (cannot be answered)", "auto-generated"},
		{"", strings.Repeat("ü", 99), "noreply." + strings.Repeat("=C3=BC", 9) + "@sms.example.org", strings.Repeat("ü", 99) + " (cannot be answered)", "auto-generated"},
		{"", "", "noreply.unknown@sms.example.org", "Unknown number (cannot be answered)", "auto-generated"},
	} {
		style := testStyle
		if test.pattern != "" {
			style.From = map[string]string{"office": test.pattern, "": "other-%s"}
		}
		d := incomingDelivery()
		d.Message.From.Value = test.from
		l, err := newTestComposer(t, style).Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(l.Data))
		if err != nil {
			t.Fatal(err)
		}
		from, err := parsed.Header.AddressList("From")
		if err != nil || len(from) != 1 {
			t.Fatalf("%q, %q: From: %v", test.pattern, test.from, err)
		}
		if l.From != test.address || from[0].Name != test.shown || "<"+test.address+">" != from[0].String()[strings.LastIndex(from[0].String(), "<"):] {
			t.Errorf("%q, %q: got %s, From %s", test.pattern, test.from, l.From, from[0])
		}
		if got := parsed.Header.Get("Auto-Submitted"); got != test.auto {
			t.Errorf("%q: Auto-Submitted: %s", test.from, got)
		}
	}
}

func TestPath(t *testing.T) {
	for mailbox, want := range map[string]string{
		"john@example.org":              "john@example.org",
		"john doe@example.org":          `"john doe"@example.org`,
		`"john doe"@example.org`:        `"john doe"@example.org`,
		`a"b\c@example.org`:             `"a\"b\\c"@example.org`,
		`"a" <x@example.com> "b"@x.org`: `"a\" <x@example.com> \"b"@x.org`,
		"a@b@example.org":               `"a@b"@example.org`,
		".a@example.org":                `".a"@example.org`,
		"jürgen@example.org":            "jürgen@example.org",
		`""@example.org`:                "",
		"@example.org":                  "",
		"john@":                         "",
		"john":                          "",
		"john@a b":                      "",
		"john\n@example.org":            "",
	} {
		if got := path(mailbox); got != want {
			t.Errorf("%s: got %s, want %s", mailbox, got, want)
		}
	}
}

func TestParsePattern(t *testing.T) {
	for _, bad := range []string{"", "sms@example.org", "%s%s@x", "%d@x", "%s@", "%s@a b", "<%s@x", "%s\n@x", "ü%s@x", "100%% <%s@x>"} {
		if p, err := ParsePattern(bad, ""); err == nil {
			t.Errorf("%q: got %+v", bad, p)
		}
	}
}

func TestEncodings(t *testing.T) {
	for text, encoding := range map[string]string{
		"plain":                         "7bit",
		"From the beginning\n.\n..dots": "7bit",
		strings.Repeat("long ", 400):    "quoted-printable",
		"Grüße aus Köln":                "quoted-printable",
		"trailing ü \nspace\t":          "quoted-printable",
		"Привет, как дела?":             "base64",
		"😀":                             "base64",
		"bell \a":                       "quoted-printable",
		strings.Repeat("これは長いです。", 100): "base64",
	} {
		d := incomingDelivery()
		d.Message.Body.Text = text
		l := compose(t, d)
		for line := range strings.SplitSeq(string(l.Data), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") || !isASCII(line) {
				t.Errorf("%.20q: line %q", text, line)
			}
		}
		m := read(t, string(l.Data))
		if got := m.Header.Get("Content-Transfer-Encoding"); got != encoding {
			t.Errorf("%.20q: %s, want %s", text, got, encoding)
		}
		if want := quote.Own([]smsengine.Passage{{Kind: smsengine.PassageOwn, Text: strings.ReplaceAll(text, "\a", "")}}); m.Body != want {
			t.Errorf("got %q, want %q", m.Body, want)
		}
	}
}

func TestFieldsAreOneLine(t *testing.T) {
	for _, write := range []func(*writer, string, string){(*writer).field, (*writer).raw} {
		w := newWriter()
		write(w, "Subject", " a\r\nBcc: x\x00\ry\n\n")
		write(w, "X", strings.Repeat("word ", 40)+strings.Repeat("x", 2000))
		m, err := mail.ReadMessage(strings.NewReader(w.String() + "\r\n"))
		if err != nil || len(m.Header) != 2 || strings.Join(strings.Fields(m.Header.Get("Subject")), " ") != "a Bcc: x y" {
			t.Errorf("got %q, %v", m.Header, err)
		}
		for line := range strings.Lines(w.String()) {
			if len(line) > 1000 {
				t.Errorf("line of %d octets", len(line))
			}
		}
	}
}

// Whatever a phone sends, the mail has exactly the header fields it should have.
func TestNothingCanBeInjected(t *testing.T) {
	c := newTestComposer(t, testStyle)
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\r\n\x00:<>\"@\\;, =?"))))
		d := incomingDelivery()
		d.Message.From.Value = any.Draw(t, "from")
		d.Message.Body.Received.Name, d.Message.Body.Received.Note = any.Draw(t, "name"), any.Draw(t, "note")
		d.Message.Body.Text = any.Draw(t, "text")
		d.Message.Body.Received.Data, d.Message.Body.Received.UDH = rapid.SliceOf(rapid.Byte()).Draw(t, "data"), rapid.SliceOf(rapid.Byte()).Draw(t, "UDH")
		d.Message.Body.Received.Thread = smsengine.Thread{
			Subject: any.Draw(t, "subject"), InReplyTo: any.Draw(t, "id"), References: rapid.SliceOf(any).Draw(t, "references"),
		}
		d.Message.To = smsengine.Mailbox(any.Draw(t, "local") + "@example.org")
		l, err := c.Compose(d)
		if err != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(l.Data))
		if err != nil {
			t.Fatalf("%v in\n%s", err, l.Data)
		}
		allowed := "From To Subject Date Message-Id In-Reply-To References Auto-Submitted X-Postel-Message Mime-Version Content-Type Content-Transfer-Encoding"
		for name, values := range m.Header {
			if !strings.Contains(allowed, name) || len(values) != 1 {
				t.Errorf("field %s: %q", name, values)
			}
		}
		if strings.ContainsAny(l.From+l.To, "\r\n") || strings.ContainsAny(l.From, "<>") {
			t.Errorf("envelope %q %q", l.From, l.To)
		}
		if list, err := m.Header.AddressList("To"); err != nil || len(list) != 1 {
			t.Errorf("To: %q: %v", m.Header["To"], err)
		}
	})
}

func reportDelivery() smsengine.Delivery {
	about := smsengine.Message{
		ID: "01about", Kind: smsengine.Text, To: smsengine.Phone("+15555550123"),
		Original: "rfc822;sms:+15555550123?user=john&pass=***@example.org",
		Body:     smsengine.Body{Text: "Call me"}, Attempt: 2,
		Expires: time.Date(2026, 1, 10, 8, 0, 0, 0, time.UTC),
	}
	original := read(&testing.T{}, eml("Message-ID: <a1@example.org>", "From: john@example.org", "To: +15555550123@sms.example.org",
		"Subject: Hello", "Received: from x", "Date: Mon, 5 Jan 2026 10:11:12 +0100", "", "Call me"))
	src := original.Source()
	src.Received, src.EnvID = time.Date(2026, 1, 5, 9, 11, 13, 0, time.UTC), "QQ=12"
	return smsengine.Delivery{
		Message: smsengine.Message{
			ID: "01report", Kind: smsengine.Report, About: about.ID, To: smsengine.Mailbox("john@example.org"),
			Body: smsengine.Body{Notice: &smsengine.Notice{
				Action: smsengine.ActionFailed, State: smsengine.Failed, At: time.Date(2026, 1, 5, 9, 12, 0, 0, time.UTC),
				Status:  smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "the number is not in service", Diagnostic: "TP-Status 0x43 (not obtainable)"},
				Gateway: "office", Tried: time.Date(2026, 1, 5, 9, 12, 0, 0, time.UTC), Parts: 1,
			}},
		},
		Source: src, About: &about,
	}
}

// report takes a report apart with the standard library.
func report(t testing.TB, l Letter) (mail.Header, []string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["report-type"] != "delivery-status" {
		t.Fatalf("type %s %v, %v", kind, params, err)
	}
	var parts []string
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p.Header.Get("Content-Type")+"\n"+strings.ReplaceAll(string(content), "\r\n", "\n"))
	}
}

func TestReport(t *testing.T) {
	l := compose(t, reportDelivery())
	if l.From != "" || l.To != "john@example.org" {
		t.Errorf("envelope %q to %q", l.From, l.To)
	}
	h, parts := report(t, l)
	for name, want := range map[string]string{
		"From": `"Text message service" <MAILER-DAEMON@mx.example.org>`, "To": "john@example.org",
		"Subject": "Text not delivered: +15555550123", "Auto-Submitted": "auto-replied",
		"Message-Id": "<01report@mx.example.org>", "In-Reply-To": "<a1@example.org>", "References": "<a1@example.org>",
		"Date": "Mon, 5 Jan 2026 09:12:00 +0000",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s, want %s", name, h.Get(name), want)
		}
	}
	want := []string{
		`text/plain; charset=us-ascii
Your text to +15555550123 was not delivered. It is not tried again.

The reason: the number is not in service

The text was:

    Call me

Your administrator finds it as message 01about.
`,
		`message/delivery-status
Original-Envelope-Id: QQ=12
Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 5 Jan 2026 09:11:13 +0000

Original-Recipient: rfc822; sms:+15555550123?user=john&pass=***@example.org
Final-Recipient: rfc822; +15555550123@sms.example.org
Action: failed
Status: 5.1.1
Remote-MTA: x-sms; office
Diagnostic-Code: x-sms; TP-Status 0x43 (not obtainable)
Last-Attempt-Date: Mon, 5 Jan 2026 09:12:00 +0000
Final-Log-ID: 01about
`,
		`message/rfc822
Message-ID: <a1@example.org>
From: john@example.org
To: +15555550123@sms.example.org
Subject: Hello
Date: Mon, 5 Jan 2026 10:11:12 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

Call me
`,
	}
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i := range want {
		if parts[i] != want[i] {
			t.Errorf("part %d:\n%s\nwant\n%s", i, parts[i], want[i])
		}
	}
}

func TestKindsOfReport(t *testing.T) {
	for _, test := range []struct {
		name    string
		notice  smsengine.Notice
		ret     smsengine.Return
		subject string
		has     []string
		hasNot  []string
	}{
		{"unsure", smsengine.Notice{Action: smsengine.ActionDelayed, State: smsengine.Unsure, Parts: 2, Sent: 2,
			Status: smsengine.Status{Class: smsengine.Uncertain, Code: "4.4.2", Text: "the answer was lost"}}, "",
			"Text perhaps not sent", []string{"may or may not have been sent", "not repeated by itself", "Action: delayed", "Status: 4.4.2", "text/rfc822-headers"},
			[]string{"Will-Retry-Until", "message/rfc822", "was not delivered"}},
		{"delayed", smsengine.Notice{Action: smsengine.ActionDelayed, State: smsengine.Ready}, smsengine.ReturnFull,
			"Text delayed", []string{"has not been sent yet", "Will-Retry-Until: Sat, 10 Jan 2026 08:00:00 +0000", "You need not send it", "It is tried again until 2026-01-10 08:00 UTC.", "Status: 4.0.0", "text/rfc822-headers"},
			[]string{"Last-Attempt-Date"}},
		{"expired", smsengine.Notice{Action: smsengine.ActionFailed, State: smsengine.Expired, Parts: 3,
			Status: smsengine.Status{Class: smsengine.Temporary, Code: "4.4.7", Text: "no gateway was free in time"}}, "",
			"Text not delivered", []string{"was not sent in time", "Status: 4.4.7", "message/rfc822"}, []string{"may have left"}},
		{"expired on the way", smsengine.Notice{Action: smsengine.ActionFailed, State: smsengine.Expired, Parts: 3, Sent: 2}, "",
			"Text not delivered", []string{"was not sent in time", "Parts of the text: 3. Parts that left, or may have left: 2."}, []string{"may or may not"}},
		{"expired in doubt", smsengine.Notice{Action: smsengine.ActionFailed, State: smsengine.Expired, Parts: 3, Sent: 3}, "",
			"Text perhaps not delivered", []string{"may or may not have been delivered", "Parts of the text: 3. Parts that left, or may have left: 3.", "Status: 5.0.0"}, nil},
		{"headers only", smsengine.Notice{Action: smsengine.ActionFailed, State: smsengine.Failed}, smsengine.ReturnHeaders,
			"Text not delivered", []string{"text/rfc822-headers", "Subject: Hello", "    Call me"}, []string{"message/rfc822"}},
		{"relayed", smsengine.Notice{Action: smsengine.ActionRelayed, State: smsengine.Sent}, "",
			"Text sent", []string{"handed to the telephone network", "Status: 2.0.0"}, nil},
		{"delivered", smsengine.Notice{Action: smsengine.ActionDelivered, State: smsengine.Delivered, Status: smsengine.Status{Code: "2.1.5", Text: "ok"}}, "",
			"Text delivered", []string{"the phone confirmed it", "Status: 2.1.5"}, []string{"The reason"}},
		{"malformed code", smsengine.Notice{Action: smsengine.ActionFailed, State: smsengine.Failed,
			Status: smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1\r\nX: y", Text: "a\r\nb: c"}}, "",
			"Text not delivered", []string{"Status: 5.0.0", "Diagnostic-Code: x-postel; a b: c"}, []string{"X: y"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := reportDelivery()
			d.Message.Body.Notice, d.Source.Return = &test.notice, test.ret
			h, parts := report(t, compose(t, d))
			all := strings.Join(parts, "\n")
			if got := h.Get("Subject"); got != test.subject+": +15555550123" {
				t.Errorf("subject %q", got)
			}
			for _, s := range test.has {
				if !strings.Contains(all, s) {
					t.Errorf("%q is missing in\n%s", s, all)
				}
			}
			for _, s := range test.hasNot {
				if strings.Contains(all, s) {
					t.Errorf("%q is in\n%s", s, all)
				}
			}
		})
	}
}

func TestReportWithoutOriginal(t *testing.T) {
	d := reportDelivery()
	d.Source = smsengine.Source{Subject: "Grüße"}
	d.About.Body.Text, d.About.Original = "Grüße aus Köln", "rfc822;sms:+1é@example.org"
	_, parts := report(t, compose(t, d))
	if m := read(t, strings.TrimPrefix(parts[2], "message/rfc822\n")); m.Body != "Grüße aus Köln" || m.Subject != "Grüße" {
		t.Errorf("got %+v", m)
	}
	if want := `Original-Recipient: utf-8; sms:\x{2B}1\x{E9}@example.org`; !strings.Contains(parts[1], want) {
		t.Errorf("%s is missing in\n%s", want, parts[1])
	}
}

// A report is a bounce to whoever gets it, Postel included.
func TestReportsNeverBecomeTexts(t *testing.T) {
	l := compose(t, reportDelivery())
	m := read(t, string(l.Data))
	for _, sender := range []string{l.From, "somebody@example.org"} {
		if w := WordsOf(m, sender, testPhones); w.Kind != smsengine.MailBounce || !w.Ours {
			t.Errorf("a report of ours, from %q, would become a text: %s, %v", sender, w.Kind, w.Ours)
		}
	}
	m = read(t, string(compose(t, incomingDelivery()).Data))
	if w := WordsOf(m, "john@example.org", testPhones); w.Kind != smsengine.MailPerson || !w.Ours {
		t.Errorf("a text that is sent on: %s, %v", w.Kind, w.Ours)
	}
}

func TestComposeIsDeterministic(t *testing.T) {
	for _, d := range []smsengine.Delivery{incomingDelivery(), reportDelivery()} {
		first := compose(t, d)
		d.Message.Attempt++
		if again := compose(t, d); !bytes.Equal(first.Data, again.Data) {
			t.Errorf("\n%s\nthen\n%s", first.Data, again.Data)
		}
	}
}
