package testbed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The numbers of Sendmail's users and groups in etc/passwd and etc/group.
const (
	smmta = 60006
	smmsp = 60007
)

// firstUser is the number of the first of the host's users, who must exist for
// Sendmail to take mail for them.
const firstUser = 61000

// SendmailOptions say what is particular about a Sendmail.
type SendmailOptions struct {
	// MC are further lines for the end of sendmail.mc.
	MC string
	// Edit, if not nil, changes what stands in contrib/sendmail/postel.m4.
	Edit func(string) string
	// Aliases are the lines of /etc/mail/aliases: "name: target".
	Aliases string
}

// Sendmail is a running Sendmail with the lines of contrib/sendmail.
type Sendmail struct {
	mta
	daemon *process
}

// sendmailProgram is where Debian's package has it, beside the link
// /usr/sbin/sendmail that Postfix brings, too.
const sendmailProgram = "/usr/libexec/sendmail/sendmail"

// StartSendmail starts Sendmail. A host has one mail server, Postfix or
// Sendmail. Dovecot, which has the mailboxes, was started before. Postel may
// come later.
func (h *Host) StartSendmail(o SendmailOptions) *Sendmail {
	h.t.Helper()
	s := &Sendmail{mta: h.newMTA()}
	h.syslogd()
	h.showAtFailure("var/log/mail.log")
	for _, step := range []func() error{
		s.makeDirs, func() error { return s.writeConfiguration(o) }, s.makeMaps, s.makePasswords,
	} {
		if err := step(); err != nil {
			h.t.Fatal("testbed: ", err)
		}
	}
	s.daemon = h.start(sendmailProgram, "-bD", "-q2s")
	h.wait("Sendmail to answer", func() error {
		if err := s.daemon.failed(); err != nil {
			h.t.Fatal("testbed: ", err)
		}
		return errors.Join(greets(s.SMTP), greets(s.Submission))
	})
	return s
}

// makeDirs makes the directories that installation scripts make.
func (s *Sendmail) makeDirs() error {
	dirs := []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{"var/spool/mqueue", 0o750 | os.ModeSetgid, smmta, smmsp},
		{"var/spool/mqueue-client", 0o770 | os.ModeSetgid, smmsp, smmsp},
		{"var/lib/sendmail", 0o755, smmta, smmta},
		{"run/sendmail/mta", 0o755, smmta, smmsp},
		{"run/postel", 0o750, 0, 0}, // as systemd makes it, but for root: as whom tests run Postel
	}
	for _, d := range dirs {
		path := s.h.Path(d.name)
		if err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, d.uid, d.gid), os.Chmod(path, d.mode)); err != nil {
			return err
		}
	}
	return os.Symlink("../run", s.h.Path("var/run"))
}

// PostelDir is the directory where Sendmail looks for Postel's sockets: milter,
// policy and lmtp.
func (s *Sendmail) PostelDir() string { return s.h.Path("run/postel") }

// makeMaps makes the databases of the tables in /etc/mail.
func (s *Sendmail) makeMaps() error {
	for _, name := range []string{"access", "mailertable"} {
		cmd := s.h.command("/usr/sbin/makemap", "hash", "/etc/mail/"+name)
		cmd.Stdin = strings.NewReader(s.h.read("etc/mail/" + name))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("makemap %s: %w: %s", name, err, out)
		}
	}
	_, err := s.h.run(sendmailProgram, "-bi")
	return err
}

// makePasswords makes /etc/sasldb2, where Sendmail's SASL library looks.
func (s *Sendmail) makePasswords() error {
	for _, u := range s.h.users {
		cmd := s.h.command("/usr/sbin/saslpasswd2", "-p", "-c", "-u", Domain, u.Name)
		cmd.Stdin = strings.NewReader(u.Password)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("saslpasswd2 %s: %w: %s", u.Name, err, out)
		}
	}
	return nil
}

// Waiting is a mail that waits in Sendmail.
type Waiting struct {
	ID string
	// File is its qf file: recipients in the lines that begin with R, the reason
	// for waiting in the one that begins with M.
	File string
}

// Queue lists the mail that waits in Sendmail, or is being delivered.
func (s *Sendmail) Queue() (all []Waiting) {
	files, _ := filepath.Glob(s.h.Path("var/spool/mqueue/qf*"))
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has gone out
		}
		all = append(all, Waiting{ID: strings.TrimPrefix(filepath.Base(file), "qf"), File: string(b)})
	}
	return all
}

// WaitQueue waits until exactly n mails wait in Sendmail.
func (s *Sendmail) WaitQueue(n int) {
	s.h.t.Helper()
	s.h.wait(fmt.Sprintf("%d mails in the queue", n), func() error {
		if q := s.Queue(); len(q) != n {
			return fmt.Errorf("there are %d: %v", len(q), q)
		}
		return nil
	})
}
