package courier

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// IMAP says how letters get into mailboxes without a mail server in between: by
// APPEND (RFC 9051 §6.3.12) into a folder, under the login of a master user, who
// may open every mailbox.
type IMAP struct {
	Server   mailbox.Server
	User     string // the login for a mailbox, whose address stands for %s: "%s*postel"
	Password phone.Secret
	Folder   string // for texts from phones; "": INBOX
	Reports  string // for reports and notes; "": INBOX
}

// appender puts letters into mailboxes. It keeps a few connections open, each
// logged in to one mailbox.
type appender struct {
	IMAP
	idle pool[*opened]
}

// opened is a connection to a mailbox.
type opened struct{ *mailbox.Session }

func (o *opened) quit() { o.Quit() }

func newAppender(o Options) (*appender, error) {
	switch {
	case o.IMAP.Server.Address == "":
		return nil, errors.New("imap: there is no server")
	case strings.Count(o.IMAP.User, "%s") != 1:
		return nil, fmt.Errorf("imap: the login %q must hold %%s, which stands for the mailbox, once", o.IMAP.User)
	}
	a := &appender{IMAP: o.IMAP, idle: pool[*opened]{room: cmp.Or(o.Idle, 4)}}
	a.Folder, a.Reports = cmp.Or(a.Folder, "INBOX"), cmp.Or(a.Reports, "INBOX")
	return a, nil
}

func (a *appender) close() error { return a.idle.close() }

// carry appends the letter, unread, with its own date as the date of arrival. One
// that may have been carried before is looked for first. The reference is the
// mail's UIDVALIDITY and UID (RFC 4315).
func (a *appender) carry(ctx context.Context, l mailbridge.Letter, again bool) (string, error) {
	login, err := a.login(l.To)
	if err != nil {
		return "", err
	}
	folder := a.Folder
	if l.From == "" { // the null sender is that of reports and notes
		folder = a.Reports
	}
	conn, err := a.mailbox(ctx, login)
	if err != nil {
		return "", classifyOpen(err)
	}
	reference, at, err := a.deliver(ctx, conn, login, folder, l, again)
	return reference, classifyAppend(at, err)
}

// mailbox gives a connection that is logged in. One that was idle is asked first
// whether the server is still there: lost in the middle of APPEND it would leave
// doubt.
func (a *appender) mailbox(ctx context.Context, login string) (*opened, error) {
	if conn, ok := a.idle.take(login); ok {
		if conn.Do(ctx, func() error { return conn.Noop().Wait() }) == nil {
			return conn, nil
		}
		conn.Close()
		a.idle.drop(login) // the others are no younger
	}
	return a.open(ctx, login)
}

// login is the name to log in with for a mailbox. What follows a "+" in the local
// part does not make it another's. An address with the character that sets the
// master's name apart would be another's login.
func (a *appender) login(address string) (string, error) {
	before, after, _ := strings.Cut(a.User, "%s")
	marks := ""
	if before != "" {
		marks += before[len(before)-1:]
	}
	if after != "" {
		marks += after[:1]
	}
	if strings.ContainsAny(address, marks) || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", fail(smsengine.Permanent, "5.1.3", "the address cannot be that of a mailbox", nil)
	}
	if local, domain, ok := strings.Cut(address, "@"); ok {
		if plus := strings.IndexByte(local, '+'); plus > 0 {
			address = local[:plus] + "@" + domain
		}
	}
	return before + address + after, nil
}

func (a *appender) open(ctx context.Context, login string) (*opened, error) {
	n, err := a.Server.Open(ctx, login, a.Password, nil)
	if err != nil {
		return nil, err
	}
	return &opened{n}, nil
}

// deliver puts the letter into the folder and gives the connection back if it is
// fit for another one. A folder that is missing is made, over a new connection,
// since go-imap ends one on which APPEND was refused early.
func (a *appender) deliver(ctx context.Context, conn *opened, login, folder string, l mailbridge.Letter, again bool) (reference string, at step, err error) {
	at = stepEnvelope
	if again {
		if reference, err = conn.find(ctx, folder, l.ID); reference != "" || err != nil {
			a.rest(login, conn, err)
			return reference, at, err
		}
	}
	reference, at, err = conn.append(ctx, folder, l)
	if !mailbox.Missing(err) {
		a.rest(login, conn, err)
		return reference, at, err
	}
	conn.Close()
	if conn, err = a.open(ctx, login); err != nil {
		return "", stepEnvelope, err
	}
	if err = conn.Make(ctx, folder); err != nil {
		a.rest(login, conn, err)
		return "", stepEnvelope, err
	}
	reference, at, err = conn.append(ctx, folder, l)
	a.rest(login, conn, err)
	return reference, at, err
}

// rest keeps a connection on which nothing went wrong.
func (a *appender) rest(login string, conn *opened, err error) {
	if err != nil {
		conn.Close()
		return
	}
	a.idle.put(login, conn)
}

// find looks for a letter in the folder by its Message-ID. "" means that it is
// not there, or not there any more.
func (o *opened) find(ctx context.Context, folder, name string) (reference string, err error) {
	box, err := o.Enter(ctx, folder, &imap.SelectOptions{ReadOnly: true})
	if box == nil {
		return "", err
	}
	err = o.Do(ctx, func() error {
		criteria := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + name + ">"}}}
		found, err := o.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		if uids := found.AllUIDs(); len(uids) > 0 {
			reference = uidOf(box.UIDValidity, uids[0])
		}
		return nil
	})
	return reference, err
}

// append hands the letter over. at tells whether the server may have it although
// there is an error.
func (o *opened) append(ctx context.Context, folder string, l mailbridge.Letter) (reference string, at step, err error) {
	at = stepEnvelope
	err = o.Do(ctx, func() error {
		data := stored(l)
		cmd := o.Append(folder, int64(len(data)), &imap.AppendOptions{Time: dated(l)})
		if _, err := cmd.Write(data); err == nil {
			at = stepFinal
		}
		_ = cmd.Close() // Wait tells what came of it
		done, err := cmd.Wait()
		if err == nil && done.UID != 0 {
			reference = uidOf(done.UIDValidity, done.UID)
		}
		return err
	})
	return reference, at, err
}

// stored is the letter as the last MTA stores it, with Return-Path (RFC 5321
// §4.4).
func stored(l mailbridge.Letter) []byte {
	head := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\n", l.From, l.To)
	return append([]byte(head), l.Data...)
}

// dated is the date of the mail, by which mail programs sort.
func dated(l mailbridge.Letter) time.Time {
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		return time.Time{}
	}
	at, err := m.Header.Date()
	if err != nil {
		return time.Time{}
	}
	return at
}

func uidOf(validity uint32, uid imap.UID) string { return fmt.Sprintf("%d/%d", validity, uid) }
