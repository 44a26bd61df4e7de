package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// giveShell puts a shell into a host's root directory, and the tools that the
// postfix command calls: they are no part of its packages.
func giveShell(t *testing.T, h *testbed.Host) {
	t.Helper()
	tools := strings.Fields("awk basename cat chgrp chmod chown cmp cp dirname egrep env expr find grep id ln ls mkdir mv ps rm sed sh sleep sort touch tr uname uniq")
	for _, name := range tools {
		from, err := exec.LookPath(name)
		if err == nil {
			from, err = filepath.EvalSymlinks(from)
		}
		if err != nil {
			t.Fatal(err)
		}
		hostFile(t, h, from, "/usr/bin/"+name)
		cmd := exec.Command(from)
		cmd.Env = []string{"LD_TRACE_LOADED_OBJECTS=1"}
		out, _ := cmd.CombinedOutput()
		for _, lib := range regexp.MustCompile(`(/\S+) \(0x`).FindAllSubmatch(out, -1) {
			hostFile(t, h, string(lib[1]), string(lib[1]))
		}
	}
	if err := os.Symlink("usr/bin", h.Path("bin")); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

// hostFile copies a program or library to a host that does not have it.
func hostFile(t *testing.T, h *testbed.Host, from, to string) {
	t.Helper()
	if _, err := os.Stat(h.Path(to)); err == nil {
		return
	}
	b, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(h.Path(to)), 0o755), os.WriteFile(h.Path(to), b, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// withoutPostel takes the lines of contrib/postfix out of a running Postfix
// again: it is then the mail server of somebody who has not met Postel.
func withoutPostel(t *testing.T, h *testbed.Host, p *testbed.Postfix) {
	t.Helper()
	submission := p.Submission + "/inet/"
	for _, args := range [][]string{
		{"-X", "transport_maps", "relay_domains", "smtpd_milters", "smtpd_restriction_classes", "smtpd_recipient_restrictions"},
		{"-X", "mua_recipient_restrictions", "sms_guard", "sms_destination_recipient_limit"},
		{"-e", "local_recipient_maps=texthash:$config_directory/mailboxes, $alias_maps"},
		{"-P", submission + "smtpd_recipient_restrictions=permit_sasl_authenticated,reject"},
		{"-P", submission + "smtpd_milters="}, // none there, for instance since they sign elsewhere
		{"-MX", "sms/unix"},
	} {
		p.Postconf(args...)
	}
	tables, _ := filepath.Glob(h.Path("etc/postfix/sms_*"))
	for _, path := range append(tables, p.PostelDir()) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	rest := configurationOf(t, h)
	for name, text := range rest {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && strings.Contains(line, "sms") {
				t.Fatalf("%s still knows Postel: %s", name, line)
			}
		}
	}
	old := time.Now().Add(-time.Hour) // Postfix does not believe a file that has just changed
	for _, name := range []string{"main.cf", "master.cf"} {
		if err := os.Chtimes(h.Path("etc/postfix", name), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// configurationOf is every file of /etc/postfix that is for people.
func configurationOf(t *testing.T, h *testbed.Host) map[string]string {
	t.Helper()
	files, err := filepath.Glob(h.Path("etc/postfix/*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
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

// setup runs postel setup and gives what it prints and its exit code.
func (p *postel) setup(args ...string) (string, int) {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"setup"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ok && exit.ExitCode() < 0 {
		p.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// A Postfix that knows nothing of Postel; after postel setup postfix its users
// write texts, and after --undo everything is as it was.
func TestSetupPostfix(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.stop()
	giveShell(t, s.host)
	withoutPostel(t, s.host, s.postfix)
	s.postfix.Reload()
	before := configurationOf(t, s.host)
	refused := func(c func() *smtp.Client, want int) {
		t.Helper()
		const to = "sms:+15551234567@example.org"
		s.wait(fmt.Sprintf("Postfix to answer %d", want), func() error {
			c := c()
			defer c.Close()
			if err := c.Mail("john@example.org", nil); err != nil {
				return err
			}
			err := c.Rcpt(to, nil)
			if e, ok := errors.AsType[*smtp.SMTPError](err); ok && e.Code == want {
				return nil
			}
			return errors.Join(errors.New("it does not"), err)
		})
	}
	login := func() *smtp.Client { return s.postfix.Login(testbed.John) }
	refused(s.postfix.Dial, 550)
	setup := []string{"postfix", "--root", s.host.Root, "-c", s.config, "--records", filepath.Join(s.dir, "records"), "--user", "root", "--domain", "example.org"}

	// Without a terminal and without --yes nothing happens.
	out, exit := s.setup(setup...)
	if exit != 1 || !strings.Contains(out, "+relay_domains = sms.example.org\n") || !strings.Contains(out, "Nothing was changed.") {
		t.Errorf("exit %d:\n%s", exit, out)
	}
	if now := configurationOf(t, s.host); !equalFiles(now, before) {
		t.Error("something was changed")
	}

	out, exit = s.setup(append(setup, "--yes")...)
	if exit != 0 {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	// Postel is not there yet: phones wait, and other mail does not.
	refused(s.postfix.Dial, 451)
	refused(login, 451)
	s.postfix.Submit(testbed.John, []string{"mary@example.org"}, write("m0", "mary@example.org", "", "hello Mary"))
	s.dovecot.WaitInbox(testbed.Mary, 1)

	s.start()
	for i, to := range []string{"sms:+15551234567@example.org", "+15551234567@sms.example.org"} {
		s.postfix.Submit(testbed.John, []string{to}, write("m"+to, to, "", "hello "+to))
		if got := s.inbox(alice, i+1)[i].Text; got != "hello "+to {
			t.Errorf("the phone has %q", got)
		}
	}

	s.checkPostfix()

	after := configurationOf(t, s.host)
	out, exit = s.setup(append(setup, "--yes")...)
	if exit != 0 || !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: exit %d:\n%s", exit, out)
	}
	if now := configurationOf(t, s.host); !equalFiles(now, after) {
		t.Error("the second time something was changed")
	}

	s.stop()
	out, exit = s.setup(append(setup, "--undo", "--yes")...)
	if exit != 0 {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	if now := configurationOf(t, s.host); !equalFiles(now, before) {
		t.Errorf("undo has left something changed:\n%s", out)
	}
	if _, err := os.Stat(s.postfix.PostelDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of the sockets is still there: %v", err)
	}
	refused(s.postfix.Dial, 550)
}

// checkPostfix finds nothing wrong between Postfix and Postel, and the milter
// that somebody has taken away.
func (s *site) checkPostfix() {
	s.t.Helper()
	check := func() string {
		path, err := binary()
		if err != nil {
			s.t.Fatal(err)
		}
		out, _ := exec.Command(path, "check", "-c", s.config, "--mta", "postfix", "--root", s.host.Root).CombinedOutput()
		return string(out)
	}
	if out := check(); strings.Contains(out, "error    postfix") || !strings.Contains(out, "ok       postfix: transport_maps sends phones to Postel") {
		s.t.Errorf("after setup:\n%s", out)
	}
	if got := s.postfix.Postconf("-P", s.postfix.Submission+"/inet/smtpd_milters"); !strings.Contains(got, "{unix:postel/milter,") {
		s.t.Errorf("submission, which has milters of its own, has %s", got)
	}
	milters := strings.TrimSpace(s.postfix.Postconf("-h", "smtpd_milters"))
	s.postfix.Postconf("-e", "smtpd_milters=")
	if out := check(); !strings.Contains(out, "does not ask Postel's milter") {
		s.t.Errorf("without the milter:\n%s", out)
	}
	s.postfix.Postconf("-e", "smtpd_milters="+milters)
}

func equalFiles(a, b map[string]string) bool {
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return len(a) == len(b)
}
