package main

import (
	"context"
	"errors"
	"flag"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/setup"
	"github.com/postel-mail/postel/mailbridge"
)

// mtaCheck is what postel check shall look at in the mail server.
type mtaCheck struct {
	name mtaName
	dir  string
	root string
}

func (m *mtaCheck) flags(fs *flag.FlagSet) {
	fs.Var(&m.name, "mta", "look at the mail server's live configuration as well: postfix or sendmail (default: the one that is there)")
	fs.StringVar(&m.dir, "C", "", "the mail server's configuration `directory`, if not its own default")
	fs.StringVar(&m.root, "root", "", "the root `directory` of the mail server, if it runs in a chroot or container of its own")
}

// arguments takes "--mta postfix" for "--mta=postfix".
func (m *mtaCheck) arguments(args []string) error {
	if len(args) == 1 && m.name == anyMTA {
		return m.name.Set(args[0])
	}
	if len(args) > 0 {
		return usageError("check takes no arguments")
	}
	return nil
}

// mtaName is a flag that may stand alone.
type mtaName string

const (
	noMTA  mtaName = ""
	anyMTA mtaName = "any"
)

func (m *mtaName) String() string   { return string(*m) }
func (m *mtaName) IsBoolFlag() bool { return true }
func (m *mtaName) Set(s string) error {
	switch s {
	case "true":
		*m = anyMTA
	case "postfix", "sendmail":
		*m = mtaName(s)
	default:
		return usageError("there is no mail server \"" + s + "\" that postel knows; there are postfix and sendmail")
	}
	return nil
}

// find tells which mail server is there.
func (m *mtaCheck) find(h *setup.Host) (mtaName, error) {
	if m.name != anyMTA {
		return m.name, nil
	}
	if _, err := h.Find("postconf"); err == nil {
		return "postfix", nil
	}
	if setup.HasSendmail(h, m.dir) {
		return "sendmail", nil
	}
	return noMTA, errors.New("there is neither Postfix nor Sendmail here")
}

// mta looks for traps in the configuration of the mail server.
func (f *findings) mta(ctx context.Context, cfg *config.Config, m *mtaCheck) {
	if m.name == noMTA {
		return
	}
	h := setup.NewHost(m.root)
	name, err := m.find(h)
	if err != nil {
		f.wrong("run this on the machine of the mail server, or name its root directory with --root", "%s", err)
		return
	}
	var found []setup.Finding
	if name == "postfix" {
		found, err = postfixTraps(ctx, h, m.dir, cfg)
	} else {
		found, err = sendmailTraps(ctx, h, m.dir, cfg)
	}
	if err != nil {
		f.wrong("run this as root on the machine of the mail server", "%s: %s", name, err)
		return
	}
	for _, t := range found {
		switch t.Level {
		case setup.Wrong:
			f.wrong(t.Remedy, "%s: %s", name, t.What)
		case setup.Doubtful:
			f.doubtful(t.Remedy, "%s: %s", name, t.What)
		default:
			f.fine("%s: %s", name, t.What)
		}
	}
	for _, d := range cfg.Address.PhoneDomains {
		f.mx(ctx, d)
	}
	f.fine("%s writes recipients to its log (to=<...>, and refusals), which no setting hides: a password in an address can be read there; a key in its place (postel account key) is good for one number", name)
}

func postfixTraps(ctx context.Context, h *setup.Host, dir string, cfg *config.Config) ([]setup.Finding, error) {
	p, err := setup.ReadPostfix(ctx, h, dir)
	if err != nil {
		return nil, err
	}
	return p.Traps(ctx, siteOf(cfg, h, p.Queue())), nil
}

// siteOf is what Postel's configuration expects of the mail server. Sockets
// below the base are named relative to it.
func siteOf(cfg *config.Config, h *setup.Host, base string) setup.Site {
	name := func(e config.Endpoint) string {
		if e.IsZero() {
			return ""
		}
		if e.Network != "unix" {
			return "inet:" + e.Address
		}
		path := strings.TrimPrefix(e.Address, h.Root)
		if below, ok := strings.CutPrefix(path, filepath.Clean(base)+"/"); ok && base != "" {
			path = below
		}
		return "unix:" + path
	}
	senders := cfg.Access.Senders
	return setup.Site{
		Wanted: setup.Wanted{
			PhoneDomains: cfg.Address.PhoneDomains, Domains: cfg.Address.Domains, Take: cfg.Milter.Take,
			Milter: name(cfg.Milter.Listen), Policy: name(cfg.Policy.Listen), LMTP: name(cfg.LMTP.Listen),
		},
		Users:      cfg.Access.Domains,
		AnySender:  senders != nil && *senders == "any",
		TicketLife: mailbridge.TicketLife,
	}
}

// mx looks whether the phone domain has an address in the DNS: mail servers
// refuse senders from domains that do not exist, and answers come from there.
func (f *findings) mx(ctx context.Context, domain string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := net.DefaultResolver.LookupMX(ctx, domain); err == nil {
		return
	}
	if _, err := net.DefaultResolver.LookupHost(ctx, domain); err != nil {
		f.doubtful("give it an MX record that names this server", "%s has no MX record, or it cannot be seen from here: others refuse answers from it", domain)
	}
}

func sendmailTraps(ctx context.Context, h *setup.Host, dir string, cfg *config.Config) ([]setup.Finding, error) {
	s, err := setup.ReadSendmail(h, dir)
	if err != nil {
		return nil, err
	}
	return s.Traps(ctx, siteOf(cfg, h, "")), nil
}
