package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/imap"
)

// imapTime bounds how long a check waits for a mailbox server.
const imapTime = 15 * time.Second

// imapStore logs in to a mailbox as the service does to put answers into it: that
// of a gateway's default recipient, which is one that must be there.
func (f *findings) imapStore(ctx context.Context, cfg *config.Config) {
	boxes, err := openBoxes(cfg)
	if err != nil {
		f.wrong("write the password into it, on one line, and give it to the user that runs postel, mode 0600", "%s", err)
		return
	}
	i := slices.IndexFunc(cfg.Gateways, func(g config.Gateway) bool { return recipient(g.DefaultRecipient).Scheme == smsengine.Mailto })
	if i < 0 {
		return
	}
	address := cfg.Gateways[i].DefaultRecipient
	ctx, cancel := context.WithTimeout(ctx, imapTime)
	defer cancel()
	n, err := boxes.Server.Open(ctx, strings.Replace(boxes.User, "%s", address, 1), boxes.Password, nil)
	switch {
	case mailbox.LoginRefused(err):
		f.wrong("look whether there is such a mailbox, and whether the master user may open it with this password", "imap: the mailbox of %s cannot be opened: %s", address, err)
		return
	case err != nil:
		f.doubtful("answers and reports wait until it can", "imap: %s cannot be reached: %s", cfg.IMAP.Server, err)
		return
	}
	defer n.Quit()
	for _, folder := range []string{boxes.Folder, boxes.Reports} {
		switch there, err := n.Has(ctx, folder); {
		case err != nil:
			f.doubtful("see the log of the IMAP server", "imap: %s", err)
			return
		case !there:
			f.fine("imap: %s has no folder %s yet; it will be made", address, folder)
		}
	}
	f.fine("imap: the mailbox of %s opens", address)
}

// mailboxes logs in to the mailboxes that are watched.
func (f *findings) mailboxes(ctx context.Context, cfg *config.Config) {
	for _, m := range cfg.Mailboxes {
		o, err := watcherOf(m)
		if err != nil {
			f.wrong("write the password into it, on one line, and give it to the user that runs postel, mode 0600", "%s", err)
			continue
		}
		f.mailbox(ctx, m, imap.New(o))
	}
}

func (f *findings) mailbox(ctx context.Context, m config.Mailbox, w *imap.Watcher) {
	ctx, cancel := context.WithTimeout(ctx, imapTime)
	defer cancel()
	found, err := w.Look(ctx)
	switch {
	case mailbox.LoginRefused(err):
		f.wrong("see whether user and password_file are right; some hosters want a password of its own for each program", "mailbox %s: %s", m.ID, err)
		return
	case err != nil:
		f.doubtful("texts wait until it can", "mailbox %s cannot be watched: %s", m.ID, err)
		return
	}
	if found.Missing {
		f.fine("mailbox %s: %s has no folder %s yet; it will be made", m.ID, m.User, m.Folder)
		return
	}
	f.fine("mailbox %s: %s of %s holds %s", m.ID, m.Folder, m.User, count(found.Mails, "mail"))
	if !found.Idle {
		f.fine("mailbox %s: the server has no IDLE, so it is asked every minute", m.ID)
	}
	if !found.Move {
		f.fine("mailbox %s: the server has no MOVE, so mail is copied and deleted", m.ID)
	}
	if m.AuthServer == "" {
		f.doubtful("set auth_server, or write addresses with keys", "mailbox %s: no author is believed; only who has a password or key in the address can send", m.ID)
	}
}
