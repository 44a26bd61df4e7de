package main

import (
	"context"
	"fmt"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
	"github.com/postel-mail/postel/transport/control"
)

// This file is the one place that knows all drivers.

// drivers gives the default settings of each.
var drivers = config.Drivers{
	"sim":   func() any { c := sim.Default(); return &c },
	"modem": func() any { c := modem.Default(); return &c },
	"http":  func() any { c := httpgw.Default(); return &c },
}

// openGateway makes a gateway of its settings. The simulated ones are lines into
// one network. The engine closes what is an io.Closer.
func (g *generation) openGateway(c config.Gateway) (smsengine.Gateway, error) {
	switch o := c.Options.(type) {
	case *sim.Config:
		return sim.New(c.ID, c.Number, *o, g.network)
	case *modem.Config:
		return modem.New(c.ID, c.Number, *o, modem.Options{Pins: g.state.pins(), Region: g.cfg.Region, Log: g.log})
	case *httpgw.Config:
		return g.openHTTP(c, *o)
	}
	return nil, fmt.Errorf("gateway %s: there is no driver %q", c.ID, c.Type)
}

// simulates reports whether there is a simulated network.
func simulates(cfg *config.Config) bool {
	for _, g := range cfg.Gateways {
		if g.Type == "sim" {
			return true
		}
	}
	return false
}

// How the mail server is handed mail: so many at a time, each within the time
// that RFC 5321 §4.5.3.2 lets a server think.
const (
	mailConcurrency = 8
	mailTimeout     = 15 * time.Minute
)

// openMail makes the gateway that is the mail server.
func openMail(cfg *config.Config) (*courier.Sender, error) {
	from := map[string]string{"": cfg.Mail.From}
	for _, g := range cfg.Gateways {
		if g.From != "" {
			from[g.ID] = g.From
		}
	}
	boxes, err := openBoxes(cfg)
	if err != nil {
		return nil, err
	}
	return courier.NewSender(courier.Options{
		Address: cfg.Mail.To, IMAP: boxes,
		Style: mailbridge.Style{
			Hostname: cfg.Hostname, Domain: cfg.Mail.Domain, From: from, Reports: cfg.Mail.Postmaster,
			ShortCodes: cfg.Address.ShortCodes, Zone: cfg.Site().Location,
		},
	})
}

// simNetwork is the simulated network as the control socket sees it.
type simNetwork struct{ *sim.Network }

// Inbox gives what a phone has once it has got so many texts.
func (n simNetwork) Inbox(ctx context.Context, number string, texts int) (control.Inbox, error) {
	in, err := n.Wait(ctx, number, texts)
	out := control.Inbox{Total: in.Total}
	for _, t := range in.Texts {
		text := control.Text{From: t.From, Text: t.Text, Data: t.Data, Flash: t.Flash, Parts: len(t.Parts), At: t.At}
		for _, p := range t.Parts {
			if text.Receipt != string(sim.ReceiptWaiting) { // one that is missing counts
				text.Receipt = string(p.Receipt)
			}
		}
		out.Texts = append(out.Texts, text)
	}
	return out, err
}
