package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/webhook"
	"github.com/postel-mail/postel/smsengine/stage"
	"github.com/postel-mail/postel/transport/attachments"
	"github.com/postel-mail/postel/transport/hooks"
	"github.com/postel-mail/postel/transport/imap"
)

// generation is a configuration and what is made of it. A reload makes the next
// one; a connection stays to its end with the one that it began in.
type generation struct {
	*service
	cfg      *config.Config
	stages   stage.Config
	rules    *rulebook
	shelf    *attachments.Shelf           // of files that texts have links to; nil: none have
	lanes    map[string]smsengine.Lane    // the engine's, once it has them
	phones   map[string]smsengine.Gateway // the gateways to phones, by ID
	hooks    []hooks.Hook                 // of the gateways whose providers call us
	system   *systemUsers                 // nil: nobody is asked about mail users' passwords
	webhooks *webhook.Gateway
	doors    []*door
	watches  []*imap.Watcher

	watching context.CancelFunc // ends what watches: rules, mailboxes
	watchers sync.WaitGroup
}

// make makes the parts of a generation that need no engine, top to bottom. Of the
// one before it has the gateways that are the same. Nothing is sent or answered.
// What was made on the way to an error is for discard.
func (s *service) make(cfg *config.Config, before *generation) (g *generation, err error) {
	g = &generation{service: s, cfg: cfg}
	if g.stages, err = decisions(cfg); err != nil {
		return g, err
	}
	g.stages.Accounts.Passwords = s.passwords
	if g.rules, err = openRules(cfg, g.stages.Parser); err != nil {
		return g, fmt.Errorf("rules: %w", err)
	}
	g.stages.Rules = g.rules.stages()
	if err := g.settleAccounts(); err != nil {
		return g, err
	}
	if a := cfg.Attachments; !a.Listen.IsZero() {
		if g.shelf, err = attachments.Open(s.state.attachments(), a.URL, time.Duration(a.Lifetime), int64(a.MaxSize)); err != nil {
			return g, err
		}
	}
	return g, g.openLanes(before)
}

// settleAccounts opens where mail users' passwords are verified, and looks
// whether the configuration and the accounts fit together.
func (g *generation) settleAccounts() (err error) {
	if g.system, err = openSystem(g.cfg.System); err != nil {
		return err
	}
	if g.system != nil {
		g.stages.Accounts.System = g.system.verifyAddress
	}
	dir, err := g.store.Directory(context.Background())
	if err != nil {
		return err
	}
	for gateway, to := range g.stages.DefaultRecipient {
		if _, there := dir.Account(to.Value); to.Scheme == smsengine.InboxOf && !there {
			g.log.Warn("texts that answer nobody go to the list of an account that is not there", "gateway", gateway, "account", to.Value)
		}
	}
	for _, missing := range g.stages.Accounts.Missing(dir) {
		g.log.Warn("the configuration names an account that is not there", "err", missing)
	}
	return errors.Join(g.stages.Accounts.Twice(dir)...)
}

// openLanes opens the gateways: to phones, to the mail server, to webhooks, and
// the one that does what rules want done.
func (g *generation) openLanes(before *generation) error {
	g.lanes, g.phones = map[string]smsengine.Lane{}, map[string]smsengine.Gateway{}
	for _, c := range g.cfg.Gateways {
		gateway := before.same(g, c)
		if gateway == nil {
			var err error
			if gateway, err = g.openGateway(c); err != nil {
				return err
			}
		}
		g.phones[c.ID] = gateway
		g.lanes[c.ID] = laneOf(c, gateway, g.stages.Numbers[c.ID])
	}
	mail, err := openMail(g.cfg)
	if err != nil {
		return err
	}
	g.lanes[smsengine.MailGateway] = smsengine.Lane{Gateway: mail, Concurrency: mailConcurrency, Timeout: mailTimeout}
	g.webhooks = g.newWebhooks()
	g.lanes[smsengine.WebhookGateway] = smsengine.Lane{Gateway: g.webhooks, Concurrency: webhookConcurrency, Timeout: webhookTimeout}
	deeds, err := openDeeds(g.cfg, g.store, g.stages)
	if err != nil {
		return err
	}
	g.lanes[smsengine.RulesGateway] = smsengine.Lane{Gateway: deeds, Concurrency: deedConcurrency, Timeout: deedTimeout}
	return nil
}

// engineConfig is what the engine works by.
func (g *generation) engineConfig() smsengine.Config {
	q := g.cfg.Queue
	repeat := 0
	if q.RepeatUnsure == "once" {
		repeat = 1
	}
	c := smsengine.Config{
		Node: g.cfg.Hostname, Store: g.store, Gateways: g.lanes, Log: g.log, Zone: g.stages.Accounts.Site.Location,
		Outgoing: stage.Outgoing(g.stages), Incoming: stage.Incoming(g.stages),
		Retry:  smsengine.Retry{First: time.Duration(q.RetryFirst), Max: time.Duration(q.RetryMax)},
		Repeat: repeat, Incomplete: time.Duration(q.Incomplete), Administrator: g.stages.Accounts.Administrator,
	}
	if g.tune != nil {
		g.tune(&c)
	}
	return c
}

// begin lets the doors answer, and watches rules and mailboxes. A mailbox has one
// watcher at a time: those of the generation before end first.
func (g *generation) begin(before *generation) {
	for _, d := range g.doors {
		g.serve(d)
	}
	var watching context.Context
	watching, g.watching = context.WithCancel(context.Background())
	g.watchers.Go(func() { g.rules.watch(watching, g.log) })
	for _, w := range g.watches {
		g.watchers.Go(func() {
			if before != nil {
				before.watchers.Wait()
			}
			w.Run(watching)
		})
	}
}

// end ends the watchers, and then closes what nobody asks any more: the doors must
// have ended.
func (g *generation) end() error {
	if g.watching != nil {
		g.watching()
		g.watchers.Wait()
	}
	system := g.system
	if g.system = nil; system == nil {
		return nil
	}
	return system.checker.Close()
}

// discard closes what was made of a configuration that is not to be: sockets, and
// the gateways that the generation before has not.
func (g *generation) discard(before *generation) error {
	var errs []error
	for _, d := range g.doors {
		if d.listener != nil {
			errs = append(errs, d.listener.Close())
		}
	}
	for id, l := range g.lanes {
		if before != nil && before.phones[id] == l.Gateway {
			continue
		}
		if c, ok := l.Gateway.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(append(errs, g.end())...)
}
