package e2e

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

const bob = "+15551234568"

// from writes a mail of a user to a phone.
func (s *site) from(u testbed.User, id, to, text string) {
	s.t.Helper()
	mail := strings.ReplaceAll(string(write(id, to, "", text)), "John <john@example.org>", u.Address())
	_, address, named := strings.Cut(strings.TrimSuffix(to, ">"), "<")
	if !named {
		address = to
	}
	s.postfix.Submit(u, []string{address}, []byte(mail))
}

// answer sends a text from a phone.
func (s *site) answer(phone, text string) {
	s.t.Helper()
	s.run("sim", "send", "--from", phone, "--to", ourNumber, text)
}

// Two people write to one phone from one number: the phone is asked whom it
// answers, says so with a code, and nothing that it wrote is lost.
func TestConflict(t *testing.T) {
	t.Parallel()
	s := newSite(t, "[incoming]\ndirect_domains = [\"example.org\"]\n")
	s.from(testbed.John, "j", "Alice <+15551234567@sms.example.org>", "Lunch?")
	s.inbox(alice, 1)
	s.from(testbed.Mary, "m", "+15551234567@sms.example.org", "Dinner?")
	s.inbox(alice, 2)

	s.answer(alice, "Yes, gladly")
	asked := s.inbox(alice, 3)[2].Text
	if !strings.Contains(asked, "1 john") || !strings.Contains(asked, "2 mary") {
		t.Fatalf("the phone is asked %q", asked)
	}
	lost := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0]) // who is the default recipient as well
	if !strings.Contains(lost, "Yes, gladly") {
		t.Errorf("the default recipient reads %s", lost)
	}

	s.answer(alice, "1")
	first, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(body, "Yes, gladly") || first.Header.Get("In-Reply-To") != "<j@client.example.org>" {
		t.Errorf("john reads %q in answer to %s", body, first.Header.Get("In-Reply-To"))
	}
	if from := first.Header.Get("From"); !strings.Contains(from, "Alice (+15551234567)") {
		t.Errorf("the answer to whom John calls Alice is from %s", from)
	}
	s.answer(alice, "2 And a walk after it")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 2)[1]); !strings.HasPrefix(body, "And a walk after it") {
		t.Errorf("mary reads %q", body)
	}
	s.answer(alice, "#john@example.org# see you")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 2)[1]); !strings.HasPrefix(body, "see you") {
		t.Errorf("john reads %q", body)
	}
	s.settle()
	if got := s.inbox(alice, 3); len(got) != 3 {
		t.Errorf("the phone has %+v", got)
	}
}

// After STOP nobody's text reaches the phone, until it says START; others are
// not concerned.
func TestStop(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.from(testbed.John, "1", alice+"@sms.example.org", "News!")
	s.inbox(alice, 1)
	s.answer(alice, " stop. ")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.Contains(body, "stop.") || !strings.Contains(body, "no more texts") {
		t.Errorf("john reads %q", body)
	}
	c := s.postfix.Login(testbed.John)
	defer c.Close()
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(alice+"@sms.example.org", nil); err == nil || !strings.Contains(err.Error(), "STOP") {
		t.Errorf("RCPT TO after STOP: %v", err)
	}
	if list := s.run("suppress", "list"); !strings.Contains(list, alice) {
		t.Errorf("postel suppress list: %s", list)
	}
	s.from(testbed.John, "2", bob+"@sms.example.org", "News!")
	s.inbox(bob, 1)
	s.answer(alice, "START")
	s.dovecot.WaitInbox(testbed.John, 2)
	s.from(testbed.John, "3", alice+"@sms.example.org", "News again!")
	if got := s.inbox(alice, 2)[1].Text; got != "News again!" {
		t.Errorf("the phone has %q", got)
	}
}

// The second of two people is heard from our other number, where nobody else is.
func TestNumbersKeepAnswersPlain(t *testing.T) {
	t.Parallel()
	const other = "+15555550101"
	s := newSite(t, "[[gateway]]\nid = \"second\"\ntype = \"sim\"\nnumber = \""+other+"\"\ndefault_recipient = \"mary@example.org\"\n")
	s.from(testbed.John, "j", alice+"@sms.example.org", "Lunch?")
	first := s.inbox(alice, 1)[0].From
	s.from(testbed.Mary, "m", alice+"@sms.example.org", "Dinner?")
	second := s.inbox(alice, 2)[1].From
	if first == second {
		t.Fatalf("both texts came from %s", first)
	}
	s.run("sim", "send", "--from", alice, "--to", second, "at eight")
	s.run("sim", "send", "--from", alice, "--to", first, "at noon")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 1)[0]); !strings.HasPrefix(body, "at eight") {
		t.Errorf("mary reads %q", body)
	}
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.HasPrefix(body, "at noon") {
		t.Errorf("john reads %q", body)
	}
	s.from(testbed.John, "j2", alice+"@sms.example.org", "Good")
	if got := s.inbox(alice, 3)[2].From; got != first {
		t.Errorf("john's second text came from %s", got)
	}
}
