package smsengine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// exchange is what all gateways of a test see together: it minds that of one ID
// only one is at work, and writes down what left.
type exchange struct {
	mu       sync.Mutex
	at       map[string]*station // who is at work under an ID
	stations []*station
	left     map[smsengine.MessageID][]leaving
	sent     []smsengine.MessageID  // in the order in which they left
	tries    map[string][]time.Time // under each ID
	faults   []string
}

type leaving struct {
	id   string
	part int
}

// station is a gateway that may be opened and closed once, and is used by nobody
// before or after.
type station struct {
	x       *exchange
	id      string
	answers time.Duration
	moods   []string // of the next sends: "fails", "hangs"; then all is well
	busy    int      // calls of Send and Listen
	most    int      // of Send at once
	sending int
	closed  int
	stuck   chan struct{} // not nil: Send waits for it, whatever its context says
	before  func()        // not nil: called as Send begins
}

func newExchange() *exchange {
	return &exchange{at: map[string]*station{}, left: map[smsengine.MessageID][]leaving{}, tries: map[string][]time.Time{}}
}

func (x *exchange) station(id string, answers time.Duration, moods ...string) *station {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := &station{x: x, id: id, answers: answers, moods: moods}
	x.stations = append(x.stations, s)
	return s
}

func (x *exchange) fault(format string, args ...any) {
	x.faults = append(x.faults, fmt.Sprintf(format, args...))
}

// enter and leave stand around every call of the engine.
func (s *station) enter(call string) {
	if other := s.x.at[s.id]; other != nil && other != s {
		s.x.fault("%s of %s while the one before is at work", call, s.id)
	}
	if s.closed > 0 {
		s.x.fault("%s of %s after Close", call, s.id)
	}
	s.x.at[s.id] = s
	s.busy++
}

func (s *station) leave() {
	if s.busy--; s.busy == 0 {
		s.x.at[s.id] = nil
	}
}

func (s *station) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	s.x.mu.Lock()
	s.enter("Send")
	s.x.tries[s.id] = append(s.x.tries[s.id], time.Now())
	s.sending++
	s.most = max(s.most, s.sending)
	mood := ""
	if len(s.moods) > 0 {
		mood, s.moods = s.moods[0], s.moods[1:]
	}
	stuck := s.stuck
	s.x.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	defer func() {
		s.x.mu.Lock()
		defer s.x.mu.Unlock()
		s.sending--
		s.leave()
	}()
	if stuck != nil {
		<-stuck
	}
	switch time.Sleep(s.answers); mood {
	case "hangs":
		<-ctx.Done()
		return smsengine.Taking{}, smsengine.Fail("station", smsengine.Temporary, "4.4.1", "it said in the end that nothing left", nil)
	case "fails":
		return smsengine.Taking{}, smsengine.Fail("station", smsengine.Temporary, "4.4.1", "it does not answer", nil)
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.x.sent = append(s.x.sent, d.Message.ID)
	s.x.left[d.Message.ID] = append(s.x.left[d.Message.ID], leaving{s.id, d.Part})
	return smsengine.Taking{}, nil
}

func (s *station) Listen(ctx context.Context, _ smsengine.Sink) error {
	s.x.mu.Lock()
	s.enter("Listen")
	s.x.mu.Unlock()
	<-ctx.Done()
	time.Sleep(s.answers) // what it was just told is stored first
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.leave()
	return ctx.Err()
}

func (s *station) Close() error {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	if s.closed++; s.closed > 1 {
		s.x.fault("%s was closed again", s.id)
	}
	if s.busy > 0 {
		s.x.fault("%s was closed in %d calls", s.id, s.busy)
	}
	return nil
}

// read looks at a station.
func (s *station) read(f func() int) int {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	return f()
}

func (s *station) closes() int  { return s.read(func() int { return s.closed }) }
func (s *station) atOnce() int  { return s.read(func() int { return s.sending }) }
func (s *station) atWork() bool { return s.read(func() int { return s.busy }) > 0 }
func (x *exchange) parts() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, l := range x.left {
		n += len(l)
	}
	return n
}

// check finds out whether all that was submitted left, once, in order, over one
// ID of its route, and whether every gateway was closed.
func (x *exchange) check(all []smsengine.Message, texts int) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(all) != texts {
		return fmt.Errorf("%d of %d texts are there", len(all), texts)
	}
	for _, m := range all {
		left := x.left[m.ID]
		if m.State != smsengine.Sent {
			return fmt.Errorf("text %s over %q at %q is %s: %+v; left %v", m.ID, m.Route, m.Gateway, m.State, m.Status, left)
		}
		if len(left) != len(m.Parts) {
			return fmt.Errorf("text %s has %d parts, and %v left", m.ID, len(m.Parts), left)
		}
		for i, l := range left {
			if l.part != i || l.id != left[0].id || !m.Route.Has(l.id) {
				return fmt.Errorf("text %s over %q left as %v", m.ID, m.Route, left)
			}
		}
	}
	for i, s := range x.stations {
		if s.closed != 1 {
			x.fault("gateway %d, a %s, was closed %d times", i, s.id, s.closed)
		}
	}
	if len(x.faults) > 0 {
		return fmt.Errorf("%d faults, the first: %s", len(x.faults), x.faults[0])
	}
	return nil
}

// plant is an engine in simulated time whose configuration changes.
type plant struct {
	*exchange
	plan   planner
	cfg    smsengine.Config
	engine *smsengine.Engine
	texts  int
}

func newPlant(store smsengine.Store) *plant {
	p := &plant{exchange: newExchange()}
	p.cfg = smsengine.Config{
		Node: "here", Store: store, Outgoing: []smsengine.Stage{&p.plan}, Sweep: time.Hour,
		Retry: smsengine.Retry{First: 5 * time.Second, Max: time.Minute}, Gateways: map[string]smsengine.Lane{},
	}
	return p
}

// put puts a new gateway into the configuration to come.
func (p *plant) put(id string, l smsengine.Lane, answers time.Duration, moods ...string) *station {
	s := p.station(id, answers, moods...)
	l.Gateway = s
	p.cfg.Gateways[id] = l
	return s
}

func (p *plant) reload() {
	cfg := p.cfg
	cfg.Gateways = maps.Clone(p.cfg.Gateways)
	p.engine.Reload(cfg)
}

func (p *plant) start() (stop func()) {
	cfg := p.cfg
	cfg.Gateways = maps.Clone(p.cfg.Gateways)
	p.engine = smsengine.New(cfg)
	return p.run()
}

func (p *plant) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.engine.Run(ctx, time.Minute); close(done) }()
	return func() { cancel(); <-done }
}

func (p *plant) submit(route string, parts, texts int) error {
	p.plan.p = planned{route: route, parts: parts}
	s := smsengine.Submission{Source: smsengine.Source{Door: "test", MessageID: fmt.Sprint("m", p.texts)}}
	for range texts {
		p.texts++
		s.Recipients = append(s.Recipients, smsengine.Recipient{Address: fmt.Sprintf("+1555%07d", p.texts)})
	}
	for _, o := range p.engine.Submit(context.Background(), s) {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}

func (p *plant) verify() error {
	all, err := p.cfg.Store.List(context.Background(), smsengine.Filter{Limit: p.texts + 1})
	return errors.Join(err, p.check(all, p.texts))
}

// inPlant runs a test in simulated time with an engine that runs, and verifies in
// the end that all texts were sent.
func inPlant(t *testing.T, gateways func(*plant), test func(t *testing.T, p *plant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(newMemory())
		gateways(p)
		stop := p.start()
		synctest.Wait()
		test(t, p)
		stop()
		if err := p.verify(); err != nil {
			t.Error(err)
		}
	})
}

func (p *plant) send(t *testing.T, route string, parts, texts int) {
	t.Helper()
	if err := p.submit(route, parts, texts); err != nil {
		t.Fatal(err)
	}
}
