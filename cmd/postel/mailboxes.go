package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge/courier"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/imap"
)

// openBoxes gives the mailboxes that answers are put into; zero if they go
// elsewhere.
func openBoxes(cfg *config.Config) (courier.IMAP, error) {
	if cfg.Mail.To != "imap" {
		return courier.IMAP{}, nil
	}
	server, password, err := imapServer(cfg.IMAP.IMAPServer)
	if err != nil {
		return courier.IMAP{}, fmt.Errorf("imap.%w", err)
	}
	return courier.IMAP{
		Server: server, User: cfg.IMAP.User, Password: password,
		Folder: cfg.IMAP.Folder, Reports: cfg.IMAP.ReportFolder,
	}, nil
}

// openMailboxes makes the watchers of the mailboxes that are doors. They connect
// when they run.
func (g *generation) openMailboxes() error {
	for _, m := range g.cfg.Mailboxes {
		o, err := watcherOf(m)
		if err != nil {
			return err
		}
		o.Desk, o.Letterbox, o.Log = g.engine, g.letters(), g.log
		o.Expiry = time.Duration(g.cfg.Queue.Expiry)
		o.Retry = smsengine.Retry{First: time.Duration(g.cfg.Queue.RetryFirst), Max: time.Duration(g.cfg.Queue.RetryMax)}
		g.watches = append(g.watches, imap.New(o))
	}
	return nil
}

// watcherOf is what a [[mailbox]] says of its watcher.
func watcherOf(m config.Mailbox) (imap.Options, error) {
	server, password, err := imapServer(m.IMAPServer)
	if err != nil {
		return imap.Options{}, fmt.Errorf("mailbox %s: %w", m.ID, err)
	}
	return imap.Options{
		ID: m.ID, Server: server, User: m.User, Password: password,
		Folder: m.Folder, Done: m.Done, Refused: m.Refused, AuthServer: m.AuthServer,
	}, nil
}

// imapServer reads the files that a server's settings name. The error begins with
// the key.
func imapServer(c config.IMAPServer) (s mailbox.Server, password phone.Secret, err error) {
	s = mailbox.Server{Address: c.Server, Security: mailbox.Security(c.TLS)}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return s, password, fmt.Errorf("ca_file: %w", err)
		}
		if s.Roots = x509.NewCertPool(); !s.Roots.AppendCertsFromPEM(pem) {
			return s, password, fmt.Errorf("ca_file: %s holds no certificate in PEM", c.CAFile)
		}
	}
	if password, err = passwordIn(c.PasswordFile); err != nil {
		return s, password, fmt.Errorf("password_file: %w", err)
	}
	return s, password, nil
}

// passwordIn reads a file of one line that only we may read.
func passwordIn(path string) (phone.Secret, error) {
	if err := ownersOnly(path); err != nil {
		return phone.Secret{}, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return phone.Secret{}, err
	}
	password := strings.TrimRight(string(b), "\r\n")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return phone.Secret{}, fmt.Errorf("%s does not hold one line", path)
	}
	return phone.NewSecret(password), nil
}
