package testbed_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

func TestSendmailFromJohnToMary(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	s := h.StartSendmail(testbed.SendmailOptions{})

	s.Submit(testbed.John, []string{testbed.Mary.Address()}, []byte(hello))

	mails := d.WaitInbox(testbed.Mary, 1)
	if !bytes.Contains(mails[0], []byte("\r\n\r\nHello.\r\n")) {
		t.Errorf("mary reads %q", mails[0])
	}
	s.WaitQueue(0)
}

// Phones in Sendmail's aliases: what is quoted arrives as it is; without quotes
// Sendmail takes sms: for the name of a group, which does no harm in the phone
// domain.
func TestSendmailAliases(t *testing.T) {
	aliases := []struct{ written, arrives string }{
		{`"+15551234567?key=dq3m8v0s2k7xw9h4c1n6b5rfta"@sms.example.org`, "+15551234567?key=dq3m8v0s2k7xw9h4c1n6b5rfta@sms.example.org"},
		{`"sms:+15551234567?user=smsalerts&pass=alertPwd"@sms.example.org`, "sms:+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
		{"SMS=+15551234567?user=smsalerts&pass=alertPwd@sms.example.org", "SMS=+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
		{"sms:+15551234567?user=smsalerts&pass=alertPwd@sms.example.org", "+15551234567?user=smsalerts&pass=alertPwd@sms.example.org"},
	}
	var lines strings.Builder
	for i, a := range aliases {
		fmt.Fprintf(&lines, "a%d: %s\n", i, a.written)
	}
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	s := h.StartSendmail(testbed.SendmailOptions{Aliases: lines.String()})
	postel := listen(t, s.PostelDir())
	for i, a := range aliases {
		s.Submit(testbed.John, []string{fmt.Sprintf("a%d@example.org", i)}, []byte(hello))
		if got := postel.next(t); got != a.arrives {
			t.Errorf("%s reaches Postel as %s", a.written, got)
		}
	}
	s.WaitQueue(0)
}
