package smsengine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
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

var usualRates = []smsengine.Rate{{Parts: 4, Every: time.Second}, {Parts: 40, Every: time.Minute}}

// change is one step of the property: some texts, or another configuration.
type change struct {
	after time.Duration
	texts planned
	n     int
	ids   map[string]string // what becomes of a gateway: "stays", "replaced", "gone"
	lanes map[string]smsengine.Lane
	moods map[string][]string
	speed time.Duration // of new gateways
}

func drawChanges(t *rapid.T) (all []change) {
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		c := change{after: time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms later")) * time.Millisecond}
		if rapid.Bool().Draw(t, "texts") {
			c.n = rapid.IntRange(1, 20).Draw(t, "n")
			c.texts.route = rapid.SampledFrom([]string{"a", "b", "a b", "a | b", "b |5s a c", "c", "a b c"}).Draw(t, "route")
			c.texts.parts = rapid.IntRange(1, 3).Draw(t, "parts")
		} else {
			c.ids, c.lanes, c.moods = map[string]string{}, map[string]smsengine.Lane{}, map[string][]string{}
			c.speed = time.Duration(rapid.IntRange(1, 3000).Draw(t, "answers in ms")) * time.Millisecond
			for _, id := range []string{"a", "b", "c"} {
				c.ids[id] = rapid.SampledFrom([]string{"stays", "stays", "replaced", "gone"}).Draw(t, id)
				c.lanes[id] = smsengine.Lane{
					Concurrency: rapid.IntRange(1, 4).Draw(t, "places"), Timeout: 10 * time.Second,
					Breaker: smsengine.Breaker{Failures: rapid.IntRange(0, 3).Draw(t, "failures")},
					Rates:   usualRates,
				}
				c.moods[id] = rapid.SliceOfN(rapid.SampledFrom([]string{"", "fails", "hangs"}), 0, 3).Draw(t, "moods")
			}
		}
		all = append(all, c)
	}
	return all
}

func (p *plant) apply(c change) error {
	time.Sleep(c.after)
	if c.n > 0 {
		return p.submit(c.texts.route, c.texts.parts, c.n)
	}
	for id, fate := range c.ids {
		l, was := p.cfg.Gateways[id]
		switch {
		case fate == "gone":
			delete(p.cfg.Gateways, id)
		case fate == "stays" && was:
			c.lanes[id] = smsengine.Lane{
				Gateway: l.Gateway, Concurrency: c.lanes[id].Concurrency, Timeout: l.Timeout, Rates: l.Rates, Breaker: c.lanes[id].Breaker,
			}
			p.cfg.Gateways[id] = c.lanes[id]
		default:
			p.put(id, c.lanes[id], c.speed, c.moods[id]...)
		}
	}
	p.reload()
	return nil
}

// Whatever is reloaded, and whenever: no text is lost, none sent twice, parts keep
// their order, of one ID one gateway is at work, each is closed once when nothing
// uses it any more, and rates hold whoever sends.
func TestAnyReload(t *testing.T) {
	begun := time.Now()
	rapid.Check(t, func(r *rapid.T) {
		if time.Since(begun) > 10*time.Second {
			return
		}
		changes := drawChanges(r)
		early, late := rapid.IntRange(0, 3).Draw(r, "before Run"), rapid.IntRange(0, 3).Draw(r, "while it ends")
		var p *plant
		var err error
		synctest.Test(t, func(t *testing.T) {
			p = newPlant(newMemory())
			p.engine = smsengine.New(p.cfg)
			stop := func() {}
			for i, c := range changes {
				if i == early {
					stop = p.run()
				}
				err = errors.Join(err, p.apply(c))
			}
			if early >= len(changes) {
				stop = p.run()
			}
			all := change{ids: map[string]string{"a": "replaced", "b": "replaced", "c": "replaced"}, lanes: map[string]smsengine.Lane{"a": {Rates: usualRates}, "b": {Rates: usualRates}, "c": {Rates: usualRates}}}
			err = errors.Join(err, p.apply(all))
			time.Sleep(3 * time.Hour)
			_ = p.submit("a b c", 1, 1)
			go stop()
			for range late {
				p.put("a", smsengine.Lane{}, time.Second)
				p.put("d", smsengine.Lane{}, time.Second)
				p.reload()
				time.Sleep(time.Second)
			}
			stop()
			p.put("b", smsengine.Lane{}, time.Second)
			p.reload() // a gateway that is never used is closed all the same
			synctest.Wait()
		})
		if err := errors.Join(err, p.verify()); err != nil {
			r.Fatal(err)
		}
		p.rates(r)
	})
}

// rates looks whether more was sent under an ID than its rates allow.
func (p *plant) rates(t *rapid.T) {
	for id, at := range p.tries {
		for _, rate := range usualRates {
			for i := range at {
				if last := i + rate.Parts; last < len(at) && at[last].Sub(at[i]) < rate.Every {
					t.Fatalf("%s: %d parts in %v, the rate is %s", id, rate.Parts+1, at[last].Sub(at[i]), rate)
				}
			}
		}
	}
}

// Thousands of texts, and a reload every few moments.
func TestReloadUnderLoad(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		reloadUnderLoad(t, 10000, func() smsengine.Store { return newMemory() })
	})
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		reloadUnderLoad(t, 600, func() smsengine.Store {
			store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return store
		})
	})
}

func reloadUnderLoad(t *testing.T, texts int, open func() smsengine.Store) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(open())
		lane := smsengine.Lane{Concurrency: 8, Timeout: 10 * time.Second}
		ids := []string{"a", "b", "c"}
		for _, id := range ids {
			p.put(id, lane, 20*time.Millisecond)
		}
		stop := p.start()
		for n := range 100 {
			if err := p.submit([]string{"a b", "a | b", "c", "b |2s c"}[n%4], 1+n%3, texts/100); err != nil {
				t.Fatal(err)
			}
			time.Sleep(17 * time.Millisecond)
			if n%5 == 4 {
				delete(p.cfg.Gateways, ids[n%3])
			} else {
				p.put(ids[n%3], lane, time.Duration(1+n%4*15)*time.Millisecond, []string{"", "", "fails", "", "hangs"}[n%5])
			}
			p.reload()
		}
		for _, id := range ids {
			p.put(id, lane, 20*time.Millisecond)
		}
		p.reload()
		time.Sleep(time.Hour)
		stop()
		if err := p.verify(); err != nil {
			t.Error(err)
		}
		if err := p.cfg.Store.Close(); err != nil {
			t.Error(err)
		}
	})
}
