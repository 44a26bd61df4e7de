package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/milter"
	"github.com/postel-mail/postel/transport/attachments"
	"github.com/postel-mail/postel/transport/control"
	"github.com/postel-mail/postel/transport/listen"
	"github.com/postel-mail/postel/transport/lmtp"
)

// door is an open socket and the server behind it.
type door struct {
	name     string
	listener *listen.Listener
	server   server
	open     atomic.Bool // it answers
}

// server answers the connections of a socket.
type server interface {
	Serve(*listen.Listener) error // until Shutdown, and nil then
	Shutdown(context.Context) error
}

// where is the door's address as postel.toml writes it.
func (d *door) where() string { return spec(d.listener.Addr()) }

func spec(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return "inet:" + a.String()
}

// openDoors opens all sockets that the configuration sets, so that one that
// cannot be opened is known before any answers.
func (s *service) openDoors() error {
	for _, c := range s.cfg.Doors() {
		l, err := listen.Open(c.Listen.String(), listen.Options{
			Mode: uint32(c.Mode), Group: c.Group, Peers: c.Peers, Max: s.maxConnections(c.Name), Log: s.log,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", c.Key(), err)
		}
		d := &door{name: c.Name, listener: l}
		s.doors = append(s.doors, d)
		if d.server, err = s.newServer(c.Name); err != nil {
			return err
		}
	}
	return nil
}

// newServer makes the server behind a door.
func (s *service) newServer(name string) (server, error) {
	switch name {
	case "milter":
		return s.newMilter(), nil
	case "policy":
		o := milter.GuardOptions{Phones: s.stages.Parser, Log: s.log}
		if s.milter != nil {
			o.Seen = s.milter.Seen
		}
		return milter.NewGuard(o), nil
	case "lmtp":
		return s.mailServer(s.cfg.LMTP.Listen, s.cfg.LMTP.Server, false), nil
	case "smtp":
		return s.mailServer(s.cfg.SMTP.Listen, s.cfg.SMTP.Server, true), nil
	case "submission", "submissions":
		return s.submission(name == "submissions")
	case "hooks":
		return s.newHooks()
	case "http":
		return s.newHTTP()
	case "attachments":
		server, err := attachments.New(s.shelf, s.log)
		return attachmentsDoor{server}, err
	default:
		return s.controlServer(), nil
	}
}

// newMilter makes the milter, which the policy guard asks about too.
func (s *service) newMilter() server {
	c := s.cfg.Milter
	o := milter.Options{
		Desk: s.engine, Phones: s.stages.Parser, Tickets: s.sealer, Letters: s.letters(),
		Scrub: milter.Scrub(c.Scrub), MaxSize: int64(c.MaxSize), Log: s.log,
	}
	if c.Take {
		o.Mode = milter.Take
	}
	s.milter = milter.New(o)
	return s.milter
}

// letters is how all doors read mail.
func (s *service) letters() mailbridge.Letterbox {
	b := mailbridge.Letterbox{Phones: s.stages.Parser, Hostname: s.cfg.Hostname, Disclaimers: s.cfg.Text.Disclaimers}
	if s.shelf != nil {
		b.Trays = func() mailbridge.Tray { return s.shelf.Begin() }
	}
	return b
}

// maxConnections is the most connections of a door at a time; 0 leaves it to
// package listen.
func (s *service) maxConnections(name string) int {
	switch name {
	case "lmtp":
		return s.cfg.LMTP.MaxConnections
	case "smtp":
		return s.cfg.SMTP.MaxConnections
	case "submission", "submissions":
		return s.cfg.Submission.MaxConnections
	case "hooks":
		return s.cfg.Hooks.MaxConnections
	case "http":
		return s.cfg.HTTP.MaxConnections
	}
	return 0
}

// controlServer serves the commands of this binary.
func (s *service) controlServer() server {
	o := control.Options{
		Desk: s.engine, Operator: s.engine, Gateways: s.engine.States, Counts: s.store.Counts,
		Accounts: s.store, Caller: s.engine,
		Metrics: s.figures,
		Version: buildVersion(), Log: s.log,
	}
	o.Prefix, o.Domain = s.home()
	if s.network != nil {
		o.Network = simNetwork{s.network}
	}
	return controlDoor{control.NewServer(o)}
}

// attachmentsDoor is an attachments.Server, which takes any listener, as a server.
type attachmentsDoor struct{ *attachments.Server }

func (a attachmentsDoor) Serve(l *listen.Listener) error { return a.Server.Serve(l) }

// controlDoor is a control.Server, which takes any listener, as a server.
type controlDoor struct{ *control.Server }

func (c controlDoor) Serve(l *listen.Listener) error { return c.Server.Serve(l) }

// home gives prefix and domain of an address for a number that is alone.
func (s *service) home() (prefix, domain string) {
	if len(s.cfg.Address.Prefixes) > 0 {
		prefix, _, _ = strings.Cut(s.cfg.Address.Prefixes[0], "?")
	}
	for _, domains := range [][]string{s.cfg.Address.PhoneDomains, s.cfg.Address.Domains} {
		if len(domains) > 0 {
			return prefix, domains[0]
		}
	}
	return prefix, s.cfg.Mail.Domain
}

// mailServer serves mail for phones, in LMTP or SMTP. Only on a unix socket,
// whose peers are known, is its peer believed about local users.
func (s *service) mailServer(at config.Endpoint, c config.Server, smtp bool) server {
	o := lmtp.Options{
		Desk: s.engine, Phones: s.stages.Parser, Tickets: s.sealer, Letters: s.letters(),
		Trusted: c.Trust, LocalUsers: at.Network == "unix" && len(s.stages.Accounts.Locals) > 0, SMTP: smtp, Host: s.cfg.Hostname,
		MaxSize: int64(c.MaxSize), MaxRecipients: c.MaxRecipients, Log: s.log,
	}
	for _, n := range c.TrustedNetworks {
		o.Networks = append(o.Networks, netip.MustParsePrefix(n)) // the configuration has checked it
	}
	return lmtp.New(o)
}
