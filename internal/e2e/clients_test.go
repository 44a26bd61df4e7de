package e2e

import (
	"bytes"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// newTerminals are a site where John and Mary sit at their mail programs.
func newTerminals(t *testing.T, more string) (s *site, john, mary *testbed.Terminal) {
	t.Helper()
	s = newSite(t, more)
	john = s.host.NewTerminal(testbed.John, "John", s.dovecot, s.postfix)
	mary = s.host.NewTerminal(testbed.Mary, "Mary", s.dovecot, s.postfix)
	return s, john, mary
}

// reads waits for the next text of a phone.
func (s *site) reads(phone string, n int, want string) {
	s.t.Helper()
	if got := s.inbox(phone, n)[n-1].Text; got != want {
		s.t.Errorf("%s reads %q, want %q", phone, got, want)
	}
}

// Editors, as shell scripts: one writes above what is quoted, as most people do,
// one below it, above the signature.
const (
	above = `{ printf '%%s\n\n' '%s'; cat "$1"; } >new && cat new >"$1"`
	below = `while IFS= read -r line; do [ "$line" = '-- ' ] && echo '%s'; printf '%%s\n' "$line"; done <"$1" >new && cat new >"$1"`
)

// John writes from his mail programs to a phone that is in none of them but as an
// address; the phone answers, and he answers that. Only words travel.
func TestClientsTalkToAPhone(t *testing.T) {
	t.Parallel()
	s, john, _ := newTerminals(t, "")

	// The forms of an address, each from a program that takes it.
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	try(john.Nail("The cellar is dry.\n", "-s", "cellar", alice+"@sms.example.org"))
	s.reads(alice, 1, "The cellar is dry.")
	try(john.Nail("Grüße, 5 € & 👍\n", "-s", "cellar", `"sms:`+alice+`"@example.org`))
	s.reads(alice, 2, "Grüße, 5 € & 👍")
	try(john.Send("Es ist spät.\n", "-s", "cellar", "--", "SMS="+alice+"@example.org"))
	s.reads(alice, 3, "Es ist spät.")
	try(john.Send("And now?\n\n-- \nJohn, 4th floor\n", "-s", "cellar", "--", "Alice Doe <"+alice+"@sms.example.org>"))
	s.reads(alice, 4, "And now?")

	// The phone answers: in the mailbox, under the mail, from whom John wrote to.
	s.answer(alice, "Rain again – ça va?")
	answer, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(body, "Rain again") {
		t.Errorf("the answer is %q", body)
	}
	s.wantFrom(answer, "Alice Doe ("+alice+")")
	if answer.Header.Get("In-Reply-To") == "" || !strings.HasSuffix(answer.Header.Get("References"), answer.Header.Get("In-Reply-To")) {
		t.Errorf("the answer stands under nothing: %v", answer.Header)
	}
	if got := subjectOf(t, answer); got != "Re: cellar" {
		t.Errorf("its subject is %q", got)
	}

	// What John answers, above the quotation and below it.
	try(john.Neomutt(fmt.Sprintf(above, "Pump, please."), "<last-entry><reply><send-message><quit>"))
	s.reads(alice, 5, "Pump, please.")
	try(john.NailMail("reply 1\nOr wait für Mary.\n~.\nx\n"))
	s.reads(alice, 6, "Or wait für Mary.")
	s.answer(alice, "On my way")
	again, _ := parse(t, s.dovecot.WaitInbox(testbed.John, 2)[1])
	s.wantFrom(again, "Alice Doe ("+alice+")")
	try(john.Neomutt(fmt.Sprintf(below, "Thanks."), "<last-entry><reply><send-message><quit>"))
	s.reads(alice, 7, "Thanks.")
	s.settle()
	s.postfix.WaitQueue(0)
	if n := len(s.dovecot.Inbox(testbed.John)); n != 2 {
		t.Errorf("John has %d mails, want the two answers", n)
	}
}

// wantFrom wants an answerable phone with a name in From.
func (s *site) wantFrom(m *mail.Message, name string) {
	s.t.Helper()
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil || from.Name != name || from.Address != alice+"@sms.example.org" {
		s.t.Errorf("From is %s, want %s: %v", m.Header.Get("From"), name, err)
	}
}

func subjectOf(t *testing.T, m *mail.Message) string {
	t.Helper()
	got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Error(err)
	}
	return got
}

// What programs send that is more than words: alternatives, HTML, files.
func TestClientsSendMoreThanWords(t *testing.T) {
	t.Parallel()
	s, john, mary := newTerminals(t, "")
	s.run("account", "add", "mary@example.org", "attachments=name")
	photo := string([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0})
	for _, c := range []*testbed.Terminal{john, mary} {
		if err := c.Write("photo.jpg", photo); err != nil {
			t.Fatal(err)
		}
	}
	phone, raw := alice+"@sms.example.org", "sms:"+alice+"@example.org"
	sends := []struct {
		name string
		send func() error
		want string
	}{
		{"swaks, 8 bit", func() error {
			return john.Swaks("--to", raw, "--header", "Content-Type: text/plain; charset=utf-8", "--body", "Zürich → 🚂")
		}, "Zürich → 🚂"},
		{"swaks, only HTML", func() error {
			return john.Swaks("--to", raw, "--header", "Content-Type: text/html; charset=utf-8",
				"--body", "<html><head><style>p{color:red}</style></head><body><p>Dinner at <b>eight</b> &amp; no later.</p><script>x()</script></body></html>")
		}, "Dinner at eight & no later."},
		{"swaks, alternatives", func() error {
			return john.Swaks("--to", raw, "--attach-type", "text/plain; charset=utf-8", "--attach-body", "Plain words",
				"--attach-type", "text/html; charset=utf-8", "--attach-body", "<p><b>Rich</b> words</p>")
		}, "Plain words"},
		{"neomutt, a file that John's texts leave out", func() error {
			return john.Send("Look at this.\n", "-s", "photo", "-a", "photo.jpg", "--", phone)
		}, "Look at this."},
		{"s-nail, a file that Mary's texts name", func() error {
			return mary.Nail("Look at that.\n", "-s", "photo", "-a", "photo.jpg", phone)
		}, "Look at that.\n[photo.jpg]"},
		{"a file and no words", func() error {
			return john.Send("\n", "-s", "the photo", "-a", "photo.jpg", "--", phone)
		}, "the photo"},
	}
	for i, c := range sends {
		if err := c.send(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := s.inbox(alice, i+1)[i].Text; got != c.want {
			t.Errorf("%s: the phone reads %q, want %q", c.name, got, c.want)
		}
	}
}

// Several recipients, some of them phones; and what a program is told of a
// number that is none.
func TestClientsWriteToSeveral(t *testing.T) {
	t.Parallel()
	s, john, _ := newTerminals(t, "")
	const bob = "+15551234568"
	if err := john.Send("Dinner is ready.\n", "-s", "dinner", "-c", "mary@example.org", "-b", bob+"@sms.example.org", "--", alice+"@sms.example.org"); err != nil {
		t.Fatal(err)
	}
	s.reads(alice, 1, "Dinner is ready.")
	s.reads(bob, 1, "Dinner is ready.")
	copied := s.dovecot.WaitInbox(testbed.Mary, 1)[0]
	if bytes.Contains(copied, []byte(bob)) {
		t.Errorf("Mary sees the blind copy:\n%s", copied)
	}
	err := john.Send("Dinner is ready.\n", "-s", "dinner", "--", "12345678901234567890@sms.example.org")
	if err == nil {
		t.Error("a number of twenty digits was taken")
	}
	if err := john.Swaks("--to", "123@sms.example.org"); err == nil || !strings.Contains(err.Error(), "553 5.1.3") {
		t.Errorf("swaks is told %v", err)
	}
}
