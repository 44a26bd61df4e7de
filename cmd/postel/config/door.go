package config

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/smsengine/phone"
)

// Door is a socket that the configuration opens.
type Door struct {
	Name   string // of its table, or "submissions" (RFC 8314), the second of [submission]
	Listen Endpoint
	Socket
}

// Key is where the socket stands in the file.
func (d Door) Key() string {
	if d.Name == "submissions" {
		return d.Table() + ".tls_listen"
	}
	return d.Table() + ".listen"
}

// Table is the table that it stands in.
func (d Door) Table() string {
	if d.Name == "submissions" {
		return "submission"
	}
	return d.Name
}

// Doors lists the sockets that are set; the first is always the control socket.
func (c *Config) Doors() []Door {
	doors := []Door{
		{"control", c.Control.Listen, Socket{c.Control.Mode, c.Control.Group, c.Control.Peers}},
		{"milter", c.Milter.Listen, c.Milter.Socket},
		{"policy", c.Policy.Listen, c.Policy.Socket},
		{"lmtp", c.LMTP.Listen, c.LMTP.Socket},
		{"smtp", c.SMTP.Listen, c.SMTP.Socket},
		{"submission", c.Submission.Listen, c.Submission.Socket},
		{"attachments", c.Attachments.Listen, c.Attachments.Socket},
		{"hooks", c.Hooks.Listen, c.Hooks.Socket},
		{"http", c.HTTP.Listen, c.HTTP.Socket},
		{"submissions", c.Submission.TLSListen, c.Submission.Socket},
	}
	set := doors[:1]
	for _, d := range doors[1:] {
		if !d.Listen.IsZero() {
			set = append(set, d)
		}
	}
	return set
}

// Target is where mail goes.
type Target struct {
	Protocol string   // "smtp", "lmtp", "maildir" or "imap"
	Socket   Endpoint // of a server
	Path     string   // of a Maildir
}

// Target reads the key to.
func (m *Mail) Target() (Target, error) {
	protocol, rest, _ := strings.Cut(m.To, ":")
	t := Target{Protocol: protocol}
	path, isUnix := strings.CutPrefix(rest, "unix:")
	switch {
	case m.To == "imap":
		return t, nil
	case protocol == "maildir" && filepath.IsAbs(rest):
		t.Path = filepath.Clean(rest)
		return t, nil
	case (protocol == "smtp" || protocol == "lmtp") && isUnix && filepath.IsAbs(path):
		t.Socket = Endpoint{"unix", filepath.Clean(path)}
		return t, nil
	case (protocol == "smtp" || protocol == "lmtp") && !isUnix:
		if host, port, err := net.SplitHostPort(rest); err == nil && host != "" && port != "" {
			t.Socket = Endpoint{"tcp", rest}
			return t, nil
		}
	}
	return Target{}, fmt.Errorf("%q is not a place for mail", m.To)
}

// Phones gives the rules by which addresses are phones.
func (c *Config) Phones() phone.Rules {
	rules := phone.Rules{
		Domains: c.Address.Domains, PhoneDomains: c.Address.PhoneDomains,
		Region: c.Region, ShortCodes: c.Address.ShortCodes, AnyShort: true, BareNumbers: c.Address.BareNumbers,
	}
	for _, p := range c.Address.Prefixes {
		name, defaults, _ := strings.Cut(p, "?")
		rules.Prefixes = append(rules.Prefixes, phone.Prefix{Name: name, Defaults: defaults})
	}
	return rules
}
