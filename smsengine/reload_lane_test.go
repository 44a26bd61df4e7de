package smsengine_test

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

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

// A gateway that hangs holds up its own successor, and nobody else's. What it sends
// in the end is not sent again.
func TestReloadWhileOneHangs(t *testing.T) {
	var a, b *station
	gateways := func(p *plant) {
		a, b = p.put("a", smsengine.Lane{}, time.Second), p.put("b", smsengine.Lane{}, time.Second)
		a.stuck = make(chan struct{})
	}
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		p.send(t, "a", 3, 2)
		p.send(t, "b", 3, 2)
		synctest.Wait()
		a2, b2 := p.put("a", smsengine.Lane{}, time.Second), p.put("b", smsengine.Lane{}, time.Second)
		p.reload()
		time.Sleep(10 * time.Second)
		if b.closes() != 1 || !b2.atWork() {
			t.Error("b waits for a")
		}
		state := p.engine.States(t.Context())["a"]
		if a.closes() != 0 || a2.atWork() || state.Ready || state.Traffic.UnderWay != 1 || !strings.Contains(state.Text, "under way") {
			t.Errorf("a was replaced while it hangs, or is not said to: %+v", state)
		}
		close(a.stuck)
		time.Sleep(10 * time.Second)
		if a.closes() != 1 || !a2.atWork() {
			t.Error("a was not replaced when it had ended")
		}
		if state := p.engine.States(t.Context())["a"]; !state.Ready || state.Traffic.Sent != 6 {
			t.Errorf("a has sent 6 parts over two gateways, and its figures are %+v", state)
		}
	})
}

// However much waits, a gateway that is replaced begins nothing more; and what
// waited goes over the new one before what comes then.
func TestReloadWithABacklog(t *testing.T) {
	var a *station
	gateways := func(p *plant) {
		a = p.put("a", smsengine.Lane{Concurrency: 2}, time.Second)
		p.put("busy", smsengine.Lane{}, 30*time.Second)
	}
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		p.send(t, "busy", 1, 2)
		p.send(t, "a", 1, 20)
		time.Sleep(3500 * time.Millisecond)
		p.put("a", smsengine.Lane{}, time.Second)
		p.reload()
		time.Sleep(1200 * time.Millisecond)
		if p.parts() != 8 || a.closes() != 1 {
			t.Errorf("%d parts left over the old gateway, which was closed %d times", p.parts(), a.closes())
		}
		delete(p.cfg.Gateways, "a")
		p.reload()
		time.Sleep(time.Minute)
		for n := range 10 { // the new one begins, and others come at once
			if n%2 == 0 {
				p.put("a", smsengine.Lane{}, time.Second)
			} else {
				delete(p.cfg.Gateways, "a")
			}
			p.reload()
			p.send(t, "a", 1, 1)
			time.Sleep(time.Minute)
		}
		p.put("a", smsengine.Lane{}, time.Second)
		p.reload()
		time.Sleep(time.Minute)
		all, _ := p.cfg.Store.List(t.Context(), smsengine.Filter{})
		p.sent = slices.DeleteFunc(p.sent, func(id smsengine.MessageID) bool { return p.left[id][0].id == "busy" })
		if !slices.IsSortedFunc(p.sent, func(a, b smsengine.MessageID) int { return created(all, a).Compare(created(all, b)) }) {
			t.Error("who came later went first")
		}
	})
}

// created is when a message was made.
func created(all []smsengine.Message, id smsengine.MessageID) time.Time {
	return all[slices.IndexFunc(all, func(m smsengine.Message) bool { return m.ID == id })].Created
}

// More or less may be under way as soon as a reload says so.
func TestReloadChangesConcurrency(t *testing.T) {
	var a *station
	gateways := func(p *plant) { a = p.put("a", smsengine.Lane{Concurrency: 2}, time.Second) }
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		set := func(places int) {
			p.cfg.Gateways["a"] = smsengine.Lane{Gateway: a, Concurrency: places}
			p.reload()
			time.Sleep(1300 * time.Millisecond) // never when one ends
		}
		p.send(t, "a", 1, 100)
		synctest.Wait()
		for _, places := range []int{2, 5, 1, 3} {
			set(places)
			if n := a.atOnce(); n != places {
				t.Errorf("%d attempts at once, want %d", n, places)
			}
		}
		if a.most != 5 || a.closes() != 0 {
			t.Errorf("%d at once at most, closed %d times", a.most, a.closes())
		}
		time.Sleep(2 * time.Minute)
	})
}

// What counts for a day, and in an hour, counts over all gateways of an ID, even if
// there was none meanwhile; and the Store knows of every part before it leaves.
func TestReloadKeepsCounts(t *testing.T) {
	for _, every := range []time.Duration{time.Hour, smsengine.Day} {
		lane := smsengine.Lane{Rates: []smsengine.Rate{{Parts: 1000, Every: every}}}
		put := func(p *plant) {
			a := p.put("a", lane, time.Millisecond)
			a.before = func() {
				stored, _ := p.cfg.Store.UsageOf(context.Background(), smsengine.GatewayCounter+"a")
				n := 0
				for _, u := range stored {
					n += u.Used
				}
				if begun := a.read(func() int { return len(a.x.tries["a"]) }); n < begun {
					t.Errorf("%d parts began in %v, and the Store has %d", begun, every, n)
				}
			}
		}
		inPlant(t, put, func(t *testing.T, p *plant) {
			p.send(t, "a", 1, 400)
			time.Sleep(time.Minute)
			put(p)
			p.reload()
			p.send(t, "a", 1, 400)
			time.Sleep(time.Minute)
			p.reload() // the Store is ahead again
			synctest.Wait()
			delete(p.cfg.Gateways, "a")
			p.reload()
			p.send(t, "a", 1, 400)
			time.Sleep(time.Minute)
			if p.parts() != 800 {
				t.Errorf("%d parts left over nobody", p.parts()-800)
			}
			put(p)
			p.reload()
			time.Sleep(50 * time.Minute)
			if p.parts() != 1000 {
				t.Errorf("%d parts left in %v, the rate is 1000", p.parts(), every)
			}
			p.cfg.Gateways["a"] = smsengine.Lane{Gateway: p.cfg.Gateways["a"].Gateway, Rates: []smsengine.Rate{{Parts: 1100, Every: every}}}
			p.reload()
			time.Sleep(time.Minute)
			if p.parts() != 1100 {
				t.Errorf("%d parts left in %v, the rate is 1100 now", p.parts(), every)
			}
			time.Sleep(every)
		})
	}
}

// The breaker of the gateway that was replaced keeps nobody from the new one.
func TestReloadMends(t *testing.T) {
	lane := smsengine.Lane{Breaker: smsengine.Breaker{Failures: 1, First: time.Hour, Most: time.Hour}}
	gateways := func(p *plant) { p.put("a", lane, time.Second, "fails") }
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		p.send(t, "a", 1, 1)
		time.Sleep(time.Minute)
		if p.engine.States(t.Context())["a"].Ready {
			t.Error("it does not rest")
		}
		a := p.put("a", lane, time.Second, "fails")
		p.reload()
		time.Sleep(time.Minute)
		if a.read(func() int { return len(a.moods) }) > 0 {
			t.Error("the new one was not tried")
		}
		p.cfg.Gateways["a"] = smsengine.Lane{Gateway: a} // without a breaker
		p.reload()
		time.Sleep(time.Minute)
	})
}

// A text of which a part left waits for a gateway of its ID; others go elsewhere.
func TestReloadWithoutAGateway(t *testing.T) {
	gateways := func(p *plant) {
		p.put("a", smsengine.Lane{Concurrency: 2}, time.Second, "", "", "fails", "fails")
		p.put("b", smsengine.Lane{}, time.Second)
	}
	inPlant(t, gateways, func(t *testing.T, p *plant) {
		p.send(t, "a | b", 3, 2) // of each one part leaves
		synctest.Wait()
		p.send(t, "a | b", 1, 3)
		time.Sleep(1500 * time.Millisecond)
		delete(p.cfg.Gateways, "a")
		p.reload()
		time.Sleep(time.Hour)
		if p.parts() != 2+3 {
			t.Errorf("%v left, want one part of each long text and the short texts", p.left)
		}
		if _, there := p.engine.States(t.Context())["a"]; there {
			t.Error("it is still shown")
		}
		p.put("a", smsengine.Lane{}, time.Second)
		p.reload()
		time.Sleep(time.Minute)
	})
}

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

// named is a stage that writes its name into the text, and may wait.
type named struct {
	name string
	wait chan struct{}
}

func (n named) Name() string { return n.name }
func (n named) Do(_ context.Context, d *smsengine.Draft) error {
	if n.wait != nil {
		<-n.wait
	}
	d.Message.Body.Text += n.name
	return nil
}

// A Submit that is under way ends by the stages that it began with.
func TestSubmitKeepsItsStages(t *testing.T) {
	inPlant(t, func(p *plant) { p.put("a", smsengine.Lane{}, time.Second) }, func(t *testing.T, p *plant) {
		usual, wait := p.cfg.Outgoing, make(chan struct{})
		p.cfg.Outgoing = append(usual[:1:1], named{"old", wait}, named{"old", nil})
		p.reload()
		done := make(chan error)
		go func() { done <- p.submit("a", 1, 2) }()
		synctest.Wait()
		p.cfg.Outgoing = append(usual[:1:1], named{"new", nil}, named{"new", nil})
		p.reload()
		close(wait)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		p.send(t, "a", 1, 1)
		time.Sleep(time.Minute)
		all, _ := p.cfg.Store.List(t.Context(), smsengine.Filter{})
		for i, want := range []string{"oldold", "oldold", "newnew"} {
			if all[i].Body.Text != want {
				t.Errorf("text %d was decided by %q, want %q", i, all[i].Body.Text, want)
			}
		}
	})
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
