package testbed

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/postel-mail/postel/contrib/sendmail"
)

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

// contribSendmail is a file of contrib/sendmail.
func contribSendmail(name string) string {
	b, err := sendmail.Files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}
