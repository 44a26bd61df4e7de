package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
)

// A password or key in an address, in the envelope or in the mail, is in no log,
// no database, no trace and no report, nor in what goes back to the MTA.
func TestNoSecretStays(t *testing.T) {
	p := newDirect(t, "", `fail = ["*99 permanent"]`)
	p.start()
	c, err := p.session()
	if err != nil {
		t.Fatal(err)
	}
	to := `"sms:+15551234599?user=john&pass=hunter2&key=hunter2"@sms.example.org`
	mail := write("secret", `"The pump" <`+to+`>, "sms:+15551234598?pass=hunter2"@sms.example.org`,
		"Cc: <sms:+15551234598?user=x&key=hunter2@sms.example.org>\nReply-To: "+to+"\n", "the pump")
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	answers := ""
	err = c.Rcpt(to, &smtp.RcptOptions{OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: "sms:+15551234599?user=john&pass=hunter2@sms.example.org"})
	if err != nil {
		answers += err.Error()
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(mail); err != nil {
		t.Fatal(err)
	}
	responses, err := w.CloseWithLMTPResponse()
	if err != nil {
		answers += err.Error()
	}
	for _, r := range responses {
		answers += r.StatusText
	}
	if bytes.Contains([]byte(answers), []byte("hunter2")) {
		t.Errorf("the answer has the secret: %s", answers)
	}
	// A bad one, for the error's text.
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(`"sms:+1?user=john&pass=hunter2"@sms.example.org`, nil); err == nil || bytes.Contains([]byte(err.Error()), []byte("hunter2")) {
		t.Errorf("a bad number: %v", err)
	}

	counts := p.settle()
	if counts[smsengine.Text][smsengine.Failed] != 1 || counts[smsengine.Report][smsengine.Delivered] != 1 {
		t.Fatalf("the text did not fail with a report: %v", counts)
	}
	ms, err := p.store().List(t.Context(), smsengine.Filter{Kind: smsengine.Text})
	if err != nil || len(ms) != 1 {
		t.Fatal(ms, err)
	}
	if out := p.run("trace", string(ms[0].ID)); bytes.Contains([]byte(out), []byte("hunter2")) {
		t.Errorf("the trace has the secret:\n%s", out)
	}
	p.stop()
	files := 0
	err = filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("hunter2")) {
			t.Errorf("%s has the secret", path)
		}
		return err
	})
	if err != nil || files < 4 {
		t.Errorf("%d files were looked at: %v", files, err)
	}
}
