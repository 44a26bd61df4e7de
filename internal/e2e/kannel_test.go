package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// withKannel makes the site's gateway a Kannel on the same host, whose kannel.conf
// has what the notes of the provider file say.
func withKannel(t *testing.T) (*site, *testbed.Kannel) {
	t.Helper()
	s := newSite(t, "[queue]\nretry_first = \"1s\"\n")
	door := freePort(t)
	s.stop()
	s.edit("type = \"sim\"", "type = \"http\"")
	s.edit("[gateway.sim]\nreceipt_delay = \"10ms\"", "[gateway.http]\nprovider = \"kannel\"\nvalues = [\"base=BASE\", \"username=postel\"]\n"+
		fmt.Sprintf("secrets_file = %q\n[hooks]\nlisten = \"inet:%s\"\nurl = \"http://%s\"\n", filepath.Join(s.dir, "secrets"), door, door))
	if err := os.WriteFile(filepath.Join(s.dir, "secrets"), []byte("password=sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, _, _ := strings.Cut(s.run("gateway", "url", "sim"), "\n")
	file, err := provider.Load("kannel", gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	k := s.host.StartKannel(testbed.KannelOptions{
		Lines: testbed.Indented(file.Notes, "PASSWORD", "sesame", "ADDRESS", address, "queue-delay = 10", "queue-delay = 1"),
	})
	s.edit("BASE", k.URL)
	s.start()
	return s, k
}

// freePort is an address that nobody listens on for the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A mail becomes a text through Kannel, its receipt ends it, and the phone's answer
// comes to the mailbox, also if Postel was away when Kannel brought it.
func TestMailThroughKannel(t *testing.T) {
	s, k := withKannel(t)
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "Water at 41 cm"))
	long := strings.TrimSpace(strings.Repeat("Der Keller läuft voll 🌊, bitte kommen. ", 4))
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m2", "x@example.org", "X-Options: none\n", long))
	parts := k.WaitParts(4)
	if p := parts[0]; p.To != alice || p.From != ourNumber || p.Text != "Water at 41 cm" {
		t.Errorf("the phone has %+v", p)
	}
	text := ""
	for _, p := range parts[1:] {
		text += p.Text
		if len(p.UDH) == 0 || !p.UCS2 {
			t.Errorf("a part of the long text is %+v", p)
		}
	}
	if text != long {
		t.Errorf("the long text came as %q", text)
	}
	for _, p := range parts {
		k.Report(p, testbed.KannelDelivered)
	}
	s.wait("the receipts", func() error {
		if out := s.run("queue", "-all", "-state", "delivered"); strings.Count(out, alice) < 2 {
			return fmt.Errorf("delivered are\n%s", out)
		}
		return nil
	})

	s.stop()
	k.ReceiveUCS2(alice, ourNumber, "Bin unterwegs, 10 min 🏃")
	s.start()
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.Contains(body, "10 min =F0=9F=8F=83") { // quoted-printable
		t.Errorf("the answer is %q", body)
	}
	s.settle()
	if n := len(s.dovecot.WaitInbox(testbed.John, 1)); n != 1 {
		t.Errorf("it came %d times", n)
	}
	if n := len(k.Parts()); n != 4 {
		t.Errorf("phones have %d SMS", n)
	}
}

// While Kannel is away and when it does not know us, texts wait; a text that failed
// comes back as a report.
func TestKannelIsAway(t *testing.T) {
	s, k := withKannel(t)
	k.Stop()
	s.postfix.Submit(testbed.John, []string{"+15551234567@sms.example.org"}, write("m1", "x@example.org", "", "later"))
	s.wait("the first attempt", func() error {
		out := s.run("queue", "-all")
		if !strings.Contains(out, alice) || !strings.Contains(out, "reached") {
			return fmt.Errorf("the queue says\n%s", out)
		}
		return nil
	})
	k.Start()
	part := k.WaitParts(1)[0]
	k.Report(part, testbed.KannelFailed)
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0]); !strings.Contains(body, alice) {
		t.Errorf("the report says %q", body)
	}
}
