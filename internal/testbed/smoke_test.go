package testbed_test

import (
	"bytes"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

func TestMailFromJohnToMary(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	p.Submit(testbed.John, []string{testbed.Mary.Address()}, []byte("From: john@example.org\r\nTo: mary@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"))
	mails := d.WaitInbox(testbed.Mary, 1)
	if !bytes.Contains(mails[0], []byte("\r\n\r\nHello.\r\n")) {
		t.Errorf("mary reads %q", mails[0])
	}
}
