package e2e

import (
	"bytes"
	wire "encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

const mary = "mary@example.org"

// The milter that takes: phones have their texts, mailboxes their mail, and
// Postfix hands nothing to a transport.
func TestTake(t *testing.T) {
	t.Parallel()
	s := newMilterSite(t, "take = true", testbed.Options{})
	s.withPassword("zwieback-right", "account", "add", "oven", "--password-stdin")
	john := s.postfix.Login(testbed.John)
	send := func(c *smtp.Client, from, id string, recipients ...rcpt) {
		t.Helper()
		if err := s.transaction(c, from, write(id, recipients[0].to+", "+mary, "", "text "+id), recipients...); err != nil {
			t.Fatal(err)
		}
	}
	success := smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess}, OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: "pump@example.org"}
	send(john, "john@example.org", "1", rcpt{alice + "@sms.example.org", 250, success})
	send(john, "john@example.org", "2", rcpt{to: "sms:" + alice + "@example.org", code: 250}, rcpt{to: mary, code: 250})
	secret := `"sms:` + alice + `?user=oven&pass=zwieback-right"@example.org`
	send(s.postfix.Dial(), "cook@example.com", "3", rcpt{to: secret, code: 250})
	send(s.postfix.Dial(), "cook@example.com", "4", rcpt{to: secret, code: 250}, rcpt{to: mary, code: 250})

	for i, text := range s.inbox(alice, 4) {
		if want := "text " + string(rune('1'+i)); text.Text != want {
			t.Errorf("the phone has %q, want %q", text.Text, want)
		}
	}
	mails := s.dovecot.WaitInbox(testbed.Mary, 2)
	for _, m := range mails {
		if bytes.Contains(m, []byte("zwieback")) || !bytes.Contains(m, []byte(`To: "sms:`+alice+`"@example.org, `+mary)) {
			t.Errorf("mary has\n%s", m)
		}
	}
	report := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	for _, want := range []string{"Action: delivered", "Original-Recipient: rfc822; pump@example.org", "Original-Envelope-Id: zettel"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
	s.postfix.WaitQueue(0)
	if log := s.postfix.Log(); strings.Contains(log, "postfix/sms/lmtp") || strings.Contains(log, "zwieback") {
		t.Errorf("Postfix has handed over a mail, or logged a password:\n%s", log)
	}
}

// Who is refused only when the text is there hears of it: at once, or by the mail
// server's own notice if others got the mail.
func TestTakeRefusesAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newMilterSite(t, "take = true", testbed.Options{})
	s.run("account", "add", "john@example.org", "monthly_limit=1")
	long := write("long", "x@example.org", "", strings.Repeat("0123456789", 20)) // two parts
	err := s.transaction(s.postfix.Login(testbed.John), "john@example.org", long, rcpt{to: alice + "@sms.example.org", code: 250})
	if e, ok := errors.AsType[*smtp.SMTPError](err); !ok || e.Code != 552 {
		t.Errorf("phone alone: %v, want 552", err)
	}
	if err := s.transaction(s.postfix.Login(testbed.John), "john@example.org", long, rcpt{to: alice + "@sms.example.org", code: 250}, rcpt{to: mary, code: 250}); err != nil {
		t.Errorf("phone and mailbox: %v", err)
	}
	s.dovecot.WaitInbox(testbed.Mary, 1)
	notice := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(notice, "Final-Recipient: rfc822; "+alice+"@sms.example.org") || !strings.Contains(notice, "552 5.2.2") {
		t.Errorf("the notice says\n%s", notice)
	}
	s.postfix.WaitQueue(0)
}

// cut stands between Postfix and the milter, and lets nothing through that the
// milter says after it has queued the texts; it kills Postel instead.
type cut struct {
	s        *site
	armed    bool
	happened chan struct{}
}

func (c *cut) serve(l net.Listener, milter string) {
	for {
		front, err := l.Accept()
		if err != nil {
			return
		}
		back, err := net.Dial("unix", milter)
		if err != nil {
			front.Close()
			continue
		}
		go func() { _, _ = io.Copy(back, front); back.Close() }()
		go func() { c.answers(front, back); front.Close() }()
	}
}

// answers hands frames on to Postfix. A recipient is dropped, or the mail
// discarded, only when its texts are queued.
func (c *cut) answers(front, back net.Conn) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(back, head); err != nil {
			return
		}
		if c.armed && slices.Contains([]byte("-d"), head[4]) {
			_ = syscall.Kill(c.s.pid, syscall.SIGKILL)
			close(c.happened)
			return
		}
		frame := make([]byte, wire.BigEndian.Uint32(head)-1)
		if _, err := io.ReadFull(back, frame); err != nil {
			return
		}
		if _, err := front.Write(append(head, frame...)); err != nil {
			return
		}
	}
}

// Postel is killed when the texts of a mail are queued and Postfix does not know
// it yet: no text is lost, none comes twice, and nobody is told that one failed
// (that one is in doubt, he may be: it was perhaps being sent).
func TestKilledBetweenTakingAndAnswering(t *testing.T) {
	t.Parallel()
	for _, recipients := range [][]rcpt{
		{{to: alice + "@sms.example.org", code: 250}},
		{{to: alice + "@sms.example.org", code: 250}, {to: mary, code: 250}},
	} {
		s := newMilterSite(t, "take = true", testbed.Options{})
		s.stop()
		s.edit(filepath.Join(s.postfix.PostelDir(), "milter"), filepath.Join(s.dir, "milter"))
		s.edit("[gateway.sim]\n", "[gateway.sim]\njournal = \""+filepath.Join(s.dir, "journal")+"\"\n")
		s.start()
		front := filepath.Join(s.postfix.PostelDir(), "milter")
		_ = os.Remove(front)
		l, err := net.Listen("unix", front)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := os.Chmod(front, 0o666); err != nil {
			t.Fatal(err)
		}
		c := &cut{s: s, armed: true, happened: make(chan struct{})}
		go c.serve(l, filepath.Join(s.dir, "milter"))

		answer := s.transaction(s.postfix.Login(testbed.John), "john@example.org", write("cut", "x@example.org", "", "once"), recipients...)
		<-c.happened
		<-s.ended
		s.cmd = nil
		t.Logf("%d recipients: the client heard %v", len(recipients), answer)
		s.start()
		if answer != nil { // the client comes again
			c.armed = false
			if err := s.transaction(s.postfix.Login(testbed.John), "john@example.org", write("cut", "x@example.org", "", "once"), recipients...); err != nil {
				t.Error(err)
			}
		}
		s.postfix.Flush()
		s.postfix.WaitQueue(0)
		s.settle()
		if len(recipients) > 1 {
			if got := s.dovecot.WaitInbox(testbed.Mary, 1); len(got) != 1 {
				t.Errorf("mary has %d mails", len(got))
			}
		}
		for _, got := range s.dovecot.Inbox(testbed.John) {
			if bytes.Contains(got, []byte("Action: failed")) {
				t.Errorf("john is told\n%s", got)
			}
		}
		ms, err := s.store().List(t.Context(), smsengine.Filter{Kind: smsengine.Text})
		if err != nil || len(ms) != 1 {
			t.Errorf("%d texts: %v", len(ms), err)
		}
		s.stop()
		// Killed while it sent, Postel does not know whether it did, and does not
		// repeat it.
		if n := journal(t, s.postel)["once"]; n != 1 && (n != 0 || ms[0].State != smsengine.Unsure) {
			t.Errorf("the text reached the network %d times, and is %s", n, ms[0].State)
		}
	}
}

// While Postel is dead or hangs, phones wait and other mail flows, whoever queues
// the texts.
func TestDeadOrHangingPostelThatTakes(t *testing.T) {
	t.Parallel()
	s := newMilterSite(t, "take = true", testbed.Options{})
	s.postfix.Submit(testbed.John, []string{alice + "@sms.example.org"}, write("before", "x@example.org", "", "before"))
	s.inbox(alice, 1)
	tries := func(n int) {
		t.Helper()
		c := s.postfix.Login(testbed.John)
		if err := s.transaction(c, "john@example.org", write("while", mary, "", "ordinary"), rcpt{to: alice + "@sms.example.org", code: 451}, rcpt{to: mary, code: 250}); err != nil {
			t.Fatal(err)
		}
		s.dovecot.WaitInbox(testbed.Mary, n)
	}
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	tries(1)
	_ = syscall.Kill(s.pid, syscall.SIGCONT)
	s.kill()
	tries(2)
	s.start()
	s.postfix.Submit(testbed.John, []string{alice + "@sms.example.org"}, write("after", "x@example.org", "", "after"))
	s.inbox(alice, 1) // the simulated network began anew
	s.postfix.WaitQueue(0)
}

// A site may have the header of all mail scrubbed.
func TestScrubAll(t *testing.T) {
	t.Parallel()
	for _, take := range []string{"take = false\n", "take = true\n"} {
		s := newMilterSite(t, take+`scrub = "all"`, testbed.Options{})
		c := s.postfix.Dial()
		for i, to := range []string{`"The pump" <"sms:+15551234501?user=oven&pass=zwieback-right"@example.org>, ` + mary, mary} {
			if err := s.transaction(c, "cook@example.com", write(string(rune('a'+i)), to, "X-Long: a\n b\n", strings.Repeat("ordinary ", 20000)), rcpt{to: mary, code: 250}); err != nil {
				t.Fatal(err)
			}
			s.dovecot.WaitInbox(testbed.Mary, i+1) // one after the other, so that their order is known
		}
		for i, m := range s.dovecot.WaitInbox(testbed.Mary, 2) {
			if bytes.Contains(m, []byte("zwieback")) || !bytes.Contains(m, []byte("X-Long: a\r\n b\r\n")) ||
				i == 0 && !bytes.Contains(m, []byte(`To: "The pump" <"sms:+15551234501"@example.org>, `+mary)) {
				t.Errorf("mary has\n%.1500s", m)
			}
		}
		if log := s.postfix.Log(); strings.Contains(log, "warning: milter") {
			t.Errorf("Postfix complains:\n%s", log)
		}
		s.stop()
	}
}
