package mailbridge

import (
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// A note says what it says, comes from nobody that could be answered, and has no
// second header whatever its subject holds.
func TestNote(t *testing.T) {
	c, err := NewComposer(Style{Hostname: "mx.example.org", Reports: "postmaster@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	letter, err := c.Compose(smsengine.Delivery{Message: smsengine.Message{
		ID: "n1", Kind: smsengine.Note, To: smsengine.Mailbox("john@example.org"), Created: time.Unix(1e9, 0),
		Body: smsengine.Body{Subject: "80 % used\r\nBcc: mary@example.org", Text: "40 of 50 parts"},
	}})
	if err != nil || letter.From != "" || letter.To != "john@example.org" {
		t.Fatalf("%+v, %v", letter, err)
	}
	m, err := Read(strings.NewReader(string(letter.Data)))
	if err != nil || m.MessageID != "n1@mx.example.org" || m.From != "postmaster@example.org" ||
		m.Subject != "80 % used Bcc: mary@example.org" || m.Header.Has("Bcc") ||
		m.Header.Get("Auto-Submitted") != "auto-generated" || m.Body != "40 of 50 parts" {
		t.Errorf("%v\n%s", err, letter.Data)
	}
}
