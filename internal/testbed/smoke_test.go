package testbed_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

const hello = "From: john@example.org\r\nTo: mary@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"

func TestMailFromJohnToMary(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})

	p.Submit(testbed.John, []string{testbed.Mary.Address()}, []byte(hello))

	mails := d.WaitInbox(testbed.Mary, 1)
	if !bytes.Contains(mails[0], []byte("\r\n\r\nHello.\r\n")) {
		t.Errorf("mary reads %q", mails[0])
	}
	if n := len(d.Inbox(testbed.John)); n != 0 {
		t.Errorf("john has %d mails, want none", n)
	}
	p.WaitQueue(0)
}

func TestAliasLeadsToMary(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.Mary)
	p := h.StartPostfix(testbed.Options{Aliases: "office: mary\n"})
	if err := p.Dial().SendMail("carol@example.com", []string{"office@example.org"}, strings.NewReader(hello)); err != nil {
		t.Fatal(err)
	}
	d.WaitInbox(testbed.Mary, 1)
}

// A password opens the submission service, nothing else does, and nobody
// relays through the other one.
func TestStrangersAreRefused(t *testing.T) {
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{})

	c, err := smtp.DialStartTLS(p.Submission, p.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantCode(t, "a wrong password", c.Auth(sasl.NewPlainClient("", "john", "guess")), 535)

	stranger := p.Dial()
	if err := stranger.Mail("carol@example.com", nil); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "relaying", stranger.Rcpt("dave@example.net", nil), 554)
	wantCode(t, "an unknown user", stranger.Rcpt("nobody-here@example.org", nil), 550)
	wantCode(t, "john", stranger.Rcpt("john@example.org", nil), 250)
}

// strace sees what a program of the machine asks of the kernel.
func TestToolTraces(t *testing.T) {
	command := append(testbed.Tool(t, "strace"), "-f", "-e", "trace=write", "/bin/echo", "here I am")
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `write(1, "here I am\n"`) {
		t.Errorf("%v: %s", err, out)
	}
}

// wantCode checks an SMTP reply; 250 is no error.
func wantCode(t *testing.T, what string, err error, code int) {
	t.Helper()
	var got *smtp.SMTPError
	switch {
	case err == nil && code == 250:
	case err == nil:
		t.Errorf("%s: accepted, want %d", what, code)
	case !errors.As(err, &got) || got.Code != code:
		t.Errorf("%s: %v, want %d", what, err, code)
	}
}
