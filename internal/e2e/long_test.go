package e2e

import (
	"bytes"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// Long texts go in parts, both ways, over a network that doubles and shuffles
// them, and come out as they were written.
func TestLongTextsBothWays(t *testing.T) {
	s := newSite(t, "duplicates = \"30%\"\nreorder = \"100%\"\n")
	there := strings.Repeat("Grüße aus dem Keller 👷🏽‍♀️, Pumpe läuft. ", 4)
	s.postfix.Submit(testbed.John, []string{"SMS=+15551234567?maxmsgs=5@example.org"}, write("long", "x@example.org", "", there))
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("cut", "x@example.org", "", strings.Repeat("far too long ", 100)))
	texts := s.inbox(alice, 2)
	for _, got := range texts {
		switch {
		case strings.HasPrefix(got.Text, "Grüße"):
			if got.Text != strings.TrimSpace(there) || got.Parts < 3 {
				t.Errorf("%d parts: %q", got.Parts, got.Text)
			}
		case !strings.HasPrefix(got.Text, "far too long") || !strings.HasSuffix(got.Text, "...") || len(got.Text) > 3*153:
			t.Errorf("cut to 3 parts: %d characters, %q", len(got.Text), got.Text)
		}
	}
	back := strings.TrimSpace(strings.Repeat("Danke 👍, ich komme später und bringe die große Pumpe mit. ", 6))
	s.run("sim", "send", "--from", alice, "--to", ourNumber, back)
	mails := s.dovecot.WaitInbox(testbed.John, 1)
	if got := bodyOf(t, mails[0]); got != back {
		t.Errorf("the answer is %q", got)
	}
	s.settle()
	if mails = s.dovecot.Inbox(testbed.John); len(mails) != 1 {
		t.Errorf("%d mails came of one text in parts that came twice", len(mails))
	}
}

// A success report is asked for in the client and answered when the phone has
// the text; NOTIFY=NEVER is kept even when it fails (RFC 3461 §4.1).
func TestReportsThatWereAskedFor(t *testing.T) {
	s := newSite(t, "fail = [\"*99 permanent\"]\n")
	send := func(to, id string, notify ...smtp.DSNNotify) {
		t.Helper()
		c := s.postfix.Login(testbed.John)
		defer c.Close()
		if err := c.Mail("john@example.org", &smtp.MailOptions{EnvelopeID: "env-" + id, Return: smtp.DSNReturnHeaders}); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt(to, &smtp.RcptOptions{Notify: notify}); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(write(id, "x@example.org", "", "text of "+id)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	send("+15551234599@sms.example.org", "never", smtp.DSNNotifyNever)
	send("+15551234567@sms.example.org", "success", smtp.DSNNotifySuccess)
	raw := s.dovecot.WaitInbox(testbed.John, 1)[0]
	for _, want := range []string{"Action: delivered", "Original-Envelope-Id: env-success", "text of success", "+15551234567"} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("the report does not say %q:\n%s", want, raw)
		}
	}
	s.settle()
	s.postfix.WaitQueue(0)
	if all := s.dovecot.Inbox(testbed.John); len(all) != 1 {
		t.Errorf("%d reports, and one was asked for", len(all))
	}
}

// Recipients and texts beyond ASCII, with and without SMTPUTF8, do not bounce.
func TestBeyondASCII(t *testing.T) {
	s := newSite(t, "")
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", &smtp.MailOptions{UTF8: true, Body: smtp.Body8BitMIME}); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(`"sms:+15551234567?value=Käse"@example.org`, nil); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(write("utf8", "x@example.org", "X-Note: für dich\n", "Жду ответа")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.inbox(alice, 1)[0].Text; got != "Жду ответа" {
		t.Errorf("the phone has %q", got)
	}
	s.postfix.WaitQueue(0)
}
