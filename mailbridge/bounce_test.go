package mailbridge

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

const (
	bouncedID = "01hf2k3m4n5p6q7r8s9tavbwcx"
	bouncedAt = "mx.example.org"
)

// bounced is the header of a mail of ours, as it comes back.
func bounced(lines ...string) string {
	return eml(append([]string{
		`From: "+15555550123" <+15555550123@sms.example.org>`, "To: john@example.org", "Subject: Text from +15555550123",
		"Message-ID: <" + bouncedID + "@" + bouncedAt + ">",
	}, lines...)...)
}

// multipartReport is a report with a part for people, one for programs and one
// that came back.
func multipartReport(header []string, words, status, kind, original string) string {
	return eml(append(header,
		"MIME-Version: 1.0", `Content-Type: multipart/report; report-type=delivery-status; boundary="b1"`, "",
		"This is a MIME-encapsulated message.", "",
		"--b1", "Content-Description: Notification", "Content-Type: text/plain; charset=us-ascii", "", words,
		"--b1", "Content-Type: message/delivery-status", "", status,
		"--b1", "Content-Type: "+kind, "", original,
		"--b1--")...)
}

type bounceCase struct {
	mail string
	to   string // "" and no code: not a bounce of ours
	code string
	text string // begins so
}

// In the shapes that each program documents or is seen to write.
func bounceCases() map[string]bounceCase {
	daemon := []string{"From: MAILER-DAEMON@example.com (Mail Delivery System)", "Subject: Undelivered Mail Returned to Sender", "To: +15555550123@sms.example.org"}
	return map[string]bounceCase{
		"Postfix": {multipartReport(daemon, "I'm sorry to have to inform you",
			eml("Reporting-MTA: dns; mx.example.com", "X-Postfix-Queue-ID: 4CX", "Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0100 (CET)", "",
				"Final-Recipient: rfc822; john@example.org", "Original-Recipient: rfc822;j.doe@example.org", "Action: failed", "Status: 5.1.1",
				"Remote-MTA: dns; imap.example.org", "Diagnostic-Code: smtp; 550 5.1.1 <john@example.org>: Recipient address rejected:", "    User unknown in local recipient table"),
			"message/rfc822", bounced("", "hello")), "john@example.org", "5.1.1", "550 5.1.1 <john@example.org>: Recipient address rejected: User unknown"},
		"Postfix, header only": {multipartReport(daemon, "x",
			eml("Reporting-MTA: dns; mx.example.com", "", "Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 5.2.2", "Diagnostic-Code: x-unix; mailbox is full"),
			"text/rfc822-headers", bounced()), "john@example.org", "5.2.2", "mailbox is full"},
		"Sendmail": {multipartReport([]string{"From: Mail Delivery Subsystem <MAILER-DAEMON>", "Subject: Returned mail: see transcript for details", "Auto-Submitted: auto-generated (failure)"},
			"   ----- The following addresses had permanent fatal errors -----\n<john@example.org>",
			eml("Reporting-MTA: dns; mx.example.com", "Received-From-MTA: DNS; localhost", "Arrival-Date: Mon, 23 Nov 2026 10:00:00 GMT", "",
				"Final-Recipient: RFC822; john@example.org", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: X-Unix; 67", "Last-Attempt-Date: Mon, 23 Nov 2026 10:00:00 GMT"),
			"message/rfc822", "Return-Path: <+15555550123@sms.example.org>\r\n"+bounced("", "hello")), "john@example.org", "5.1.1", "67"},
		"Exchange": {multipartReport([]string{"From: Microsoft Outlook <postmaster@example.org>", "Subject: Undeliverable: Text from +15555550123", "In-Reply-To: <" + bouncedID + "@" + bouncedAt + ">"},
			"Your message couldn't be delivered.",
			eml("Reporting-MTA: dns;mail.example.org", "Received-From-MTA: dns;mx.example.org", "Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000", "",
				"Original-Recipient: rfc822;john@example.org", "Final-Recipient: rfc822;john@example.org", "Action: failed", "Status: 5.1.10",
				"Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
			"message/rfc822", eml("Subject: Text from +15555550123", "Message-ID: <other@example.org>", "", "")),
			"john@example.org", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"},
		"Gmail": {multipartReport([]string{"From: Mail Delivery Subsystem <mailer-daemon@example.com>", "X-Failed-Recipients: john@example.org", "Auto-Submitted: auto-replied", "References: <" + bouncedID + "@" + bouncedAt + ">"},
			"** Address not found **",
			eml("Reporting-MTA: dns; example.com", "Arrival-Date: Mon, 23 Nov 2026 02:00:00 -0800 (PST)", "X-Original-Message-ID: <x>", "",
				"Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist."),
			"message/rfc822", bounced("", "hello")), "john@example.org", "5.1.1", "550-5.1.1 The email account"},
		"Exim with words": {eml("X-Failed-Recipients: john@example.org", "Auto-Submitted: auto-replied", "From: Mail Delivery System <Mailer-Daemon@example.com>",
			"Subject: Mail delivery failed: returning message to sender", "",
			"This message was created automatically by mail delivery software.", "",
			"A message that you sent could not be delivered to one or more of its", "recipients. This is a permanent error. The following address(es) failed:", "",
			"  john@example.org", "    host imap.example.org [192.0.2.1]", "    SMTP error from remote mail server after RCPT TO:<john@example.org>:", "    550 5.2.1 Mailbox disabled", "",
			"------ This is a copy of the message, including all the headers. ------", "", bounced("", "hello")),
			"john@example.org", "5.2.1", "host imap.example.org [192.0.2.1] SMTP error from remote mail server"},
		"qmail": {eml("From: MAILER-DAEMON@example.com", "Subject: failure notice", "",
			"Hi. This is the qmail-send program at example.com.", "I'm afraid I wasn't able to deliver your message to the following addresses.",
			"This is a permanent error; I've given up. Sorry it didn't work out.", "",
			"<john@example.org>:", "Sorry, no mailbox here by that name. (#5.1.1)", "",
			"--- Below this line is a copy of the message.", "", "Return-Path: <+15555550123@sms.example.org>", bounced("", "hello")),
			"john@example.org", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"},
		"Sendmail of old": {eml("From: MAILER-DAEMON@example.com (Mail Delivery Subsystem)", "Subject: Returned mail: User unknown", "",
			"   ----- Transcript of session follows -----", "550 5.1.1 john@example.org... User unknown", "",
			"   ----- Original message follows -----", "", bounced("", "hello")), "", "5.1.1", "550 5.1.1 john@example.org... User unknown"},
		"the mark alone": {multipartReport(daemon, "x", eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 4.4.7"),
			"text/rfc822-headers", eml("Message-ID: <rewritten@example.com>", MessageHeader+": "+bouncedID)), "john@example.org", "4.4.7", "the mail came back"},
		"UTF-8": {multipartReport(daemon, "x", eml("Reporting-MTA: dns; x", "", "Final-Recipient: utf-8; jürgen@example.org", "Action: failed (gave up)", "Status: 5.1.1 (no such user)", "Diagnostic-Code: smtp; 550 =?utf-8?q?gibt=27s_nicht?="),
			"message/global-headers", bounced()), "jürgen@example.org", "5.1.1", "550 gibt's nicht"},

		"late, no more": {mail: multipartReport([]string{"Subject: Delayed Mail (still being retried)"}, "x",
			eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: delayed", "Status: 4.4.1"), "message/rfc822", bounced("", "x"))},
		"delivered": {mail: multipartReport(daemon, "x",
			eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: delivered", "Status: 2.0.0"), "message/rfc822", bounced("", "x"))},
		"somebody else's": {mail: multipartReport(daemon, "x",
			eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 5.0.0"), "message/rfc822", eml("Message-ID: <"+bouncedID+"@example.com>", "", "x"))},
		"another mail of the same host": {mail: multipartReport(daemon, "x",
			eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 5.0.0"), "message/rfc822", eml("Message-ID: <20261123100000.4CX1@mx.example.org>", "", "x"))},
		"Exim's warning": {mail: eml("From: Mail Delivery System <Mailer-Daemon@example.com>", "Subject: Warning: message 1abcDE-00 delayed 24 hours", "",
			"A message that you sent has not yet been delivered", "", "Message-ID: <"+bouncedID+"@"+bouncedAt+">")},
		"a vacation notice": {mail: eml("From: john@example.org", "Subject: Auto: Text from +15555550123", "Auto-Submitted: auto-replied (vacation)",
			"In-Reply-To: <"+bouncedID+"@"+bouncedAt+">", "References: <"+bouncedID+"@"+bouncedAt+">", "", "I am away. My failure to answer is no failure.")},
	}
}

func TestReadBounce(t *testing.T) {
	for name, c := range bounceCases() {
		got, err := ReadBounce(strings.NewReader(c.mail), bouncedAt)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.code == "":
			if len(got) > 0 {
				t.Errorf("%s: got %+v", name, got)
			}
		case len(got) != 1:
			t.Errorf("%s: got %+v", name, got)
		case got[0].Message != bouncedID || got[0].To != c.to || got[0].Status.Code != c.code || !strings.HasPrefix(got[0].Status.Text, c.text) || got[0].Status.Class != smsengine.Permanent:
			t.Errorf("%s: got %+v", name, got[0])
		}
	}
}

// One mail of ours, which an alias made three of: two came back.
func TestReadBounceOfSeveral(t *testing.T) {
	group := func(to, action string) string {
		return eml("Final-Recipient: rfc822; "+to, "Action: "+action, "Status: 5.1.1", "")
	}
	mail := multipartReport([]string{"Subject: x"}, "x", "Reporting-MTA: dns; x\r\n\r\n"+
		group("a@example.org", "failed")+group("b@example.org", "relayed")+"this is no field\r\n"+group("c@example.org", "FAILED"), "text/rfc822-headers", bounced())
	got, err := ReadBounce(strings.NewReader(mail), "MX.Example.Org")
	var to []string
	for _, b := range got {
		to = append(to, b.To)
	}
	if err != nil || !reflect.DeepEqual(to, []string{"a@example.org", "c@example.org"}) {
		t.Errorf("%q, %v", to, err)
	}
}

// A part for programs that is encoded, as gateways on the way do.
func TestReadEncodedBounce(t *testing.T) {
	w := newWriter()
	w.base64(eml("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; john@example.org", "Action: failed", "Status: 5.1.1"))
	mail := strings.Replace(multipartReport([]string{"Subject: x"}, "x", w.String(), "text/rfc822-headers", bounced()),
		"message/delivery-status\r\n", "message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n", 1)
	if got, err := ReadBounce(strings.NewReader(mail), bouncedAt); err != nil || len(got) != 1 || got[0].Status.Code != "5.1.1" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A stranger's report costs no more memory than it may.
func TestReadBounceIsBounded(t *testing.T) {
	many := strings.Repeat("Final-Recipient: rfc822; john@example.org\r\nAction: failed\r\nDiagnostic-Code: smtp; "+strings.Repeat("x", 900)+"\r\n\r\n", 20_000)
	mail := multipartReport([]string{"Subject: x"}, many, many, "message/rfc822", bounced("", many))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := ReadBounce(strings.NewReader(mail), bouncedAt)
	runtime.ReadMemStats(&after)
	if err != nil || len(got) == 0 || len(got) > maxBounces || len(got[0].Status.Text) > 400 {
		t.Errorf("%d bounces, %v", len(got), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d octets for a mail of %d", used, len(mail))
	}
}

func FuzzReadBounce(f *testing.F) {
	for _, c := range bounceCases() {
		f.Add([]byte(c.mail))
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		got, err := ReadBounce(strings.NewReader(string(mail)), bouncedAt)
		if err != nil || len(got) > maxBounces {
			t.Fatalf("%d bounces, %v", len(got), err)
		}
		for _, b := range got {
			if messageOf(string(b.Message)) == "" || len(b.To) > 320 || !isCode(b.Status.Code) ||
				b.Status.Class != smsengine.Permanent || b.Status.Text == "" || strings.ContainsAny(b.Status.Text+b.To, "\r\n") {
				t.Fatalf("%s", fmt.Sprintf("%+v", b))
			}
		}
	})
}

// A mail that an alias passed on to a phone comes back with the alias's password
// in it, which must not be told farther.
func TestReadBounceTellsNoSecret(t *testing.T) {
	const alias = `"sms:+15555550123?user=alerts&pass=pumpernickel"@example.org`
	for name, mail := range map[string]string{
		"fields": multipartReport([]string{"Subject: Undelivered"}, "Sorry: "+alias, eml("Reporting-MTA: dns; mx.example.com", "",
			"Final-Recipient: rfc822; "+alias, "Action: failed", "Status: 5.4.6", "Diagnostic-Code: smtp; 554 5.4.6 "+alias+" refused"),
			"text/rfc822-headers", bounced()),
		"words": eml("From: MAILER-DAEMON@example.com", "Subject: Mail delivery failed", "X-Failed-Recipients: "+alias, "", "  "+alias,
			"    refused: "+alias, "", "------ This is a copy of the message, including all the headers. ------", "", bounced()),
	} {
		all, err := ReadBounce(strings.NewReader(mail), bouncedAt)
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %+v, %v", name, all, err)
		}
		if told := fmt.Sprint(all); strings.Contains(told, "pumpernickel") || !strings.Contains(told, "+15555550123") {
			t.Errorf("%s: %s", name, told)
		}
	}
}
