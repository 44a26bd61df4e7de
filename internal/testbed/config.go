package testbed

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/postel-mail/postel/contrib/postfix"
)

// writeConfiguration writes /etc/postfix as an administrator would who had the
// mail server of etc/main.cf and now adds contrib/postfix.
func (p *Postfix) writeConfiguration(o Options) error {
	debian := settings(p.h.read("usr/share/postfix/main.cf.debian"))
	own, err := etc.ReadFile("etc/main.cf")
	if err != nil {
		return err
	}
	main := override(debian, settings(strings.ReplaceAll(string(own), "ADDRESS", p.h.Addr)))
	files := []string{"main.cf", "single-domain.cf"}
	if o.Percent {
		files = append(files, "percent.cf")
	}
	for _, name := range files {
		main = putInFront(settings(contrib(name)), main)
	}
	master := p.services(p.h.read("usr/share/postfix/master.cf.dist"))
	if len(o.Lists) > 0 {
		main = putInFront(settings(listMain), main)
		master += listMaster
	}
	if p.h.lists != "" {
		main = putInFront(settings("transport_maps = "+p.h.lists+"\nlocal_recipient_maps = "+p.h.lists), main)
	}
	if o.Virtual != "" {
		main = override(main, settings("virtual_alias_maps = texthash:$config_directory/virtual"))
	}
	main = override(main, settings(o.Main))

	var mailboxes strings.Builder
	for _, u := range p.h.users {
		fmt.Fprintf(&mailboxes, "%s OK\n", u.Address())
	}
	const dir = "etc/postfix/"
	err = errors.Join(
		p.h.write(dir+"main.cf", main.String()),
		p.h.write(dir+"master.cf", master+contrib("master.cf")+o.Master),
		p.h.write(dir+"mailboxes", mailboxes.String()),
		p.h.write(dir+"dynamicmaps.cf", p.h.read("usr/share/postfix/dynamicmaps.cf")),
		p.h.write("etc/aliases", o.Aliases),
		p.h.write(dir+"virtual", o.Virtual),
		p.writeLists(o),
	)
	for _, name := range []string{"sms_transport.regexp", "sms_guard.regexp", "sms_recipients.regexp"} {
		err = errors.Join(err, p.h.write(dir+name, contrib(name)))
	}
	for _, name := range []string{"hosts", "nsswitch.conf", "resolv.conf", "services"} {
		err = errors.Join(err, p.h.write("var/spool/postfix/etc/"+name, p.h.read("etc/"+name)))
	}
	return err
}

// writeLists writes what aliases include, and the lists of mlmmj.
func (p *Postfix) writeLists(o Options) error {
	recipients, transport := listTables(o.Lists)
	err := errors.Join(
		p.h.write("etc/postfix/lists_recipients.regexp", recipients),
		p.h.write("etc/postfix/lists_transport.regexp", transport),
	)
	for name, content := range o.Includes {
		err = errors.Join(err, p.h.write("etc/lists/"+name, content))
	}
	for _, l := range o.Lists {
		err = errors.Join(err, l.write(p.h, p.SMTP))
	}
	return err
}

// contrib is a file of contrib/postfix.
func contrib(name string) string {
	b, err := postfix.Files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

// services turns Debian's master.cf into the host's: the two services on the
// network get the host's address, and submission, which Debian leaves as a
// comment, is switched on with the change that contrib/postfix/master.cf asks
// for.
func (p *Postfix) services(dist string) string {
	_, smtpPort, _ := net.SplitHostPort(p.SMTP)
	_, submissionPort, _ := net.SplitHostPort(p.Submission)
	var out strings.Builder
	inSubmission := false
	for line := range strings.Lines(dist) {
		switch {
		case strings.HasPrefix(line, "#submission "):
			inSubmission = true
			line = strings.Replace(line[1:], "submission", net.JoinHostPort(p.h.Addr, submissionPort), 1)
		case strings.HasPrefix(line, "smtp ") && strings.Contains(line, "inet"):
			line = strings.Replace(line, "smtp", net.JoinHostPort(p.h.Addr, smtpPort), 1)
		case inSubmission && strings.HasPrefix(line, "#  -o smtpd_recipient_restrictions="):
			line = "  -o smtpd_recipient_restrictions=$mua_recipient_restrictions\n"
		case inSubmission && strings.HasPrefix(line, "#  -o "):
			line = line[1:]
		case inSubmission && !strings.HasPrefix(line, "#   "):
			inSubmission = false
		}
		out.WriteString(line)
	}
	return out.String()
}

// setting is one parameter of main.cf.
type setting struct{ name, value string }

type configuration []setting

// settings reads the format of main.cf: comments, empty lines, and lines that
// begin with a space and continue the one before (postconf(5)).
func settings(text string) (all configuration) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.ContainsAny(line[:1], " \t") && len(all) > 0 {
			all[len(all)-1].value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		all = append(all, setting{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return all
}

// override returns the settings of base with those of more, which win.
func override(base, more configuration) configuration {
	return combine(base, more, func(_, new string) string { return new })
}

// putInFront adds contrib's settings to those that are there, as its main.cf
// says: a list that is already set keeps its entries, behind ours.
func putInFront(more, base configuration) configuration {
	return combine(base, more, func(old, new string) string { return new + ", " + old })
}

func combine(base, more configuration, both func(old, new string) string) configuration {
	all := append(configuration(nil), base...)
next:
	for _, m := range more {
		for i, s := range all {
			if s.name == m.name {
				all[i].value = both(s.value, m.value)
				continue next
			}
		}
		all = append(all, m)
	}
	return all
}

// String is the text of a main.cf.
func (c configuration) String() string {
	var out strings.Builder
	for _, s := range c {
		fmt.Fprintf(&out, "%s = %s\n", s.name, s.value)
	}
	return out.String()
}
