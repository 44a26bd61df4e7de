package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Master is Dovecot's master user: as "john@example.org*postel", with its
// password, it opens John's mailbox.
var Master = User{"postel", "skeleton"}

// Dovecot keeps the mailboxes of a host, as Maildir: it takes mail from Postfix
// over LMTP, sorts it by the users' Sieve scripts, shows it over IMAP, and tells
// Postfix whether a password is right.
type Dovecot struct {
	// IMAP is the address, with port, of the IMAP service: without TLS, or with
	// STARTTLS. On IMAPS TLS comes first. Both have the host's certificate.
	IMAP, IMAPS string
	// LMTP takes mail for the mailboxes from anybody.
	LMTP string

	h       *Host
	daemon  *process
	changes int // of the table of users
}

// StartDovecot starts Dovecot with a mailbox for each user, before Postfix.
func (h *Host) StartDovecot(users ...User) *Dovecot {
	h.t.Helper()
	h.users = users
	d := &Dovecot{h: h}
	ports := []string{h.port(), h.port(), h.port()}
	d.IMAP, d.IMAPS, d.LMTP = net.JoinHostPort(h.Addr, ports[0]), net.JoinHostPort(h.Addr, ports[1]), net.JoinHostPort(h.Addr, ports[2])
	err := errors.Join(
		h.install("etc/dovecot/dovecot.conf", "IMAPPORT", ports[0], "IMAPSPORT", ports[1], "LMTPPORT", ports[2], "SMTP", h.smtpAddr()),
		h.write("etc/dovecot/masters", Master.line()+"\n"),
		d.writeUsers(User{}, ""),
		h.makeDir("var/mail", vmail), h.makeDir("var/sieve", vmail),
		h.makeQueueDirs(),
	)
	for _, u := range users {
		err = errors.Join(err, h.makeDir("var/mail/"+u.Name, vmail))
	}
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	h.showAtFailure("var/log/dovecot.log")
	d.Start()
	return d
}

// Start starts Dovecot again after Stop, with the mailboxes as they were.
func (d *Dovecot) Start() {
	d.h.t.Helper()
	d.daemon = d.h.start("/usr/sbin/dovecot", "-F")
	d.h.wait("Dovecot to answer", func() error {
		if err := d.daemon.failed(); err != nil {
			d.h.t.Fatal("testbed: ", err)
		}
		return greets(d.IMAP)
	})
}

// Stop ends Dovecot and all its sessions.
func (d *Dovecot) Stop() {
	d.h.t.Helper()
	if err := d.daemon.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.h.t.Fatal("testbed: ", err)
	}
	<-d.daemon.ended
}

// Quota sets how much the mailbox of a user takes, such as "10M"; "1B" is less
// than any mail.
func (d *Dovecot) Quota(u User, most string) {
	d.h.t.Helper()
	d.change(u, u.line()+"::::::userdb_quota_rule=*:storage="+most)
}

// Remove takes a user away from Dovecot, who goes on to be one for Postfix: it
// takes mail for the user, and Dovecot refuses that with 5.1.1.
func (d *Dovecot) Remove(u User) {
	d.h.t.Helper()
	d.change(u, "")
}

// change changes the line of a user and waits until Dovecot has seen it: it looks
// once a second.
func (d *Dovecot) change(u User, line string) {
	d.h.t.Helper()
	d.changes++
	probe := fmt.Sprintf("change-%d", d.changes)
	if err := d.writeUsers(u, line+"\n"+probe+"::::::"); err != nil {
		d.h.t.Fatal("testbed: ", err)
	}
	d.h.wait("Dovecot to read its users again", func() error {
		_, err := d.h.run("/usr/bin/doveadm", "user", probe)
		return err
	})
}

// Log is what Dovecot has logged so far.
func (d *Dovecot) Log() string { return d.h.read("var/log/dovecot.log") }

// Sieve gives a user a Sieve script (RFC 5228), which must compile. "" takes it
// away.
func (d *Dovecot) Sieve(u User, script string) {
	d.h.t.Helper()
	name := "var/sieve/" + u.Name + ".sieve"
	_ = os.Remove(d.h.Path("var/sieve", u.Name+".svbin"))
	if script == "" {
		_ = os.Remove(d.h.Path(name))
		return
	}
	err := d.h.write(name, strings.ReplaceAll(script, "\n", "\r\n"))
	if err == nil {
		_, err = d.h.run("/usr/bin/sievec", "/"+name)
	}
	if err == nil {
		err = os.Chown(d.h.Path("var/sieve", u.Name+".svbin"), vmail, vmail)
	}
	if err != nil {
		d.h.t.Fatal("testbed: ", err)
	}
}

func (h *Host) makeDir(name string, owner int) error {
	path := h.Path(name)
	return errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, owner, owner))
}

// writeUsers writes the table of users, with another line for one of them.
func (d *Dovecot) writeUsers(other User, line string) error {
	var table strings.Builder
	for _, u := range d.h.users {
		if u == other {
			table.WriteString(line + "\n")
		} else {
			table.WriteString(u.line() + "::::::\n")
		}
	}
	return d.h.write("etc/dovecot/users", table.String())
}

// line is a user in a passwd-file of Dovecot.
func (u User) line() string { return u.Name + ":{PLAIN}" + u.Password }

// Login opens an IMAP session for the time of the test.
func (d *Dovecot) Login(u User) *imapclient.Client {
	d.h.t.Helper()
	c, err := imapclient.DialInsecure(d.IMAP, nil)
	if err != nil {
		d.h.t.Fatal("testbed: IMAP: ", err)
	}
	d.h.t.Cleanup(func() { c.Close() })
	if err := c.Login(u.Name, u.Password).Wait(); err != nil {
		d.h.t.Fatalf("testbed: IMAP login of %s: %v", u.Name, err)
	}
	return c
}

// Inbox returns every mail in the user's INBOX, the oldest first, as it is
// read over IMAP.
func (d *Dovecot) Inbox(u User) [][]byte {
	d.h.t.Helper()
	c := d.Login(u)
	defer c.Close()
	mails, err := inbox(c)
	if err != nil {
		d.h.t.Fatalf("testbed: reading the INBOX of %s: %v", u.Name, err)
	}
	return mails
}

// WaitInbox returns the user's INBOX once it holds n mails or more.
func (d *Dovecot) WaitInbox(u User, n int) (mails [][]byte) {
	d.h.t.Helper()
	c := d.Login(u)
	defer c.Close()
	d.h.wait(fmt.Sprintf("%d mails in the INBOX of %s", n, u.Name), func() (err error) {
		if mails, err = inbox(c); err == nil && len(mails) < n {
			err = fmt.Errorf("there are %d", len(mails))
		}
		return err
	})
	return mails
}

func inbox(c *imapclient.Client) ([][]byte, error) {
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil || box.NumMessages == 0 {
		return nil, err
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	var all imap.SeqSet
	all.AddRange(1, box.NumMessages)
	found, err := c.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	var mails [][]byte
	for _, m := range found {
		mails = append(mails, m.FindBodySection(whole))
	}
	return mails, err
}
