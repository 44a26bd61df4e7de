package config

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// completeMailboxes fills in what a [[mailbox]] does not say.
func (c *Config) completeMailboxes() {
	for i := range c.Mailboxes {
		m := &c.Mailboxes[i]
		for _, key := range []struct {
			value *string
			empty string
		}{{&m.TLS, "implicit"}, {&m.Folder, "INBOX"}, {&m.Done, "Done"}, {&m.Refused, "Refused"}} {
			if *key.value == "" {
				*key.value = key.empty
			}
		}
	}
}

// checkIMAP is about mailboxes, those that answers are put into and those that
// are watched.
func (r *reader) checkIMAP(c *Config) {
	if c.Mail.To == "imap" {
		r.checkIMAPServer("imap", &c.IMAP.IMAPServer)
		if strings.Count(c.IMAP.User, "%s") != 1 || c.IMAP.User == "%s" {
			r.bad("imap.user", `write the login of a master user, as in "%s*postel"`, "%q opens no mailbox: %%s must stand in it once, for the mailbox's address, beside the master's name", c.IMAP.User)
		}
		r.folder("imap.folder", c.IMAP.Folder)
		r.folder("imap.report_folder", c.IMAP.ReportFolder)
	}
	ids, watched := map[string]bool{}, map[string]bool{}
	for i := range c.Mailboxes {
		m, key := &c.Mailboxes[i], fmt.Sprintf("mailbox[%d]", i)
		r.checkMailbox(c, m, key)
		if ids[m.ID] {
			r.bad(key+".id", "give each mailbox a name of its own", "a mailbox before this one has the name %q", m.ID)
		}
		place := strings.ToLower(m.Server+" "+m.User) + " " + m.Folder
		if watched[place] {
			r.bad(key+".folder", "keep one", "a mailbox before this one is the same folder")
		}
		ids[m.ID], watched[place] = true, true
	}
}

func (r *reader) checkMailbox(c *Config, m *Mailbox, key string) {
	if !idForm.MatchString(m.ID) {
		r.bad(key+".id", `write letters, digits, "-" and "_"`, "%q is not a name for a mailbox", m.ID)
	}
	r.checkIMAPServer(key, &m.IMAPServer)
	if m.User == "" {
		r.bad(key+".user", `write the login, such as "sms@example.org"`, "nobody can log in")
	}
	r.folder(key+".folder", m.Folder)
	r.folder(key+".done", m.Done)
	r.folder(key+".refused", m.Refused)
	if m.Done == m.Folder || m.Refused == m.Folder {
		r.bad(key+".folder", "name another folder for mail that is done or refused", "mail would stay in %s, and be looked at again and again", m.Folder)
	}
	if m.AuthServer != "" && !domainForm.MatchString(strings.ToLower(m.AuthServer)) {
		r.bad(key+".auth_server", `write what stands first in the Authentication-Results of mail that arrives there, such as "mx.example.org"`, "%q is not the name of a server", m.AuthServer)
	}
	if m.AuthServer != "" && len(c.Access.Domains) == 0 {
		r.bad("access.domains", "list the domains whose users may send", "nobody may send, so mailbox %s would refuse everything", m.ID)
	}
	if len(c.Address.PhoneDomains)+len(c.Address.Domains) == 0 {
		r.bad(key, "set address.phone_domains or address.domains", "no domain has phones, so nothing that arrives here is for one")
	}
}

func (r *reader) checkIMAPServer(key string, s *IMAPServer) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil || host == "" || port == "" || strings.ContainsAny(host, "/ ") {
		r.bad(key+".server", `write host and port, such as "imap.example.org:993"`, "%q is not a server", s.Server)
	}
	r.choice(key+".tls", s.TLS, "implicit", "starttls", "none")
	if s.TLS == "none" && err == nil && !onThisMachine(Endpoint{"tcp", s.Server}) {
		r.bad(key+".tls", `write "implicit" or "starttls"`, "the password and all mail would go over the network in clear")
	}
	if s.PasswordFile == "" {
		r.bad(key+".password_file", "name a file with the password, of which nobody else may read", "there is no password")
	} else if !filepath.IsAbs(s.PasswordFile) {
		r.bad(key+".password_file", `write a path that begins with "/"`, "%q depends on where Postel is started", s.PasswordFile)
	}
	if s.CAFile != "" && !filepath.IsAbs(s.CAFile) {
		r.bad(key+".ca_file", `write a path that begins with "/"`, "%q depends on where Postel is started", s.CAFile)
	}
}

// folder checks the name of a folder. "%" and "*" stand for other names in IMAP.
func (r *reader) folder(key, name string) {
	if name == "" || strings.ContainsAny(name, "%*") || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		r.bad(key, `write its name as the server does, such as "SMS" or "INBOX.SMS"`, "%q is not the name of a folder", name)
	}
}
