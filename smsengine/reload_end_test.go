package smsengine_test

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// One object may stand under two IDs, and go from one to another.
func TestReloadOneGatewayOfTwoIDs(t *testing.T) {
	var a *station
	gateways := func(p *plant) {
		a = p.put("a", smsengine.Lane{}, time.Second)
		p.cfg.Gateways["twin"] = smsengine.Lane{Gateway: a}
	}
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		p.send(t, "a", 1, 2)
		time.Sleep(500 * time.Millisecond)
		delete(p.cfg.Gateways, "a")
		p.reload()
		time.Sleep(time.Minute)
		if a.closes() != 0 {
			t.Error("it was closed while its twin uses it")
		}
		p.cfg.Gateways["a"] = p.cfg.Gateways["twin"]
		delete(p.cfg.Gateways, "twin")
		p.reload()
		time.Sleep(time.Minute)
		if a.closes() != 0 || p.parts() != 2 {
			t.Errorf("closed %d times, sent %d", a.closes(), p.parts())
		}
		delete(p.cfg.Gateways, "a")
		p.reload()
		time.Sleep(time.Minute)
		if a.closes() != 1 {
			t.Errorf("closed %d times", a.closes())
		}
	})
}

// A gateway that goes to another ID begins there when it has ended here.
func TestReloadMovesAGateway(t *testing.T) {
	gateways := func(p *plant) { p.put("a", smsengine.Lane{}, time.Second).stuck = make(chan struct{}) }
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		a := p.cfg.Gateways["a"].Gateway.(*station)
		p.send(t, "a | b", 1, 3)
		synctest.Wait()
		delete(p.cfg.Gateways, "a")
		p.cfg.Gateways["b"] = smsengine.Lane{Gateway: a, Concurrency: 2}
		p.reload()
		time.Sleep(10 * time.Second)
		if n := a.atOnce(); n != 1 {
			t.Errorf("%d attempts at once under two IDs", n)
		}
		close(a.stuck)
		time.Sleep(10 * time.Second)
	})
}

// An engine that never ran closes its gateways when it is told to.
func TestCloseWithoutRun(t *testing.T) {
	p := newPlant(newMemory())
	a := p.put("a", smsengine.Lane{}, 0)
	p.cfg.Gateways["twin"] = smsengine.Lane{Gateway: a}
	p.engine = smsengine.New(p.cfg)
	b := p.put("a", smsengine.Lane{}, 0)
	p.reload()
	for range 2 {
		if err := p.engine.Close(); err != nil {
			t.Error(err)
		}
	}
	if a.closes() != 1 || b.closes() != 1 {
		t.Errorf("closed %d and %d times", a.closes(), b.closes())
	}
	p.engine.Run(t.Context(), 0) // does not begin
	if err := p.check(nil, 0); err != nil {
		t.Error(err)
	}
}

// shy is a gateway that is never ready.
type shy struct{ *station }

func (shy) Ready() <-chan struct{} { return make(chan struct{}) }

// After many reloads nothing of the old gateways is left.
func TestReloadLeavesNothingBehind(t *testing.T) {
	p := newPlant(newMemory())
	var log strings.Builder
	p.cfg.Log, p.cfg.Sweep = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), time.Millisecond
	put := func(n int) {
		delete(p.cfg.Gateways, "a")
		if n%2 == 0 {
			p.cfg.Gateways["a"] = smsengine.Lane{Gateway: shy{p.station("a", 0)}}
		}
		p.put("b", smsengine.Lane{}, 0)
	}
	put(0)
	stop := p.start()
	p.send(t, "a | b", 1, 1)
	until(t, func() bool { return p.parts() == 1 })
	before := runtime.NumGoroutine()
	for n := range 200 {
		put(n)
		p.reload()
		p.send(t, "a | b", 1, 1)
	}
	until(t, func() bool { return p.parts() == 201 && runtime.NumGoroutine() <= before })
	stop()
	for _, s := range p.stations {
		if s.closes() != 1 {
			t.Fatalf("a gateway was closed %d times", s.closes())
		}
	}
	if !strings.Contains(log.String(), "replaced=[b] gone=[a]") {
		t.Error("the log does not say which gateways are others, or gone")
	}
}
