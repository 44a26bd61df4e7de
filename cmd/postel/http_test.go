package main

import (
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// Answers reach whoever an account says, and nobody's default recipient.
func TestAnswersOf(t *testing.T) {
	dir := smsengine.NewDirectory([]smsengine.Account{
		{Name: "shop", Contact: "shop@example.org"}, {Name: "server2"}, {Name: "mary@example.org", Contact: "desk@example.org"},
	}, nil, nil, nil)
	for name, want := range map[string]smsengine.Address{
		"shop": smsengine.Mailbox("shop@example.org"), "server2": smsengine.Inbox("server2"),
		"mary@example.org": smsengine.Mailbox("desk@example.org"), "john@example.org": smsengine.Mailbox("john@example.org"),
	} {
		if got := answersOf(dir, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
