package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// sendmailSite is a whole installation with Sendmail: Sendmail, Dovecot, Postel.
type sendmailSite struct {
	*postel
	host     *testbed.Host
	dovecot  *testbed.Dovecot
	sendmail *testbed.Sendmail
}

// newSendmailSite starts Sendmail and Dovecot, and Postel beside them as
// contrib/sendmail says. toml is added to Postel's configuration.
func newSendmailSite(t *testing.T, toml string, o testbed.SendmailOptions) *sendmailSite {
	t.Helper()
	h := testbed.NewHost(t)
	s := &sendmailSite{host: h, dovecot: h.StartDovecot(testbed.John, testbed.Mary)}
	s.sendmail = h.StartSendmail(o)
	socket := func(name string) string {
		return fmt.Sprintf("listen = \"unix:%s\"\npeers = [\"root\"]\n", filepath.Join(s.sendmail.PostelDir(), name))
	}
	s.postel = newPostel(t, `
[address]
phone_domains = ["sms.example.org"]
bare_numbers = true
[access]
domains = ["example.org"]
send = true
[milter]
`+socket("milter")+`
[policy]
`+socket("policy")+`
[lmtp]
`+socket("lmtp")+`
[mail]
to = "smtp:`+s.sendmail.SMTP+`"
[[gateway]]
id = "sim"
type = "sim"
number = "`+ourNumber+`"
default_recipient = "mary@example.org"
[gateway.sim]
receipt_delay = "10ms"
`+toml)
	s.start()
	return s
}

func TestSendmailBothWays(t *testing.T) {
	s := newSendmailSite(t, "", testbed.SendmailOptions{})
	forms := []string{"+15551234567@sms.example.org", `"+15551234567"@sms.example.org`, "sms:+15551234567@sms.example.org",
		`"sms:+15551234567"@sms.example.org`, "SMS=+15551234567@sms.example.org"}
	for i, to := range forms {
		text := fmt.Sprintf("Grüße %d from the cellar", i)
		s.sendmail.Submit(testbed.John, []string{to}, write(fmt.Sprintf("m%d", i), to, "", text))
		got := s.inbox(alice, i+1)[i]
		if got.Text != text || got.From != ourNumber {
			t.Errorf("%s: the phone has %+v", to, got)
		}
	}
	// Who logs in with the whole address is the same user.
	whole := s.sendmail.Login(testbed.User{Name: testbed.John.Address(), Password: testbed.John.Password})
	send(t, whole, testbed.John.Address(), write("m8", "x@example.org", "", "it is me"), forms[0])
	s.inbox(alice, len(forms)+1)

	s.run("sim", "send", "--from", alice, "--to", ourNumber, "Water is at 41 cm, ça va?")
	answer, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(body, "41 cm") {
		t.Errorf("the answer says %q", body)
	}
	from, err := mail.ParseAddress(answer.Header.Get("From"))
	if err != nil || from.Address != "+15551234567@sms.example.org" {
		t.Fatalf("From is %q: %v", answer.Header.Get("From"), err)
	}
	s.sendmail.Submit(testbed.John, []string{from.Address}, write("m9", from.Address, "", "Pump it out, please."))
	if got := s.inbox(alice, len(forms)+2)[len(forms)+1].Text; got != "Pump it out, please." {
		t.Errorf("the phone has %q", got)
	}
}

// A stranger is told at RCPT TO, in our words, and the other recipients of the
// same mail have their own answers.
func TestSendmailAnswersEachRecipient(t *testing.T) {
	s := newSendmailSite(t, "", testbed.SendmailOptions{})
	stranger := s.sendmail.Dial()
	if err := stranger.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"+15551234567@sms.example.org", "sms:+15551234567@sms.example.org", `"sms:+15551234567"@sms.example.org`} {
		wantReply(t, "a stranger to "+to, stranger.Rcpt(to, nil), 550, smtp.EnhancedCode{5, 7, 1}, "sign in (SMTP AUTH) and try again")
	}
	wantReply(t, "a stranger to mary", stranger.Rcpt("mary@example.org", nil), 250, smtp.EnhancedCode{}, "")

	john := s.sendmail.Login(testbed.John)
	if err := john.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		to       string
		code     int
		enhanced smtp.EnhancedCode
		text     string
	}{
		{"123@sms.example.org", 553, smtp.EnhancedCode{5, 1, 3}, "123 is too short for a phone number"},
		{`"+15551234567;+15551234568"@sms.example.org`, 553, smtp.EnhancedCode{5, 1, 3}, "one number per address, separate them with commas"},
		{"sms:+15551234567?50%25d=1@sms.example.org", 553, smtp.EnhancedCode{5, 1, 3}, "after the ? stands something that is no parameter"},
		{"nobody-here@example.org", 550, smtp.EnhancedCode{5, 1, 1}, "User unknown"},
		{"mary@example.org", 250, smtp.EnhancedCode{}, ""},
		{"+15551234567@sms.example.org", 250, smtp.EnhancedCode{}, ""},
		{"+15551234568@sms.example.org", 250, smtp.EnhancedCode{}, ""},
	} {
		wantReply(t, "john to "+r.to, john.Rcpt(r.to, nil), r.code, r.enhanced, r.text)
	}
	finish(t, john, write("mix", "mary@example.org", "", "for all of you"))
	s.inbox(alice, 1)
	s.inbox("+15551234568", 1)
	s.dovecot.WaitInbox(testbed.Mary, 1)
	s.sendmail.WaitQueue(0)
}

// With Postel dead, mail for others flows, and mail for phones waits at its
// sender; also in a session that began when there was no Postel.
func TestSendmailWithoutPostel(t *testing.T) {
	s := newSendmailSite(t, "", testbed.SendmailOptions{})
	s.stop()
	john := s.sendmail.Login(testbed.John)
	if err := john.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"+15551234567@sms.example.org", `"sms:+15551234567"@SMS.example.org`} {
		wantReply(t, "john to "+to, john.Rcpt(to, nil), 451, smtp.EnhancedCode{4, 3, 0}, "is away")
	}
	wantReply(t, "john to mary", john.Rcpt("mary@example.org", nil), 250, smtp.EnhancedCode{}, "")
	finish(t, john, write("m1", "mary@example.org", "", "for both of you"))
	s.dovecot.WaitInbox(testbed.Mary, 1)

	s.start()
	if err := john.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	err := john.Rcpt("+15551234567@sms.example.org", nil)
	wantReply(t, "john in his old session", err, 451, smtp.EnhancedCode{4, 3, 0}, "does not see")
	s.sendmail.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m2", "x@example.org", "", "are you there?"))
	if got := s.inbox(alice, 1)[0].Text; got != "are you there?" {
		t.Errorf("the phone has %q", got)
	}
	s.sendmail.WaitQueue(0)
}

// send sends one mail to recipients, each of which must be accepted.
func send(t *testing.T, c *smtp.Client, from string, mail []byte, to ...string) {
	t.Helper()
	if err := c.SendMail(from, to, bytes.NewReader(mail)); err != nil {
		t.Fatalf("sending to %v: %v", to, err)
	}
}

// finish sends the text of a mail whose recipients are said.
func finish(t *testing.T, c *smtp.Client, mail []byte) {
	t.Helper()
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(mail); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantReply checks an SMTP reply; 250 is no error.
func wantReply(t *testing.T, what string, err error, code int, enhanced smtp.EnhancedCode, text string) {
	t.Helper()
	if code == 250 {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	e, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok || e.Code != code || e.EnhancedCode != enhanced || !strings.Contains(e.Message, text) {
		t.Errorf("%s: %v, want %d %v with %q", what, err, code, enhanced, text)
	}
}
