package smsengine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// way is a simulated gateway with a time of trouble.
type way struct {
	id      string
	answers time.Duration // how long it takes
	trouble func(ctx context.Context, arrive func()) error
	from    time.Duration // of the trouble, since the start
	to      time.Duration

	mu     sync.Mutex
	start  time.Time
	got    map[smsengine.MessageID]int // how often each text arrived
	waits  []time.Duration             // of texts that were sent while nothing was wrong anywhere
	tried  []time.Duration             // when, since the start
	quiet  time.Duration               // since when nothing is wrong anywhere
	active int
	most   int
}

func (w *way) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	now := time.Since(w.start)
	w.mu.Lock()
	w.tried = append(w.tried, now)
	w.active++
	w.most = max(w.most, w.active)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.active--
		w.mu.Unlock()
	}()
	arrive := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.got[d.Message.ID]++
		if created := d.Message.Created.Sub(w.start); created > w.quiet {
			w.waits = append(w.waits, now-created)
		}
	}
	time.Sleep(w.answers)
	if w.trouble != nil && now >= w.from && now < w.to {
		return smsengine.Taking{}, w.trouble(ctx, arrive)
	}
	arrive()
	return smsengine.Taking{}, nil
}

func fails(context.Context, func()) error {
	return smsengine.Fail("way", smsengine.Temporary, "4.4.1", "the gateway does not answer", nil)
}

func hangs(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return smsengine.Fail("way", smsengine.Uncertain, "4.4.1", "the gateway did not answer in time", ctx.Err())
}

func lies(_ context.Context, arrive func()) error {
	arrive()
	return smsengine.Fail("way", smsengine.Uncertain, "4.4.2", "the connection broke", nil)
}

// oneText stands for the outgoing list.
type oneText struct{ route smsengine.Route }

func (oneText) Name() string { return "all" }
func (o oneText) Do(_ context.Context, d *smsengine.Draft) error {
	m := &d.Message
	m.To, m.Route, m.Expires = smsengine.Phone(d.Recipient.Address), o.route, d.Now.Add(24*time.Hour)
	m.Parts = []smsengine.Part{{Text: "x"}}
	return nil
}

func routeOf(t *testing.T, text string) smsengine.Route {
	t.Helper()
	r, err := smsengine.ParseRoute(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Four gateways, two cheap and two dear, of which three fail, hang and lie for a
// while, and thousands of texts: each is sent, and none twice but what policy
// repeats because nobody knows. Time is simulated. The database is as fast as the
// machine, so it gets fewer.
func TestFailoverUnderFire(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		underFire(t, 20000, 1, func() smsengine.Store { return newMemory() })
	})
	t.Run("nothing is repeated", func(t *testing.T) {
		underFire(t, 20000, 0, func() smsengine.Store { return newMemory() })
	})
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		underFire(t, 2000, 1, func() smsengine.Store {
			store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return store
		})
	})
}

func underFire(t *testing.T, texts, repeat int, open func() smsengine.Store) {
	synctest.Test(t, func(t *testing.T) {
		store, start := open(), time.Now()
		const quiet = 60 * time.Second
		ways := []*way{
			{id: "cheap1", answers: 20 * time.Millisecond, trouble: fails, from: 5 * time.Second, to: 31 * time.Second},
			{id: "cheap2", answers: 30 * time.Millisecond, trouble: hangs, from: 12 * time.Second, to: 40 * time.Second},
			{id: "dear1", answers: 40 * time.Millisecond, trouble: lies, from: 8 * time.Second, to: 20 * time.Second},
			{id: "dear2", answers: 50 * time.Millisecond},
		}
		cfg := smsengine.Config{
			Node: "here", Store: store, Repeat: repeat, Sweep: time.Second, Gateways: map[string]smsengine.Lane{},
			Retry:    smsengine.Retry{First: 10 * time.Second, Max: time.Minute},
			Outgoing: []smsengine.Stage{oneText{routeOf(t, "cheap1 cheap2 |10s dear1 dear2")}},
		}
		longest := 8 * time.Second
		for _, w := range ways {
			w.start, w.got, w.quiet = start, map[smsengine.MessageID]int{}, quiet
			cfg.Gateways[w.id] = smsengine.Lane{
				Gateway: w, Concurrency: 4, Timeout: 3 * time.Second,
				Breaker: smsengine.Breaker{Failures: 5, First: time.Second, Most: longest},
			}
		}
		e := smsengine.New(cfg)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { e.Run(ctx, time.Minute); close(done) }()

		ids := make([]smsengine.MessageID, 0, texts)
		const steps = 80
		for n := range steps {
			s := smsengine.Submission{Source: smsengine.Source{Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: fmt.Sprint(n)}}
			for i := range texts / steps {
				s.Recipients = append(s.Recipients, smsengine.Recipient{Address: fmt.Sprintf("+1555%03d%04d", n, i)})
			}
			for _, o := range e.Submit(t.Context(), s) {
				if o.Err != nil {
					t.Fatal(o.Err)
				}
				ids = append(ids, o.ID)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Minute)
		stop()
		<-done

		twice := 0
		all, err := store.List(t.Context(), smsengine.Filter{Kind: smsengine.Text, Limit: 2 * texts})
		if err != nil || len(all) != len(ids) {
			t.Fatalf("%d of %d texts are there: %v", len(all), len(ids), err)
		}
		for _, m := range all {
			id := m.ID
			arrived := 0
			for _, w := range ways {
				arrived += w.got[id]
			}
			switch {
			case m.State == smsengine.Unsure && m.Repeats == cfg.Repeat:
			case m.State != smsengine.Sent:
				t.Fatalf("text %s is %s (%v)", id, m.State, m.Status)
			case arrived == 0:
				t.Fatalf("text %s is sent, and did not arrive", id)
			}
			if arrived > 1+m.Repeats || m.Repeats > cfg.Repeat {
				t.Fatalf("text %s arrived %d times after %d repetitions", id, arrived, m.Repeats)
			}
			if arrived > 1 {
				twice++
			}
		}
		for _, w := range ways {
			t.Logf("%s: %d texts, %d attempts, %d at once at most, quiet %v", w.id, len(w.got), len(w.tried), w.most, mean(w.waits))
			if w.trouble == nil {
				continue
			}
			during, next := 0, time.Hour
			for _, at := range w.tried {
				if at >= w.from && at < w.to {
					during++
				} else if at >= w.to {
					next = min(next, at-w.to)
				}
			}
			if next > longest {
				t.Errorf("%s works again, and is tried %v later, which is more than the longest rest", w.id, next)
			}
			if during > 40 {
				t.Errorf("%s was tried %d times while it was in trouble", w.id, during)
			}
		}
		t.Logf("%d texts arrived twice", twice)
		if repeat > 0 && twice == 0 {
			t.Error("no text was in doubt and repeated: there was no fire")
		}
		if a, b := mean(ways[0].waits), mean(ways[1].waits); a > 2*b || b > 2*a {
			t.Errorf("texts waited for %v and %v for gateways of one group", a, b)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func mean(ds []time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, d := range ds {
		sum += d
	}
	return sum / time.Duration(max(len(ds), 1))
}
