package e2e

import (
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// While Postel is dead, ordinary mail flows, phones get 451, and mail for
// phones that Postfix has already taken waits and becomes texts afterwards.
func TestPhoneMailWaitsWhilePostelIsDead(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")

	// Taken by Postfix, and not yet handed to Postel: its LMTP socket goes first.
	s.stop()
	s.edit("[lmtp]\nlisten", "[lmtp]\n#listen")
	s.edit("/lmtp\"\npeers", "/lmtp\"\n#peers")
	s.start()
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("waits", "x@example.org", "", "patience"))
	s.postfix.WaitQueue(1)
	s.kill()

	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("mary@example.org", nil); err != nil {
		t.Errorf("ordinary recipient: %v", err)
	}
	for _, to := range []string{"+15551234567@sms.example.org", "sms:+15551234567@example.org"} {
		err := c.Rcpt(to, nil)
		if e, ok := err.(*smtp.SMTPError); !ok || e.Code != 451 {
			t.Errorf("%s: %v, want 451", to, err)
		}
	}
	s.postfix.Submit(testbed.John, []string{"mary@example.org"}, write("flows", "mary@example.org", "", "ordinary"))
	s.dovecot.WaitInbox(testbed.Mary, 1)

	s.edit("[lmtp]\n#listen", "[lmtp]\nlisten")
	s.edit("/lmtp\"\n#peers", "/lmtp\"\npeers")
	s.start()
	s.postfix.Flush()
	if got := s.inbox(alice, 1)[0].Text; got != "patience" {
		t.Errorf("the phone has %q", got)
	}
	s.postfix.WaitQueue(0)
}

// A Postel that hangs is as good as dead: Postfix waits for it for some seconds,
// and then ordinary mail passes and phones get 451.
func TestHangingPostelStopsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goOn := func() { _ = syscall.Kill(s.pid, syscall.SIGCONT) }
	defer goOn()
	c := s.postfix.Login(testbed.John)
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	err := c.Rcpt("+15551234567@sms.example.org", nil)
	if e, ok := err.(*smtp.SMTPError); !ok || e.Code != 451 {
		t.Errorf("phone: %v, want 451", err)
	}
	if err := c.Rcpt("mary@example.org", nil); err != nil {
		t.Fatalf("ordinary recipient: %v", err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(write("hang", "mary@example.org", "", "ordinary")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.dovecot.WaitInbox(testbed.Mary, 1)
	goOn()
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("again", "x@example.org", "", "awake"))
	if got := s.inbox(alice, 1)[0].Text; got != "awake" {
		t.Errorf("the phone has %q", got)
	}
}
