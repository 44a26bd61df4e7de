package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/milter"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
	"github.com/postel-mail/postel/smsengine/gateway/webhook"
	"github.com/postel-mail/postel/smsengine/stage"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/attachments"
	"github.com/postel-mail/postel/transport/hooks"
	"github.com/postel-mail/postel/transport/httpapi/monitor"
	"github.com/postel-mail/postel/transport/imap"
)

// drainTime bounds how long the service finishes what is under way when it ends.
const drainTime = 30 * time.Second

// service is the parts of a running Postel.
type service struct {
	cfg      *config.Config
	log      *slog.Logger
	state    state
	store    *sqlite.Store
	sealer   *mailbridge.Sealer // of the tickets that milter and lmtp share
	stages   stage.Config
	rules    *rulebook
	shelf    *attachments.Shelf // of files that texts have links to; nil: none have
	network  *sim.Network       // nil: no gateway is simulated
	hooks    []hooks.Hook       // of the gateways whose providers call us
	system   *systemUsers       // nil: nobody is asked about mail users' passwords
	engine   *smsengine.Engine
	webhooks *webhook.Gateway
	milter   *milter.Server // nil: the configuration has none
	doors    []*door
	ready    *monitor.Readiness // to take messages
	figures  http.Handler       // the page of metrics
	ending   atomic.Bool        // nothing new is to come
	watches  []*imap.Watcher
	closers  []func() error // what is to be closed at the end, last first

	tune func(*smsengine.Config) // changes how the engine works, such as by which clock; nil: nothing
}

// start makes the parts, top to bottom, and opens the sockets. Nothing is sent
// or answered until run. On an error all that was opened is closed again.
func start(cfg *config.Config, log *slog.Logger) (*service, error) {
	return startTuned(cfg, log, nil)
}

// startTuned is start with another clock, or whatever else tune says.
func startTuned(cfg *config.Config, log *slog.Logger, tune func(*smsengine.Config)) (s *service, err error) {
	s = &service{cfg: cfg, log: log, tune: tune}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.state, err = openState(cfg); err != nil {
		return s, err
	}
	s.closers = append(s.closers, s.state.close)
	if s.store, err = sqlite.Open(s.state.database(), sqlite.Options{}); err != nil {
		return s, err
	}
	s.closers = append(s.closers, s.store.Close)
	key, err := mailbridge.LoadKey(s.state.key())
	if err != nil {
		return s, err
	}
	s.sealer = mailbridge.NewSealer(key)
	if s.stages, err = decisions(cfg); err != nil {
		return s, err
	}
	if s.rules, err = openRules(cfg, s.stages.Parser); err != nil {
		return s, fmt.Errorf("rules: %w", err)
	}
	s.stages.Rules = s.rules.stages()
	if err := s.settleAccounts(); err != nil {
		return s, err
	}
	if a := cfg.Attachments; !a.Listen.IsZero() {
		if s.shelf, err = attachments.Open(s.state.attachments(), a.URL, time.Duration(a.Lifetime), int64(a.MaxSize)); err != nil {
			return s, err
		}
	}
	if s.engine, err = s.newEngine(); err != nil {
		return s, err
	}
	if err := s.openMailboxes(); err != nil {
		return s, err
	}
	s.ready = monitor.Ready(s.checks()...)
	s.figures = s.newMetrics()
	return s, s.openDoors()
}

// settleAccounts opens where mail users' passwords are verified, and looks
// whether the configuration and the accounts fit together.
func (s *service) settleAccounts() (err error) {
	if s.system, err = openSystem(s.cfg.System); err != nil {
		return err
	}
	if s.system != nil {
		s.closers = append(s.closers, s.system.checker.Close)
		s.stages.Accounts.System = s.system.verifyAddress
	}
	dir, err := s.store.Directory(context.Background())
	if err != nil {
		return err
	}
	for gateway, to := range s.stages.DefaultRecipient {
		if _, there := dir.Account(to.Value); to.Scheme == smsengine.InboxOf && !there {
			s.log.Warn("texts that answer nobody go to the list of an account that is not there", "gateway", gateway, "account", to.Value)
		}
	}
	for _, missing := range s.stages.Accounts.Missing(dir) {
		s.log.Warn("the configuration names an account that is not there", "err", missing)
	}
	return errors.Join(s.stages.Accounts.Twice(dir)...)
}

// newEngine opens the gateways and makes the engine that sends through them, and
// closes them.
func (s *service) newEngine() (engine *smsengine.Engine, err error) {
	lanes := map[string]smsengine.Lane{}
	defer func() {
		if err != nil {
			err = errors.Join(err, smsengine.New(smsengine.Config{Gateways: lanes}).Close())
		}
	}()
	if simulates(s.cfg) {
		s.network = sim.NewNetwork()
	}
	for _, g := range s.cfg.Gateways {
		gateway, err := s.openGateway(g)
		if err != nil {
			return nil, err
		}
		lanes[g.ID] = laneOf(g, gateway, s.stages.Numbers[g.ID])
	}
	mail, err := openMail(s.cfg)
	if err != nil {
		return nil, err
	}
	lanes[smsengine.MailGateway] = smsengine.Lane{Gateway: mail, Concurrency: mailConcurrency, Timeout: mailTimeout}

	s.webhooks = s.newWebhooks()
	lanes[smsengine.WebhookGateway] = smsengine.Lane{Gateway: s.webhooks, Concurrency: webhookConcurrency, Timeout: webhookTimeout}

	deeds, err := openDeeds(s.cfg, s.store, s.stages)
	if err != nil {
		return nil, err
	}
	lanes[smsengine.RulesGateway] = smsengine.Lane{Gateway: deeds, Concurrency: deedConcurrency, Timeout: deedTimeout}

	q := s.cfg.Queue
	repeat := 0
	if q.RepeatUnsure == "once" {
		repeat = 1
	}
	settings := smsengine.Config{
		Node: s.cfg.Hostname, Store: s.store, Gateways: lanes, Log: s.log, Zone: s.stages.Accounts.Site.Location,
		Outgoing: stage.Outgoing(s.stages), Incoming: stage.Incoming(s.stages),
		Retry:  smsengine.Retry{First: time.Duration(q.RetryFirst), Max: time.Duration(q.RetryMax)},
		Repeat: repeat, Incomplete: time.Duration(q.Incomplete), Administrator: s.stages.Accounts.Administrator,
	}
	if s.tune != nil {
		s.tune(&settings)
	}
	engine = smsengine.New(settings)
	s.closers = append(s.closers, engine.Close)
	return engine, nil
}

// run works until ctx ends or a door fails. It then stops taking, finishes what
// is under way within drainTime, and closes everything. ready is called when
// all doors answer.
func (s *service) run(ctx context.Context, ready func()) error {
	working, stop := context.WithCancel(context.Background())
	defer stop()
	var engine, doors sync.WaitGroup
	engine.Go(func() { s.engine.Run(working, drainTime) })
	failed := make(chan error, len(s.doors))
	for _, d := range s.doors {
		d.open.Store(true)
		doors.Go(func() {
			defer d.open.Store(false)
			if err := d.server.Serve(d.listener); err != nil {
				failed <- fmt.Errorf("%s on %s: %w", d.name, d.where(), err)
			}
		})
	}
	watching, unwatch := context.WithCancel(context.Background())
	defer unwatch()
	doors.Go(func() { s.rules.watch(watching, s.log) })
	for _, w := range s.watches {
		doors.Go(func() { w.Run(watching) })
	}
	ready()

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		s.log.Error("a door failed, ending", "err", err)
	}
	s.ending.Store(true)
	unwatch()
	err = errors.Join(err, s.shutDoors())
	doors.Wait()
	stop() // what the doors took is stored; now the engine may end
	engine.Wait()
	return errors.Join(err, s.close())
}

// shutDoors ends the doors side by side, that for programs last: /readyz says on
// it that the service is ending, to load balancers that look in time.
func (s *service) shutDoors() error {
	last, others := []*door(nil), []*door(nil)
	for _, d := range s.doors {
		if d.name == "http" {
			last = append(last, d)
		} else {
			others = append(others, d)
		}
	}
	notice := time.After(time.Duration(s.cfg.HTTP.ShutdownDelay))
	err := s.shut(others, drainTime)
	if len(last) == 0 {
		return err
	}
	<-notice
	return errors.Join(err, s.shut(last, lastRequests))
}

// lastRequests bounds how long the last door finishes what is under way.
const lastRequests = 10 * time.Second

// shut ends some doors. A connection that had to be cut off is no failure: its
// peer was not told that its mail was taken.
func (s *service) shut(doors []*door, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var all sync.WaitGroup
	errs := make([]error, len(doors))
	for i, d := range doors {
		all.Go(func() {
			err := d.server.Shutdown(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				s.log.Warn("connections were cut off", "door", d.name)
				err = nil
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// close closes what start opened.
func (s *service) close() error {
	var errs []error
	for _, d := range s.doors {
		_ = d.listener.Close() // closed already, if it ever served
	}
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
