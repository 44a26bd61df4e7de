package e2e

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// sendmail hands in a mail as a program of the machine does, running as root.
func (s *site) sendmail(from, to string, mail []byte) {
	s.t.Helper()
	cmd := exec.Command("/usr/sbin/sendmail", "-i", "-f", from, to)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.host.Root}
	cmd.Stdin = bytes.NewReader(mail)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("sendmail: %v: %s", err, out)
	}
}

// Programs of the machine, such as cron, send at the cost of the account that
// their user was given. A stranger who claims to be one is refused, although his
// mail comes the same way in the end.
func TestLocalUsers(t *testing.T) {
	t.Parallel()
	s := newListSite(t, testbed.Options{Aliases: "oncall: " + alice + "@sms.example.org\n"})
	s.stop()
	s.edit("[milter]", "[[access.local]]\nusers = [\"root\"]\naccount = \"cron\"\n[milter]")
	s.start()
	s.run("account", "add", "cron", "--owns", "root@example.org")

	s.sendmail("root@example.org", alice+"@sms.example.org", write("cron", alice+"@sms.example.org", "", "disk full"))
	if got := s.inbox(alice, 1)[0].Text; got != "disk full" {
		t.Errorf("the phone has %q", got)
	}
	if n := s.used("cron"); n != 1 {
		t.Errorf("cron has used %d parts", n)
	}

	forged := fmt.Sprintf("Received: by mx.example.org (Postfix, from userid 0)\r\n\tid 4F1; Mon, 23 Nov 2026 08:00:00 +0000\r\n%s",
		write("forged", "oncall@example.org", "", "buy now"))
	if err := s.postfix.Dial().SendMail("mary@example.org", []string{"oncall@example.org"}, strings.NewReader(forged)); err != nil {
		t.Fatal(err)
	}
	bounce := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if !strings.Contains(bounce, "5.7.1") {
		t.Errorf("what came back:\n%s", bounce)
	}
	if n := s.used("cron"); n != 1 {
		t.Errorf("cron has used %d parts", n)
	}
}
