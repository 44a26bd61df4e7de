package mailbridge

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// answering is a Desk that gives the same outcome for everybody.
type answering struct {
	smsengine.Desk
	outcome smsengine.Outcome
	got     smsengine.Submission
}

func (a *answering) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	a.got = s
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i := range out {
		out[i] = a.outcome
	}
	return out
}

// tray notes what became of it.
type tray struct {
	put    int
	closed string
}

func (t *tray) Put(_, _ string, content io.Reader) (string, error) {
	t.put++
	_, err := io.Copy(io.Discard, content)
	return "https://sms.example.org/a/x", err
}

func (t *tray) Close(keep bool) {
	t.closed += map[bool]string{true: "kept", false: "removed"}[keep]
}

// A file stays if a text with its address is queued, and goes otherwise. The names
// that the mail gives phones come along.
func TestLetterboxKeepsWhatTextsLinkTo(t *testing.T) {
	phones, err := phone.New(phone.Rules{PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	mail := eml("From: john@example.org", "To: Alice <+15551234567@sms.example.org>", "MIME-Version: 1.0",
		"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "See this", "--b",
		`Content-Disposition: attachment; filename="plan.pdf"`, "Content-Type: application/pdf", "", "x", "--b--")
	for name, c := range map[string]struct {
		outcome smsengine.Outcome
		want    string
	}{
		"linked":    {smsengine.Outcome{Links: true}, "kept"},
		"not asked": {smsengine.Outcome{}, "removed"},
		"again":     {smsengine.Outcome{Links: true, Duplicate: true}, "removed"},
		"dropped":   {smsengine.Outcome{Links: true, Dropped: "too often"}, "removed"},
		"refused":   {smsengine.Outcome{Links: true, Err: &smsengine.Error{}}, "removed"},
	} {
		kept := &tray{}
		m, err := Letterbox{Phones: phones, Trays: func() Tray { return kept }}.Open(strings.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		desk := &answering{outcome: c.outcome}
		m.Submit(t.Context(), desk, smsengine.Source{Sender: smsengine.Mailbox("john@example.org")}, []smsengine.Recipient{{Address: "+15551234567@sms.example.org"}})
		m.Close()
		m.Close()
		if kept.put != 1 || kept.closed != c.want {
			t.Errorf("%s: %d files put, %s", name, kept.put, kept.closed)
		}
		if got := desk.got; got.Recipients[0].Name != "Alice" || got.Mail.Attachments[0].URL == "" || got.Mail.Kind != smsengine.MailPerson {
			t.Errorf("%s: %+v %+v", name, got.Recipients, got.Mail)
		}
	}
	broken := &tray{}
	if _, err := (Letterbox{Phones: phones, Trays: func() Tray { return broken }}).Open(io.MultiReader(strings.NewReader(mail[:len(mail)-20]), failing{})); err == nil || broken.closed != "removed" {
		t.Errorf("broken off: %v, %s", err, broken.closed)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
