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
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/httpapi/monitor"
)

// drainTime bounds how long the service finishes what is under way when it ends.
const drainTime = 30 * time.Second

// service is a running Postel: what stays as long as it runs. All that is made of
// its configuration is its generation.
type service struct {
	log       *slog.Logger
	started   time.Time
	state     state
	store     *sqlite.Store
	sealer    *mailbridge.Sealer // of the tickets that milter and lmtp share
	seen      milter.Presence    // mails that the milter looks at, for the policy guard
	passwords *account.Verifier
	network   *sim.Network   // of the gateways that are simulated
	level     *slog.LevelVar // of log; nil: it is not ours to change
	engine    *smsengine.Engine
	ready     *monitor.Readiness // to take messages
	figures   http.Handler       // the page of metrics
	now       atomic.Pointer[generation]
	source    func() (*config.Config, error) // reads the configuration as it is now; nil: there is no file of it
	closers   []func() error
	tune      func(*smsengine.Config) // changes how the engine works, such as by which clock; nil: nothing

	turn    sync.Mutex     // of reloads, and the end
	ending  atomic.Bool    // nothing new is to come
	mu      sync.Mutex     // guards open
	open    map[*door]bool // of all generations
	serving sync.WaitGroup // doors that answer, and generations that end
	failed  chan error     // of a door
}

// start makes the parts, top to bottom, and opens the sockets. Nothing is sent
// or answered until run. On an error all that was opened is closed again.
func start(cfg *config.Config, log *slog.Logger) (*service, error) {
	return startTuned(cfg, log, nil)
}

// startTuned is start with another clock, or whatever else tune says.
func startTuned(cfg *config.Config, log *slog.Logger, tune func(*smsengine.Config)) (s *service, err error) {
	s = &service{
		log: log, tune: tune, started: time.Now(), passwords: account.NewVerifier(nil), network: sim.NewNetwork(),
		open: map[*door]bool{}, failed: make(chan error, 1),
	}
	var g *generation
	defer func() {
		if err != nil && g != nil {
			err = errors.Join(err, g.discard(nil))
		}
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
	if g, err = s.make(cfg, nil); err != nil {
		return s, err
	}
	s.engine = smsengine.New(g.engineConfig())
	g.lanes = nil
	s.closers = append(s.closers, s.engine.Close)
	s.ready = monitor.Ready(s.checks()...)
	s.figures = s.newMetrics()
	if err := g.openMailboxes(); err != nil {
		return s, err
	}
	if err := g.openDoors(nil); err != nil {
		return s, err
	}
	s.now.Store(g)
	s.turn.Lock() // until run: a reload waits
	return s, nil
}

// run works until ctx ends or a door fails. It then stops taking, finishes what
// is under way within drainTime, and closes everything. ready is called when
// all doors answer.
func (s *service) run(ctx context.Context, ready func()) error {
	working, stop := context.WithCancel(context.Background())
	defer stop()
	var engine sync.WaitGroup
	engine.Go(func() { s.engine.Run(working, drainTime) })
	s.now.Load().begin(nil)
	s.turn.Unlock()
	ready()

	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failed:
		s.log.Error("a door failed, ending", "err", err)
	}
	err = errors.Join(err, s.shutDoors())
	s.serving.Wait()
	stop() // what the doors took is stored; now the engine may end
	engine.Wait()
	return errors.Join(err, s.close())
}

// serve lets a door answer, until it is shut or has handed its socket over.
func (s *service) serve(d *door) {
	s.mu.Lock()
	s.open[d] = true
	s.mu.Unlock()
	d.open.Store(true)
	s.serving.Go(func() {
		defer d.open.Store(false)
		if err := d.server.Serve(d.listener); err != nil {
			select {
			case s.failed <- fmt.Errorf("%s on %s: %w", d.name, d.where(), err):
			default: // one is enough
			}
		}
	})
}

// shutDoors ends the doors of all generations side by side, that for programs
// last: /readyz says on it that the service is ending, to load balancers that look
// in time.
func (s *service) shutDoors() error {
	s.turn.Lock() // a reload that has begun is done first
	s.ending.Store(true)
	s.turn.Unlock()
	g := s.now.Load()
	g.watching()
	var last, others []*door
	s.mu.Lock()
	for d := range s.open {
		if d.name == "http" && slices.Contains(g.doors, d) {
			last = append(last, d)
		} else {
			others = append(others, d)
		}
	}
	s.mu.Unlock()
	notice := time.After(time.Duration(g.cfg.HTTP.ShutdownDelay))
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
		s.mu.Lock()
		open := s.open[d]
		delete(s.open, d)
		s.mu.Unlock()
		if !open {
			continue // somebody else shuts it
		}
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

// close closes what start opened, last first.
func (s *service) close() error {
	var errs []error
	if g := s.now.Load(); g != nil {
		for _, d := range g.doors {
			_ = d.listener.Close() // closed already, if it ever served
		}
		errs = append(errs, g.end())
	}
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
