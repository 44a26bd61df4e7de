package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// withFile is a mail of words and an attachment.
func withFile(id, words, name string, content []byte) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: John <john@example.org>
To: +15551234567@sms.example.org
Subject: plan
Message-ID: <%s@client.example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

%s
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="%s"
Content-Transfer-Encoding: base64

%s
--b--
`, id, words, name, base64.StdEncoding.EncodeToString(content)), "\n", "\r\n"))
}

// An attachment is left out, named, or served to whoever has its address, as the
// account says.
func TestAttachments(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "a.sock")
	s := newSite(t, `
[attachments]
listen = "unix:`+socket+`"
peers = ["*"]
url = "https://sms.example.org/a/"
`)
	plan := []byte("%PDF the plan of the cellar\x00\xff")
	send := func(id string) string {
		t.Helper()
		s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, withFile(id, "See the plan", "plan.pdf", plan))
		n := int(id[0] - '0')
		return s.inbox(alice, n)[n-1].Text
	}
	if got := send("1"); got != "See the plan" {
		t.Errorf("left out: %q", got)
	}
	s.run("account", "add", "john@example.org", "attachments=name")
	if got := send("2"); got != "See the plan\n[plan.pdf]" {
		t.Errorf("named: %q", got)
	}
	s.run("account", "set", "john@example.org", "attachments=link", "template={text}[ ({attachments})]")
	got := send("3")
	link := regexp.MustCompile(`^See the plan \(plan\.pdf: (https://sms\.example\.org/a/[a-z2-7]{26})\)$`).FindStringSubmatch(got)
	if link == nil {
		t.Fatalf("linked: %q", got)
	}
	web := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	fetch := func() (int, string) {
		t.Helper()
		a, err := web.Get("http" + strings.TrimPrefix(link[1], "https"))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		body, _ := io.ReadAll(a.Body)
		return a.StatusCode, string(body)
	}
	if status, body := fetch(); status != 200 || body != string(plan) {
		t.Errorf("fetched: %d %q", status, body)
	}
	// The same mail again is the same text, and its files are kept once.
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, withFile("3", "See the plan", "plan.pdf", plan))
	s.postfix.WaitQueue(0)
	files, err := os.ReadDir(filepath.Join(s.state(), "attachments"))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files are kept, %v", len(files), err)
	}
	s.kill()
	s.start()
	if status, body := fetch(); status != 200 || body != string(plan) {
		t.Errorf("after a crash: %d %q", status, body)
	}
}

// A template of an address says what a text is made of, a typographic text stays
// in one alphabet, and what is too long is refused where the account says so.
func TestWordsByPolicy(t *testing.T) {
	t.Parallel()
	s := newSite(t, `
[[text.template]]
name = "alert"
text = "{subject} ({from})"
`)
	s.run("account", "add", "john@example.org", "transliterate=true", "too_long=refuse", "strip=quotes")
	to := "+15551234567@sms.example.org"
	s.postfix.Submit(testbed.John, []string{"+15551234567?template=alert@sms.example.org"}, write("a", to, "", "words"))
	if got := s.inbox(alice, 1)[0].Text; got != "cellar (john@example.org)" {
		t.Errorf("by template: %q", got)
	}
	s.postfix.Submit(testbed.John, []string{to}, write("b", to, "", "Don’t wait – I’m “late”\n\n-- \nJohn"))
	if got := s.inbox(alice, 2)[1]; got.Text != "Don't wait - I'm \"late\"\n\n--\nJohn" || got.Parts != 1 {
		t.Errorf("in near characters: %+v", got)
	}
	s.postfix.Submit(testbed.John, []string{to}, write("c", to, "", strings.Repeat("far too long ", 100)))
	bounce := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(bounce, "the text needs 9 parts, and may have 3") {
		t.Errorf("too long: %s", bounce)
	}
	if len(s.inbox(alice, 2)) != 2 {
		t.Error("a text that was refused was sent")
	}
}

// Mail of a machine becomes a text for accounts that want it, and what Postel
// wrote never does.
func TestMailOfMachines(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	to := "+15551234567@sms.example.org"
	n := 0
	send := func(extra string) {
		n++
		s.postfix.Submit(testbed.John, []string{to}, write(fmt.Sprint("m", n), to, extra, fmt.Sprint("disk full ", n)))
	}
	send("Auto-Submitted: auto-generated\n")
	bounce := string(s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(bounce, "machine_mail") {
		t.Errorf("john reads %s", bounce)
	}
	s.run("account", "add", "john@example.org", "machine_mail=auto-generated")
	send("Auto-Submitted: auto-generated\n")
	if got := s.inbox(alice, 1)[0].Text; got != "disk full 2" {
		t.Errorf("the phone has %q", got)
	}
	send("Auto-Submitted: auto-replied\n")
	send("X-Postel-Message: 01m83pph0xzbft5h9p0ka3km56\n")
	s.dovecot.WaitInbox(testbed.John, 3)
	send("")
	if got := s.inbox(alice, 2); len(got) != 2 || got[1].Text != "disk full 5" {
		t.Errorf("the phone has %+v", got)
	}
}
