package main

import (
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/stage"
)

// numbers are ours, by gateway.
func numbers(cfg *config.Config) map[string]smsengine.Address {
	all := map[string]smsengine.Address{}
	for _, g := range cfg.Gateways {
		if g.Number != "" {
			all[g.ID] = smsengine.Phone(g.Number)
		}
	}
	return all
}

// decisions makes what the stages decide by. The service and postel explain both
// take it from here.
func decisions(cfg *config.Config) (stage.Config, error) {
	parser, err := phone.New(cfg.Phones())
	if err != nil {
		return stage.Config{}, err
	}
	c := stage.Config{
		Parser:   parser,
		Accounts: decider(cfg),
		Expiry:   time.Duration(cfg.Queue.Expiry),
		Warn:     time.Duration(cfg.Queue.DelayWarning),
		LinkFor:  time.Duration(cfg.Links.Lifetime),

		Reception: reception(cfg.Incoming),
	}
	c.WideReferences = cfg.Text.WideReferences
	c.Numbers, c.Templates = numbers(cfg), cfg.Text.Forms()
	c.Ways, c.Patience = map[string]stage.Way{}, time.Duration(cfg.Routing.Patience)
	for _, g := range cfg.Gateways {
		if c.Ways[g.ID], err = wayOf(cfg, g); err != nil {
			return stage.Config{}, err
		}
		c.Phones = append(c.Phones, g.ID)
		c.DefaultRecipient[g.ID] = recipient(g.DefaultRecipient)
	}
	return c, nil
}

// decider knows who may send. Commands about accounts need no more.
func decider(cfg *config.Config) *account.Decider {
	return &account.Decider{Site: cfg.Site(), Passwords: account.NewVerifier(nil)}
}

// recipient reads gateway.default_recipient: a mailbox, or the list of an account.
func recipient(who string) smsengine.Address {
	if account, ok := strings.CutPrefix(who, string(smsengine.InboxOf)+":"); ok {
		return smsengine.Inbox(account)
	}
	return smsengine.Mailbox(who)
}

// reception is what becomes of texts from phones; the gateways' default
// recipients are still missing.
func reception(in config.Incoming) stage.Reception {
	return stage.Reception{
		DirectDomains: in.DirectDomains, Conflict: in.Conflict, ConflictLimit: in.ConflictLimit,
		Stop: in.Stop, Start: in.Start, Identical: in.Identical,
		DefaultRecipient: map[string]smsengine.Address{},
	}
}
