package e2e

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// refusedBySendmail is how Sendmail logs a recipient that the milter has refused.
var refusedBySendmail = regexp.MustCompile(`Milter: to=<[^>]*>, reject=550 5\.7\.8 `)

// The milter does for Sendmail what it does for Postfix, in all its modes: clean
// recipients, clean headers, texts that are taken. With the log level that
// docs/secrets.md names, Sendmail writes no secret of accepted mail either.
func TestSendmailMilter(t *testing.T) {
	t.Parallel()
	const quiet = "define(`confMILTER_LOG_LEVEL', `8')dnl\n"
	for _, c := range []struct {
		more, mc string
		logged   bool
	}{
		{`take = false`, "", true},
		{`take = false`, quiet, false},
		{"take = true", quiet, false},
		{"take = true\nscrub = \"all\"", quiet, false},
	} {
		t.Run(fmt.Sprintf("%q,%v", c.more, c.logged), func(t *testing.T) {
			m := newSendmailSite(t, "", testbed.SendmailOptions{MC: c.mc})
			m.stop()
			m.edit("[milter]\n", "[milter]\n"+c.more+"\n")
			m.start()
			s := &site{postel: m.postel, host: m.host, dovecot: m.dovecot}
			s.withPassword("zwieback-right", "account", "add", "oven", "--password-stdin")
			one := `"+15551234501?user=oven&pass=zwieback-right"@sms.example.org`
			two := `sms:+15551234502?user=oven&pass=zwieback-right@sms.example.org`
			options := smtp.RcptOptions{OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: one, Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure}}
			fields := "Cc: " + two + "\nCC: a@example.org,\n <" + two + ">\n"
			for _, r := range [][]rcpt{
				{{one, 250, options}},
				{{one, 250, options}, {to: two, code: 250}, {to: mary, code: 250}},
			} {
				id := fmt.Sprint("m", len(r))
				if err := s.transaction(m.sendmail.Dial(), "cook@example.com", write(id, one+", "+mary, fields, id), r...); err != nil {
					t.Fatal(err)
				}
			}
			wrong := "+15551234504?user=oven&pass=zwieback-wrong@sms.example.org"
			if err := s.transaction(m.sendmail.Dial(), "cook@example.com", nil, rcpt{to: wrong, code: 550}); err != nil {
				t.Fatal(err)
			}
			s.inbox("+15551234501", 2)
			s.inbox("+15551234502", 1)
			if err := s.transaction(m.sendmail.Login(testbed.John), "john@example.org", write("auth", mary, "", "auth"), rcpt{to: "+15551234503@sms.example.org", code: 250}); err != nil {
				t.Fatal(err)
			}
			s.inbox("+15551234503", 1)
			got := s.dovecot.WaitInbox(testbed.Mary, 1)[0]
			for _, want := range []string{"To: +15551234501@sms.example.org, mary@example.org", `Cc: "sms:+15551234502"@sms.example.org`, `CC: a@example.org, <"sms:+15551234502"@sms.example.org>`} {
				if !bytes.Contains(got, []byte(want)) {
					t.Errorf("mary's mail has no %q:\n%s", want, got)
				}
			}
			m.sendmail.WaitQueue(0)
			s.stop()
			for _, line := range s.sweep("zwieback-wrong") {
				if !refusedBySendmail.MatchString(line) {
					t.Errorf("Sendmail has logged %s", line)
				}
			}
			lines := s.sweep("zwieback-right")
			if (len(lines) > 0) != c.logged {
				t.Errorf("%d lines of the log: %q", len(lines), lines)
			}
			for _, line := range lines {
				if !strings.Contains(line, "Milter (postel) change: header ") && !strings.Contains(line, "Milter (postel) delete: rcpt ") {
					t.Errorf("Sendmail has logged %s", line)
				}
			}
		})
	}
}
