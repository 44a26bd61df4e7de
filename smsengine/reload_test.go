package smsengine_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

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
