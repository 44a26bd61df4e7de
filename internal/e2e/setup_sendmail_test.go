package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// inHost runs a program of a host in its root directory.
func inHost(t *testing.T, h *testbed.Host, in string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: h.Root}
	cmd.Dir, cmd.Stdin = "/", strings.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v %s", args, err, out)
	}
	return string(out)
}

// withoutPostelMC takes the lines of contrib/sendmail out of a configuration
// again, and the mailer table with them.
func withoutPostelMC(t *testing.T, h *testbed.Host) {
	t.Helper()
	for name, line := range map[string]string{
		"sendmail.mc": "(?m)^(include.*postel.*|FEATURE.`mailertable.*)\n",
		"mailertable": "(?m)^sms\\.example\\.org.*\n",
		"access":      "(?m)^To:sms\\.example\\.org.*\n",
	} {
		path := h.Path("etc/mail", name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rest := regexp.MustCompile(line).ReplaceAll(b, nil)
		if len(rest) == len(b) {
			t.Fatalf("%s had no line of Postel's", name)
		}
		if err := os.WriteFile(path, rest, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(h.Path("etc/mail/postel.m4")); err != nil {
		t.Fatal(err)
	}
	cf := inHost(t, h, "", "/usr/bin/m4", "-D_NO_MAKEINFO_", "/etc/mail/sendmail.mc")
	if err := os.WriteFile(h.Path("etc/mail/sendmail.cf"), []byte(cf), 0o644); err != nil {
		t.Fatal(err)
	}
	access, err := os.ReadFile(h.Path("etc/mail/access"))
	if err != nil {
		t.Fatal(err)
	}
	inHost(t, h, string(access), "/usr/sbin/makemap", "hash", "/etc/mail/access")
	if err := os.Remove(h.Path("etc/mail/mailertable.db")); err != nil {
		t.Fatal(err)
	}
}

// mailFiles is every file of /etc/mail.
func mailFiles(t *testing.T, h *testbed.Host) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(h.Path("etc/mail/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.IsDir() {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = string(b)
	}
	return all
}

// A Sendmail that knows nothing of Postel; after postel setup sendmail its users
// write texts, and after --undo every file is as it was, the databases too.
func TestSetupSendmail(t *testing.T) {
	t.Parallel()
	s := newSendmailSite(t, "", testbed.SendmailOptions{})
	withoutPostelMC(t, s.host)
	before := mailFiles(t, s.host)
	setup := []string{"sendmail", "--root", s.host.Root, "-c", s.config, "--records", filepath.Join(s.dir, "records")}

	out, exit := s.setup(setup...)
	if exit != 1 || !strings.Contains(out, "+sms.example.org\tpostel:") || !equalFiles(mailFiles(t, s.host), before) {
		t.Errorf("exit %d:\n%s", exit, out)
	}
	out, exit = s.setup(append(setup, "--yes")...)
	if exit != 0 || !strings.Contains(out, "deliverable: mailer postel") {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	// It begins anew meanwhile, and sessions that are open go on as they began.
	s.wait("Sendmail to know phones", func() error {
		c, err := smtp.Dial(s.sendmail.SMTP)
		if err != nil {
			return err
		}
		return c.Close()
	})
	const to = "+15551234567@sms.example.org"
	s.sendmail.Submit(testbed.John, []string{to}, write("m1", to, "", "hello"))
	if got := s.inbox(alice, 1)[0].Text; got != "hello" {
		t.Errorf("the phone has %q", got)
	}
	s.checkSendmail(t)

	after := mailFiles(t, s.host)
	if out, exit = s.setup(append(setup, "--yes")...); exit != 0 || !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: exit %d:\n%s", exit, out)
	}
	if !equalFiles(mailFiles(t, s.host), after) {
		t.Error("the second time something was changed")
	}
	if out, exit = s.setup(append(setup, "--undo", "--yes")...); exit != 0 {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	if !equalFiles(mailFiles(t, s.host), before) {
		t.Errorf("undo has left something changed:\n%s", out)
	}

	// Somebody adds a line to the mailer table meanwhile: it stays, and ours go.
	if out, exit = s.setup(append(setup, "--yes", "--no-reload")...); exit != 0 {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	const theirs = "example.net\terror:5.4.4:550 not there\n"
	table := s.host.Path("etc/mail/mailertable")
	now, err := os.ReadFile(table)
	if err == nil {
		err = os.WriteFile(table, append(now, theirs...), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, exit = s.setup(append(setup, "--undo", "--yes")...); exit != 0 || !strings.Contains(out, "mailertable was changed since") {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	rest := mailFiles(t, s.host)
	for _, name := range []string{"sendmail.mc", "access"} {
		if rest[name] != before[name] {
			t.Errorf("%s is\n%s", name, rest[name])
		}
	}
	if rest["mailertable"] != before["mailertable"]+theirs || strings.Contains(rest["sendmail.cf"], "postel") {
		t.Errorf("mailertable is\n%s\nand sendmail.cf still knows Postel, or not", rest["mailertable"])
	}
}

// checkSendmail finds nothing wrong with what setup has made, and each thing
// that is broken then.
func (s *sendmailSite) checkSendmail(t *testing.T) {
	t.Helper()
	check := func() string {
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command(path, "check", "-c", s.config, "--mta=sendmail", "--root", s.host.Root).CombinedOutput()
		return string(out)
	}
	if out := check(); strings.Contains(out, "error    sendmail") || strings.Contains(out, "warning  sendmail") || !strings.Contains(out, "ok       sendmail: sms.example.org goes to Postel") {
		t.Errorf("a good configuration:\n%s", out)
	}
	for _, broken := range []struct{ file, pattern, with, says string }{
		{"sendmail.cf", `(?m)^Xpostel,.*$`, "", "no INPUT_MAIL_FILTER names Postel's milter"},
		{"sendmail.cf", `(?m)^O InputMailFilters=.*$`, "", "is defined and never asked"},
		{"sendmail.cf", `(?m)^Kpostelguard.*$`, "", "no socket map asks Postel's policy socket"},
		{"sendmail.cf", `(?m)^Xpostel,`, "Xpostel, F=R,", "refuses all mail"},
		{"sendmail.cf", `(?m)^Xpostel,`, "Xpostel, F=T,", "has all mail wait"},
		{"sendmail.cf", `(?m)^(Mpostel,.*F=[a-zA-Z0-9]*)z`, "$1", "does not speak LMTP"},
		{"sendmail.cf", `(?m)^Mpostel,`, "Mother,", "which sendmail.cf does not have"},
		{"sendmail.cf", `(?m)^(\s+)A=FILE \$h$`, "${1}A=TCP $$h 10024", "without brackets"},
		{"sendmail.cf", `(?m)^(\s+)A=FILE \$h$`, "${1}A=FILE /run/elsewhere/lmtp", "to FILE /run/elsewhere/lmtp, and Postel's"},
		{"sendmail.cf", `(?m)^Kmailertable.*$`, "", "there is no mailer table"},
		{"sendmail.cf", `(?m)^O AuthOptions=.*$`, "O AuthOptions=A y", "passwords are taken without TLS"},
		{"sendmail.cf", `(?m)^#?O Timeout.queuereturn=.*$`, "O Timeout.queuereturn=14d", "mail may wait for 14d"},
		{"mailertable", `(?m)^sms.example.org.*$`, "", "has no line for sms.example.org"},
		{"mailertable", `\z`, "# a comment\n", "was changed after its database was made"},
		{"local-host-names", `\z`, "sms.example.org\n", "sms.example.org is in class w"},
	} {
		path := s.host.Path("etc/mail", broken.file)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := regexp.MustCompile(broken.pattern).ReplaceAll(good, []byte(broken.with))
		if string(bad) == string(good) {
			t.Errorf("%s has no %s", broken.file, broken.pattern)
		}
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if out := check(); !strings.Contains(out, broken.says) {
			t.Errorf("it is not said that it %s:\n%s", broken.says, out)
		}
		if err := os.WriteFile(path, good, info.Mode()); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
}
