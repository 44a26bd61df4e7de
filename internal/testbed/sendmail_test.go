package testbed_test

import (
	"bytes"
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
