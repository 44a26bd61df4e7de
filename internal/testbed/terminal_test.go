package testbed_test

import (
	"bytes"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// onTop puts a line above what NeoMutt has quoted.
const onTop = `{ echo 'I can read.'; cat "$1"; } >new && cat new >"$1"`

// Each mail program sends, and those that read answer.
func TestMailPrograms(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	john := h.NewTerminal(testbed.John, "John", d, p)
	mary := h.NewTerminal(testbed.Mary, "Mary", d, p)

	programs := []struct {
		name  string
		sends func() error
	}{
		{"swaks", func() error { return john.Swaks("--to", "mary@example.org", "--body", "by swaks") }},
		{"neomutt", func() error { return john.Send("by neomutt\n", "-s", "hello", "--", "Mary <mary@example.org>") }},
		{"s-nail", func() error { return john.Nail("by s-nail\n", "-s", "hello", "mary@example.org") }},
	}
	for i, p := range programs {
		if err := p.sends(); err != nil {
			t.Error(err)
		}
		if got := d.WaitInbox(testbed.Mary, i+1)[i]; !bytes.Contains(got, []byte("by "+p.name)) {
			t.Errorf("%s: mary reads %s", p.name, got)
		}
	}

	if err := mary.Neomutt(onTop, "<last-entry><reply><send-message><quit>"); err != nil {
		t.Error(err)
	}
	first := d.WaitInbox(testbed.John, 1)[0]
	if !bytes.Contains(first, []byte("\r\n\r\nI can read.\r\nOn ")) || !bytes.Contains(first, []byte("> by s-nail")) {
		t.Errorf("john reads %s", first)
	}
	if err := mary.NailMail("reply 1\nSo can I.\n~.\nx\n"); err != nil {
		t.Error(err)
	}
	second := d.WaitInbox(testbed.John, 2)[1]
	if !bytes.Contains(second, []byte("> by swaks\r\n> \r\nSo can I.\r\n\r\n-- \r\nMary")) {
		t.Errorf("john reads %s", second)
	}
}
