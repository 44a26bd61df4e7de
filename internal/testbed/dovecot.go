package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Dovecot keeps the mailboxes of a host: it takes mail from Postfix over LMTP,
// shows it over IMAP, and tells Postfix whether a password is right.
type Dovecot struct {
	// IMAP is the address, with port, of the IMAP service, which is without TLS.
	IMAP string

	h *Host
}

// StartDovecot starts Dovecot with a mailbox for each user, before Postfix.
func (h *Host) StartDovecot(users ...User) *Dovecot {
	h.t.Helper()
	h.users = users
	var list strings.Builder
	for _, u := range users {
		fmt.Fprintf(&list, "%s:{PLAIN}%s\n", u.Name, u.Password)
	}
	port := h.port()
	err := errors.Join(
		h.install("etc/dovecot/dovecot.conf", port),
		h.write("etc/dovecot/users", list.String()),
		os.Chown(h.Path("var/mail"), vmail, vmail),
		h.makeQueueDirs(),
	)
	if err != nil {
		h.t.Fatal("testbed: ", err)
	}
	h.showAtFailure("var/log/dovecot.log")
	p := h.start("/usr/sbin/dovecot", "-F")
	d := &Dovecot{IMAP: net.JoinHostPort(h.Addr, port), h: h}
	h.wait("Dovecot to answer", func() error {
		if err := p.failed(); err != nil {
			h.t.Fatal("testbed: ", err)
		}
		return greets(d.IMAP)
	})
	return d
}

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
