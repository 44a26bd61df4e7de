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
	at       config.Door
	listener *listen.Listener
	server   server
	open     atomic.Bool // it answers
	heir     bool        // it takes over a socket that is open
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

// openDoors makes the servers of all sockets that the configuration sets, and
// opens those that are not open, so that one that cannot be opened is known before
// any answers.
func (g *generation) openDoors(before *generation) error {
	for _, c := range g.cfg.Doors() {
		d := &door{name: c.Name, at: c, heir: before.doorAt(c.Listen) != nil}
		g.doors = append(g.doors, d)
		var err error
		if d.server, err = g.newServer(c.Name); err != nil {
			return err
		}
		if d.heir {
			continue
		}
		if d.listener, err = listen.Open(c.Listen.String(), g.listenOptions(c)); err != nil {
			return fmt.Errorf("%s: %w", c.Key(), err)
		}
	}
	return nil
}

func (g *generation) listenOptions(c config.Door) listen.Options {
	return listen.Options{Mode: uint32(c.Mode), Group: c.Group, Peers: c.Peers, Max: g.maxConnections(c.Name), Log: g.log}
}

// doorAt is the door with a socket; nil if there is none.
func (g *generation) doorAt(e config.Endpoint) *door {
	if g == nil {
		return nil
	}
	for _, d := range g.doors {
		if d.at.Listen == e {
			return d
		}
	}
	return nil
}

// newServer makes the server behind a door.
func (g *generation) newServer(name string) (server, error) {
	switch name {
	case "milter":
		return g.newMilter(), nil
	case "policy":
		return g.newGuard(), nil
	case "lmtp":
		return g.mailServer(g.cfg.LMTP.Listen, g.cfg.LMTP.Server, false), nil
	case "smtp":
		return g.mailServer(g.cfg.SMTP.Listen, g.cfg.SMTP.Server, true), nil
	case "submission", "submissions":
		return g.submission(name == "submissions")
	case "hooks":
		return g.newHooks()
	case "http":
		return g.newHTTP()
	case "attachments":
		server, err := attachments.New(g.shelf, g.log)
		return attachmentsDoor{server}, err
	default:
		return g.controlServer(), nil
	}
}

func (g *generation) newMilter() server {
	c := g.cfg.Milter
	o := milter.Options{
		Desk: g.engine, Phones: g.stages.Parser, Tickets: g.sealer, Letters: g.letters(), Seen: &g.seen,
		Scrub: milter.Scrub(c.Scrub), MaxSize: int64(c.MaxSize), Log: g.log,
	}
	if c.Take {
		o.Mode = milter.Take
	}
	return milter.New(o)
}

func (g *generation) newGuard() server {
	o := milter.GuardOptions{Phones: g.stages.Parser, Log: g.log}
	if !g.cfg.Milter.Listen.IsZero() {
		o.Seen = &g.seen
	}
	return milter.NewGuard(o)
}

// letters is how all doors read mail.
func (g *generation) letters() mailbridge.Letterbox {
	b := mailbridge.Letterbox{Phones: g.stages.Parser, Hostname: g.cfg.Hostname, Disclaimers: g.cfg.Text.Disclaimers}
	if g.shelf != nil {
		b.Trays = func() mailbridge.Tray { return g.shelf.Begin() }
	}
	return b
}

// maxConnections is the most connections of a door at a time; 0 leaves it to
// package listen.
func (g *generation) maxConnections(name string) int {
	switch name {
	case "lmtp":
		return g.cfg.LMTP.MaxConnections
	case "smtp":
		return g.cfg.SMTP.MaxConnections
	case "submission", "submissions":
		return g.cfg.Submission.MaxConnections
	case "hooks":
		return g.cfg.Hooks.MaxConnections
	case "http":
		return g.cfg.HTTP.MaxConnections
	}
	return 0
}

// controlServer serves the commands of this binary.
func (g *generation) controlServer() server {
	o := control.Options{
		Desk: g.engine, Operator: g.engine, Gateways: g.engine.States, Counts: g.store.Counts,
		Accounts: g.store, Caller: g.engine,
		Metrics: g.figures, Reload: g.reload,
		Version: buildVersion(), Started: g.started, Log: g.log,
	}
	o.Prefix, o.Domain = g.home()
	if simulates(g.cfg) {
		o.Network = simNetwork{g.network}
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
func (g *generation) home() (prefix, domain string) {
	if len(g.cfg.Address.Prefixes) > 0 {
		prefix, _, _ = strings.Cut(g.cfg.Address.Prefixes[0], "?")
	}
	for _, domains := range [][]string{g.cfg.Address.PhoneDomains, g.cfg.Address.Domains} {
		if len(domains) > 0 {
			return prefix, domains[0]
		}
	}
	return prefix, g.cfg.Mail.Domain
}

// mailServer serves mail for phones, in LMTP or SMTP. Only on a unix socket,
// whose peers are known, is its peer believed about local users.
func (g *generation) mailServer(at config.Endpoint, c config.Server, smtp bool) server {
	o := lmtp.Options{
		Desk: g.engine, Phones: g.stages.Parser, Tickets: g.sealer, Letters: g.letters(),
		Trusted: c.Trust, LocalUsers: at.Network == "unix" && len(g.stages.Accounts.Locals) > 0, SMTP: smtp, Host: g.cfg.Hostname,
		MaxSize: int64(c.MaxSize), MaxRecipients: c.MaxRecipients, Log: g.log,
	}
	for _, n := range c.TrustedNetworks {
		o.Networks = append(o.Networks, netip.MustParsePrefix(n)) // the configuration has checked it
	}
	return lmtp.New(o)
}
