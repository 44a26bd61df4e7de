package smsengine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// field is an engine in simulated time, whose texts have as many parts as words.
type field struct {
	t      *testing.T
	store  *sqlite.Store
	engine *smsengine.Engine
	stop   func()
	sent   int
	path   string // of the database
}

type wordsOver struct{ route smsengine.Route }

func (wordsOver) Name() string { return "all" }
func (o wordsOver) Do(ctx context.Context, d *smsengine.Draft) error {
	err := oneText(o).Do(ctx, d)
	d.Message.Parts = nil
	for _, w := range strings.Fields(d.Message.Body.Text) {
		d.Message.Parts = append(d.Message.Parts, smsengine.Part{Text: w})
	}
	return err
}

func newField(t *testing.T, dir, route string, lanes map[string]smsengine.Lane) *field {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, store: store, path: filepath.Join(dir, "postel.db")}
	f.engine = smsengine.New(smsengine.Config{
		Node: "here", Store: store, Gateways: lanes, Sweep: 10 * time.Minute,
		Outgoing: []smsengine.Stage{wordsOver{routeOf(t, route)}},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f.engine.Run(ctx, time.Minute); close(done) }()
	f.stop = func() {
		cancel()
		<-done
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	return f
}

func (f *field) send(texts int, words string) (ids []smsengine.MessageID) {
	f.t.Helper()
	for range texts {
		f.sent++
		out := f.engine.Submit(f.t.Context(), smsengine.Submission{
			Source:     smsengine.Source{Door: "test", MessageID: fmt.Sprint(time.Now().UnixNano(), f.sent)},
			Body:       smsengine.Body{Text: words},
			Recipients: []smsengine.Recipient{{Address: fmt.Sprintf("+1555%07d", f.sent)}},
		})
		if out[0].Err != nil {
			f.t.Fatal(out[0].Err)
		}
		ids = append(ids, out[0].ID)
	}
	return ids
}

func newWay(id string) *way {
	return &way{id: id, answers: 10 * time.Millisecond, start: time.Now(), got: map[smsengine.MessageID]int{}}
}

// A rate holds end to end, for parts; parts of one message count.
func TestRateHoldsThroughTheEngine(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWay("sim")
		f := newField(t, dir, "sim", map[string]smsengine.Lane{"sim": {Gateway: w, Concurrency: 4, Rates: []smsengine.Rate{{Parts: 3, Every: time.Second}, {Parts: 20, Every: time.Minute}}}})
		f.send(6, "one two three")
		f.send(12, "one")
		time.Sleep(30 * time.Second)
		f.send(4, "one")
		time.Sleep(2 * time.Minute)
		f.stop()
		if len(w.tried) != 34 {
			t.Errorf("%d parts were sent, want 34", len(w.tried))
		}
		for i := range w.tried {
			if last := i + 3; last < len(w.tried) && w.tried[last]-w.tried[i] < time.Second {
				t.Fatalf("four parts in %v", w.tried[last]-w.tried[i])
			}
			if last := i + 20; last < len(w.tried) && w.tried[last]-w.tried[i] < time.Minute {
				t.Fatalf("21 parts in %v", w.tried[last]-w.tried[i])
			}
		}
		if end := w.tried[len(w.tried)-1]; end > 70*time.Second {
			t.Errorf("the last part left after %v: the gateway stood idle", end)
		}
	})
}

// What a gateway has sent in a day is known after a restart, and after a crash.
func TestDayRateSurvives(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { // which begins at midnight
		w := newWay("sim")
		lanes := map[string]smsengine.Lane{"sim": {Gateway: w, Concurrency: 2, Rates: []smsengine.Rate{{Parts: 10, Every: smsengine.Day}}}}
		f := newField(t, dir, "sim", lanes)
		f.send(4, "one two")
		time.Sleep(time.Minute)
		f.stop()
		f = newField(t, dir, "sim", lanes)
		f.send(5, "one")
		time.Sleep(23 * time.Hour)
		if len(w.tried) != 10 {
			t.Errorf("%d parts were sent on the first day, want 10", len(w.tried))
		}
		if h := f.engine.States(t.Context())["sim"]; h.Ready || !strings.Contains(h.Text, "10 parts of this day") {
			t.Errorf("its health is %+v", h.Health)
		}
		time.Sleep(time.Hour)
		f.stop()
		if len(w.tried) != 13 {
			t.Errorf("%d parts were sent when the next day had begun, want 13", len(w.tried))
		}
		for _, at := range w.tried[10:] {
			if at < 24*time.Hour || at > 24*time.Hour+time.Second {
				t.Errorf("a part of the second day left after %v", at)
			}
		}
	})
}

// Outside its hours a gateway gets nothing, and a worse one stands in.
func TestHoursKeepTextsBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		day, night := newWay("day"), newWay("night")
		var hours smsengine.Window
		if err := hours.UnmarshalText([]byte("08:00-20:00")); err != nil {
			t.Fatal(err)
		}
		f := newField(t, dir, "day | night", map[string]smsengine.Lane{
			"day":   {Gateway: day, Hours: smsengine.Hours{hours}},
			"night": {Gateway: night, Rates: []smsengine.Rate{{Parts: 1, Every: time.Hour}}},
		})
		f.send(20, "one")
		time.Sleep(time.Until(day.start.Add(24 * time.Hour)))
		f.stop()
		if len(night.tried) != 8 || len(day.tried) != 12 {
			t.Errorf("%d at night, %d by day; want 8 and 12", len(night.tried), len(day.tried))
		}
		for _, at := range day.tried {
			if at < 8*time.Hour || at > 8*time.Hour+time.Second {
				t.Errorf("a text left by day after %v", at)
			}
		}
	})
}

// One text alone finds out that its gateway does not work, and goes over the
// other within seconds.
func TestOneTextFailsOver(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, b := newWay("a"), newWay("b")
		a.trouble, a.to = fails, time.Hour
		lane := func(w *way) smsengine.Lane {
			return smsengine.Lane{Gateway: w, Breaker: smsengine.Breaker{Failures: 3}}
		}
		f := newField(t, dir, "a | b", map[string]smsengine.Lane{"a": lane(a), "b": lane(b)})
		ids := f.send(1, "one")
		time.Sleep(10 * time.Second)
		f.stop()
		if len(a.tried) != 3 || b.got[ids[0]] != 1 {
			t.Errorf("%d attempts over a, %d over b", len(a.tried), len(b.tried))
		}
	})
}

// A pinned text stays with its gateway, however long that fails and whoever else
// could send, and leaves when it is back.
func TestPinnedTextStays(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, b := newWay("a"), newWay("b")
		a.trouble, a.to = fails, 3*time.Hour
		f := newField(t, dir, "a", map[string]smsengine.Lane{
			"a": {Gateway: a, Breaker: smsengine.Breaker{Failures: 2}}, "b": {Gateway: b, Concurrency: 8},
		})
		ids := f.send(5, "one")
		time.Sleep(6 * time.Hour)
		f.stop()
		if len(b.tried) > 0 {
			t.Errorf("%d attempts over another gateway", len(b.tried))
		}
		for _, id := range ids {
			if a.got[id] != 1 {
				t.Errorf("text %s arrived %d times", id, a.got[id])
			}
		}
	})
}

// Gateways of one group share by weight when little is to be done.
func TestWeights(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, b := newWay("a"), newWay("b")
		f := newField(t, dir, "a b", map[string]smsengine.Lane{"a": {Gateway: a, Weight: 3, Concurrency: 8}, "b": {Gateway: b, Concurrency: 8}})
		for range 40 {
			f.send(1, "one")
			time.Sleep(time.Second)
		}
		f.stop()
		if len(a.tried) != 30 || len(b.tried) != 10 {
			t.Errorf("%d and %d texts, want 30 and 10", len(a.tried), len(b.tried))
		}
	})
}

// A message of which a part left stays with its gateway, whatever becomes of it.
func TestBegunMessageStays(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, b := newWay("a"), newWay("b")
		a.trouble, a.from, a.to = fails, 15*time.Millisecond, time.Hour
		f := newField(t, dir, "a | b", map[string]smsengine.Lane{
			"a": {Gateway: a, Breaker: smsengine.Breaker{Failures: 2}}, "b": {Gateway: b},
		})
		ids := f.send(1, "one two three")
		time.Sleep(59 * time.Minute)
		if len(b.tried) > 0 {
			t.Error("a message left over two gateways")
		}
		time.Sleep(2 * time.Hour)
		f.stop()
		if a.got[ids[0]] != 3 {
			t.Errorf("%d parts arrived, want 3", a.got[ids[0]])
		}
	})
}
