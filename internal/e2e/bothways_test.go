package e2e

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/mailbridge"
)

// write makes a mail as a client would.
func write(id, to, extra, text string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf("From: John <john@example.org>\nTo: %s\nSubject: cellar\n"+
		"Date: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <%s@client.example.org>\n%s"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n",
		to, id, extra, text), "\n", "\r\n"))
}

func parse(t *testing.T, raw []byte) (*mail.Message, string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(m.Body); err != nil {
		t.Fatal(err)
	}
	return m, body.String()
}

func TestMailBecomesTextAndTheAnswerComesBack(t *testing.T) {
	s := newSite(t, "")
	forms := []string{"sms:+15551234567@example.org", `"sms:+15551234567"@example.org`, "+15551234567@sms.example.org"}
	for i, to := range forms {
		text := fmt.Sprintf("Grüße %d from the cellar", i)
		s.postfix.Submit(testbed.John, []string{to}, write(fmt.Sprintf("m%d", i), to, "", text))
		got := s.inbox(alice, i+1)[i]
		if got.Text != text || got.From != ourNumber {
			t.Errorf("%s: the phone has %+v", to, got)
		}
	}

	// The phone answers: the answer is under the last mail, in John's mailbox.
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "Water is at 41 cm, ça va?")
	first, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(body, "41 cm") {
		t.Errorf("the answer says %q", body)
	}
	if got := first.Header.Get("In-Reply-To"); got != "<m2@client.example.org>" {
		t.Errorf("In-Reply-To is %q", got)
	}
	if got := first.Header.Get("References"); !strings.HasSuffix(got, "<m2@client.example.org>") {
		t.Errorf("References is %q", got)
	}
	from, err := mail.ParseAddress(first.Header.Get("From"))
	if err != nil || from.Address != "+15551234567@sms.example.org" || from.Name != alice {
		t.Errorf("From is %q: %v", first.Header.Get("From"), err)
	}
	if got := first.Header.Get("To"); !strings.Contains(got, "john@example.org") {
		t.Errorf("To is %q", got)
	}
	if got := first.Header.Get("Return-Path"); got != "" && got != "<+15551234567@sms.example.org>" {
		t.Errorf("Return-Path is %q", got)
	}
	if _, err := first.Header.Date(); err != nil {
		t.Errorf("Date: %v", err)
	}

	// John answers that mail in his client, quoting it: the phone gets his words.
	reply := write("m3", from.Address, "In-Reply-To: "+first.Header.Get("Message-ID")+"\n",
		"Pump it out, please.\n\n+15551234567 wrote:\n> Water is at 41 cm, ça va?")
	s.postfix.Submit(testbed.John, []string{from.Address}, reply)
	if got := s.inbox(alice, 4)[3].Text; got != "Pump it out, please." {
		t.Errorf("the phone has %q", got)
	}

	// Both directions can be traced, by a part of the ID.
	queue := s.run("queue", "-all")
	for _, want := range []string{alice, "john@example.org"} {
		if !strings.Contains(queue, want) {
			t.Errorf("postel queue does not show %s:\n%s", want, queue)
		}
	}
	id := strings.TrimSuffix(strings.Trim(first.Header.Get("Message-ID"), "<>"), "@mx.example.org")
	trace := s.run("trace", id[:16])
	for _, want := range []string{"accepted", "claimed", "taken", "answers", alice, "mail"} {
		if !strings.Contains(trace, want) {
			t.Errorf("postel trace does not show %q:\n%s", want, trace)
		}
	}
}

// R's form of the From address, for who moves from IceWarp.
func TestAnswerFromSmsAddress(t *testing.T) {
	s := newSite(t, "")
	s.stop()
	s.edit(`to = "smtp:`, "from = \"sms:%s@example.org\"\nto = \"smtp:")
	s.start()
	s.postfix.Submit(testbed.John, []string{`"sms:+15551234567"@example.org`}, write("m", "x@example.org", "", "hello"))
	s.inbox(alice, 1)
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "yes")
	answer, _ := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	from, err := mail.ParseAddress(answer.Header.Get("From"))
	if err != nil || from.Address != "sms:+15551234567@example.org" {
		t.Fatalf("From is %q: %v", answer.Header.Get("From"), err)
	}
	s.postfix.Submit(testbed.John, []string{`"sms:+15551234567"@example.org`}, write("m2", "x@example.org", "", "good"))
	if got := s.inbox(alice, 2)[1].Text; got != "good" {
		t.Errorf("the phone has %q", got)
	}
}

func TestStrangersAreRefusedAtRcpt(t *testing.T) {
	s := newSite(t, "")
	c := s.postfix.Dial()
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"sms:+15551234567@example.org", "+15551234567@sms.example.org", `"sms:+15551234567"@example.org`} {
		err := c.Rcpt(to, nil)
		e, ok := err.(*smtp.SMTPError)
		if !ok || e.Code != 550 || e.EnhancedCode != (smtp.EnhancedCode{5, 7, 1}) {
			t.Errorf("%s: %v", to, err)
		}
	}
	// Another recipient of the same mail is not disturbed.
	if err := c.Rcpt("mary@example.org", nil); err != nil {
		t.Error(err)
	}
}

func TestBadNumbersAreRefusedInWords(t *testing.T) {
	s := newSite(t, "")
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{
		"123@sms.example.org":                         "5.1.3",
		`"+15551234567;+15551234568"@sms.example.org`: "one number",
		"sms:+15551234567?maxmgs=3@example.org":       "maxmgs",
	} {
		err := c.Rcpt(to, nil)
		e, ok := err.(*smtp.SMTPError)
		if !ok || e.Code != 553 || !strings.Contains(err.Error(), want) && fmt.Sprint(e.EnhancedCode) != "[5 1 3]" {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func TestNobodySendsAsAnother(t *testing.T) {
	s := newSite(t, "")
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("mary@example.org", nil); err != nil {
		t.Fatal(err)
	}
	err := c.Rcpt("+15551234567@sms.example.org", nil)
	if e, ok := err.(*smtp.SMTPError); !ok || e.Code != 550 {
		t.Errorf("got %v", err)
	}
}

func TestMixedRecipients(t *testing.T) {
	s := newSite(t, "")
	to := []string{"mary@example.org", "+15551234567@sms.example.org", "sms:+15551234568@example.org"}
	s.postfix.Submit(testbed.John, to, write("mix", "mary@example.org", "", "for all of you"))
	s.inbox(alice, 1)
	s.inbox("+15551234568", 1)
	got, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if strings.TrimSpace(body) != "for all of you" || got.Header.Get("Message-ID") != "<mix@client.example.org>" {
		t.Errorf("Mary has %v %q", got.Header, body)
	}
}

// A ticket says who authenticated. One that somebody brings along is worth
// nothing, and never reaches a reader.
func TestForgedTicketsAreRemoved(t *testing.T) {
	s := newSite(t, "")
	forged := "X-Postel-Ticket: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	s.postfix.Submit(testbed.John, []string{"mary@example.org", "+15551234567@sms.example.org"},
		write("forged", "mary@example.org", forged+forged, "hello"))
	s.inbox(alice, 1)
	raw := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if strings.Contains(raw, "AAAAAAAA") {
		t.Errorf("the forged ticket went through:\n%s", raw)
	}
}

// The monthly limit is an answer at RCPT TO.
func TestMonthlyLimit(t *testing.T) {
	s := newSite(t, "")
	s.stop()
	s.edit("monthly_limit = 50", "monthly_limit = 2")
	s.start()
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{250, 250, 552} {
		err := c.Rcpt(fmt.Sprintf("+1555123456%d@sms.example.org", i), nil)
		code := 250
		if e, ok := err.(*smtp.SMTPError); ok {
			code = e.Code
		}
		if code != want {
			t.Errorf("recipient %d: %v, want %d", i, err, want)
		}
	}
}

// A number that the network refuses comes back as a report that a person and
// a program can read.
func TestFailureIsReported(t *testing.T) {
	s := newSite(t, "fail = [\"*99 permanent\"]\n")
	s.postfix.Submit(testbed.John, []string{"+15551234599@sms.example.org"}, write("bad", "x@example.org", "", "are you there?"))
	raw := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	for _, want := range []string{"multipart/report", "Action: failed", "+15551234599", "are you there?", "In-Reply-To: <bad@client.example.org>"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the report does not say %q:\n%s", want, raw)
		}
	}
	m, _ := parse(t, []byte(raw))
	if rp := m.Header.Get("Return-Path"); rp != "" && rp != "<>" {
		t.Errorf("the report comes from %s, not from the null sender", rp)
	}
}

// bodyOf is the text of a mail as a reader sees it.
func bodyOf(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := mailbridge.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m.Body
}
