package e2e

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// A vacation responder answers every text, and none of its answers becomes one:
// they come from the null sender, to what a text's mail came from.
func TestVacationMakesNoTexts(t *testing.T) {
	t.Parallel()
	s := newAdministered(t, testbed.Options{})
	s.dovecot.Sieve(testbed.John, `require ["vacation", "vacation-seconds"];
vacation :seconds 0 :addresses "john@example.org" :subject "Away" "I am away until Monday.";
`)
	s.from(testbed.John, "1", alice+"@sms.example.org", "Is the cellar dry?")
	s.inbox(alice, 1)
	const texts = 4
	for i := range texts {
		s.answer(alice, fmt.Sprintf("Water is at %d cm", 40+i))
	}
	s.dovecot.WaitInbox(testbed.John, texts)
	s.wait("the vacation responder to answer", func() error {
		if n := strings.Count(s.dovecot.Log(), "sent vacation response"); n < texts {
			return fmt.Errorf("it has answered %d texts", n)
		}
		return nil
	})
	s.wantQuiet(map[string]int{alice: 1}, texts, 0)

	// A text from a phone that nobody has written to gets none either.
	s.dovecot.Sieve(testbed.Mary, `require "vacation"; vacation "I am away, too.";`)
	s.answer(bob, "Anybody there?")
	s.dovecot.WaitInbox(testbed.Mary, 1)
	s.wait("Mary's responder to answer", func() error {
		if !strings.Contains(s.dovecot.Log(), "lmtp(mary@example.org)") || strings.Count(s.dovecot.Log(), "sent vacation response") < texts+1 {
			return fmt.Errorf("it has not")
		}
		return nil
	})
	s.wantQuiet(map[string]int{alice: 1, bob: 0}, texts, 1)
}

// newAdministered is a site where John and Mary may send, and where Mary gets what
// nobody else does: texts without a link, and what an administrator is told.
func newAdministered(t *testing.T, o testbed.Options) *site {
	t.Helper()
	s := newListHost(t)
	s.addPostel(t, o)
	s.stop()
	s.edit("domains = [\"example.org\"]\n[milter]", "domains = [\"example.org\"]\nsend = true\nadministrator = \"mary@example.org\"\n[milter]")
	s.start()
	return s
}

// wantQuiet waits until nothing is on its way, and counts the texts that each
// phone has, and the mails that John and Mary have.
func (s *site) wantQuiet(texts map[string]int, john, mary int) {
	s.t.Helper()
	for range 2 { // what Postfix had may have become something of Postel's, and again
		s.settle()
		s.postfix.WaitQueue(0)
	}
	for phone, n := range texts {
		if got := s.inbox(phone, n); len(got) != n {
			s.t.Errorf("%s has %d texts, want %d: %+v", phone, len(got), n, got)
		}
	}
	for u, n := range map[testbed.User]int{testbed.John: john, testbed.Mary: mary} {
		if got := s.dovecot.Inbox(u); len(got) != n {
			s.t.Errorf("%s has %d mails, want %d:\n%s", u.Name, len(got), n, bytes.Join(got, []byte("\n-----\n")))
		}
	}
}

// Mail that is passed on to a phone becomes a text where a person wrote it, and
// not where a phone did: a text must not buy texts. Sieve and aliases pass on
// alike.
func TestTextsAreNotPassedOnToPhones(t *testing.T) {
	t.Parallel()
	s := newAdministered(t, testbed.Options{
		Aliases: "pager: \"sms:" + bob + "?user=smsalerts&pass=alertPwd\"@example.org\n",
	})
	s.stop()
	s.edit("[milter]", "[incoming]\ndirect_domains = [\"example.org\"]\n[milter]")
	s.start()
	s.dovecot.Sieve(testbed.John, `require "copy"; redirect :copy "`+s.key("smsalerts", bob)+`";`)

	s.postfix.Submit(testbed.Mary, []string{"john@example.org"}, write("1", "john@example.org", "", "Lunch?"))
	s.reads(bob, 1, "Lunch?")
	s.postfix.Submit(testbed.Mary, []string{"pager@example.org"}, write("2", "pager@example.org", "", "Dinner?"))
	s.reads(bob, 2, "Dinner?")

	s.answer(alice, "#john@example.org# hello")
	s.dovecot.WaitInbox(testbed.John, 2)
	s.answer(alice, "#pager@example.org# hello")
	for _, raw := range s.dovecot.WaitInbox(testbed.Mary, 2) { // the administrator hears of both
		if note := bodyOf(t, raw); !strings.Contains(note, "does not become a text again") || strings.Contains(note, "alertPwd") {
			t.Errorf("the administrator reads\n%s", note)
		}
	}
	s.wantQuiet(map[string]int{alice: 0, bob: 2}, 2, 2)
}

// An automatic answer that does not say what it is, and a phone that answers
// likewise, would go on for ever. The same text goes three times in an hour, and
// John is told once that it is stopped.
func TestRudeResponderIsStopped(t *testing.T) {
	t.Parallel()
	s := newAdministered(t, testbed.Options{})
	s.stop()
	s.edit("send = true\n", "send = true\nidentical = \"3/24h\"\n") // hours end within tests more often than days
	s.start()
	s.from(testbed.John, "first", alice+"@sms.example.org", "Is the cellar dry?")
	s.inbox(alice, 1)
	const rounds = 6
	for i := range rounds {
		s.answer(alice, fmt.Sprintf("I am driving, %d", i))
		var text *mail.Message
		s.wait("the answer to arrive", func() error {
			for _, raw := range s.dovecot.Inbox(testbed.John) {
				if m, body := parse(t, raw); strings.Contains(body, fmt.Sprintf("driving, %d", i)) && m.Header.Get("Content-Type") != "" {
					text = m
					return nil
				}
			}
			return fmt.Errorf("it has not")
		})
		from, err := mail.ParseAddress(text.Header.Get("From"))
		if err != nil {
			t.Fatal(err)
		}
		answer := strings.Replace(string(write(fmt.Sprintf("rude%d", i), from.Address, "In-Reply-To: "+text.Header.Get("Message-ID")+"\n",
			fmt.Sprintf("I am away.\n\nOn Monday, %s wrote:\n> I am driving, %d", alice, i))), "Subject: cellar", "Subject: Re: cellar", 1)
		s.postfix.Submit(testbed.John, []string{from.Address}, []byte(answer))
		s.settle()
		s.postfix.WaitQueue(0)
	}
	s.wantQuiet(map[string]int{alice: 1 + 3}, rounds+1, 0)
	told := 0
	for _, raw := range s.dovecot.Inbox(testbed.John) {
		if m, _ := parse(t, raw); strings.Contains(m.Header.Get("From"), "postmaster@") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("John was told %d times", told)
	}
}

// A mailbox that refuses after the mail server has taken the mail: the text has
// failed, which the trace shows, and the administrator reads it.
func TestMailboxRefusesAText(t *testing.T) {
	t.Parallel()
	refusals := []struct {
		name   string
		refuse func(s *site)
		code   string
	}{
		{"full", func(s *site) { s.dovecot.Quota(testbed.John, "1B") }, "5.2.2"},
		{"gone", func(s *site) { s.dovecot.Remove(testbed.John) }, "5.1.1"},
	}
	s := newAdministered(t, testbed.Options{})
	s.from(testbed.John, "1", alice+"@sms.example.org", "Is the cellar dry?")
	s.inbox(alice, 1)
	for i, r := range refusals {
		r.refuse(s)
		text := fmt.Sprintf("Water is at %d cm", 40+i)
		s.answer(alice, text)
		note := bodyOf(t, s.dovecot.WaitInbox(testbed.Mary, i+1)[i])
		for _, want := range []string{text, "john@example.org", alice, r.code} {
			if !strings.Contains(note, want) {
				t.Errorf("%s: the administrator is not told %q:\n%s", r.name, want, note)
			}
		}
		s.wantFailed(text, r.code)
	}
	s.postfix.WaitQueue(0)
	if got := s.inbox(alice, 1); len(got) != 1 {
		t.Errorf("the phone has %+v", got)
	}
}

// wantFailed wants a text from a phone to have failed, and its trace to say why.
func (s *site) wantFailed(text, code string) {
	s.t.Helper()
	s.settle()
	var traces []string
	for line := range strings.Lines(s.run("queue", "-all")) {
		if strings.Contains(line, "failed") {
			traces = append(traces, s.run("trace", strings.Fields(line)[0]))
		}
	}
	for _, trace := range traces {
		if strings.Contains(trace, text) && strings.Contains(trace, "bounced    "+code) {
			return
		}
	}
	s.t.Errorf("%q has not failed with %s: %q", text, code, traces)
}
