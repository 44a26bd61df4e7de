package testbed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	if err := errors.Join(s.makeDirs(), s.writeConfiguration(o), s.makeMaps(), s.makePasswords()); err != nil {
		h.t.Fatal("testbed: ", err)
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
		{"var/spool/mqueue", 0o2750, smmta, smmsp}, {"var/spool/mqueue-client", 0o2770, smmsp, smmsp},
		{"var/lib/sendmail", 0o755, smmta, smmta}, {"var/lib/sendmail/host_status", 0o700, smmta, smmta},
		{"run/sendmail/mta", 0o755, smmta, smmsp},
		{"run/postel", 0o750, 0, 0}, // as systemd makes it, but for root: as whom tests run Postel
	}
	for _, d := range dirs {
		path := s.h.Path(d.name)
		mode := d.mode & 0o777
		if d.mode&0o2000 != 0 {
			mode |= os.ModeSetgid
		}
		if err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, d.uid, d.gid), os.Chmod(path, mode)); err != nil {
			return err
		}
	}
	return os.Symlink("../run", s.h.Path("var/run"))
}

// PostelDir is the directory where Sendmail looks for Postel's sockets: milter
// and lmtp.
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

// Waiting is a mail that waits in Sendmail: its qf file, which has the
// recipients in lines that begin with R (and are the address after the last
// colon of R...:), and the reason in a line that begins with M.
type Waiting struct {
	ID   string
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

// writeConfiguration writes /etc/mail as an administrator would who had the
// mail server of etc/sendmail.mc and now adds contrib/sendmail.
func (s *Sendmail) writeConfiguration(o SendmailOptions) error {
	own, err := etc.ReadFile("etc/sendmail.mc")
	if err != nil {
		return err
	}
	mc := s.h.read("usr/share/sendmail/cf/debian/sendmail.mc")
	mc = regexp.MustCompile(`(?m)^DAEMON_OPTIONS.*\n`).ReplaceAllString(mc, "")
	// sendmailconfig does this, for DAEMON_HOSTSTATS is No in Debian's sendmail.conf.
	mc = strings.Replace(mc, "dnl undefine(`confHOST_STATUS_DIRECTORY')", "undefine(`confHOST_STATUS_DIRECTORY')", 1)
	mc = strings.Replace(mc, "MAILER_DEFINITIONS\n", s.listeners()+string(own)+"MAILER_DEFINITIONS\n", 1)
	mc += "include(`/etc/mail/postel.m4')dnl\n" + o.MC
	ours := contribSendmail("postel.m4")
	if o.Edit != nil {
		ours = o.Edit(ours)
	}
	var users strings.Builder
	users.WriteString(s.h.read("etc/passwd"))
	for i, u := range s.h.users {
		fmt.Fprintf(&users, "%s:x:%d:%d:%s:/nonexistent:/usr/sbin/nologin\n", u.Name, firstUser+i, vmail, u.Name)
	}
	const dir = "etc/mail/"
	err = errors.Join(
		s.h.write("etc/passwd", users.String()),
		s.h.write(dir+"sendmail.mc", mc),
		s.h.write(dir+"m4/dialup.m4", ""), s.h.write(dir+"m4/provider.m4", ""),
		s.h.write(dir+"local-host-names", Domain+"\nlocalhost\n"),
		s.h.write(dir+"trusted-users", ""), s.h.write(dir+"relay-domains", ""),
		// Debian's pause before the greeting is for strangers.
		s.h.write(dir+"access", "GreetPause:127\t0\n"+contribSendmail("access")),
		s.h.write(dir+"mailertable", contribSendmail("mailertable")),
		s.h.write("var/lib/sendmail/sendmail.st", ""),
		s.h.write(dir+"aliases", "postmaster: root\n"+o.Aliases),
		s.h.write(dir+"postel.m4", ours),
		s.h.write("usr/lib/sasl2/Sendmail.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n"),
		s.tls.write(s.h.Path("etc/ssl/mx.pem"), s.h.Path("etc/ssl/mx.key")),
	)
	if err != nil {
		return err
	}
	cmd := s.h.command("/usr/bin/m4", "-D_NO_MAKEINFO_", "/etc/mail/sendmail.mc")
	var cf, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &cf, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		return fmt.Errorf("m4: %w: %.1000s", err, said.String())
	}
	return s.h.write(dir+"sendmail.cf", cf.String())
}

// listeners are Debian's DAEMON_OPTIONS with the host's address and ports: the
// second is submission, where who has not logged in gets nowhere (M=a).
func (s *Sendmail) listeners() string {
	line := func(name, addr, more string) string {
		host, port, _ := strings.Cut(addr, ":")
		return fmt.Sprintf("DAEMON_OPTIONS(`Family=inet, Name=%s, Port=%s, Addr=%s%s')dnl\n", name, port, host, more)
	}
	return line("MTA-v4", s.SMTP, "") + line("MSP-v4", s.Submission, ", M=Ea")
}
