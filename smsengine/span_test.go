package smsengine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// crash ends the field as kill -9 does: the next life gets the database as the
// disk has it now, and what this one sends from now on never was.
func (f *field) crash(t testing.TB, w *way) (disk string) {
	t.Helper()
	disk = t.TempDir()
	for _, name := range []string{"postel.db", "postel.db-wal"} {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(f.path), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(disk, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sent := w.parts()
	f.stop()
	w.tried = w.tried[:sent]
	return disk
}

func (w *way) parts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tried)
}

// Whatever ends a life of the engine, and whenever: in no hour, and on no day, does
// a gateway send more parts than its rates say, and it does not stand idle for it.
func TestRatesSurviveKill(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { ratesSurvive(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func ratesSurvive(t *testing.T, chance *rand.Rand) {
	dir, hour, day, texts := t.TempDir(), 3+chance.IntN(100), 5+chance.IntN(400), 1+chance.IntN(300)
	synctest.Test(t, func(t *testing.T) { // which begins at midnight
		w := newWay("sim")
		lanes := map[string]smsengine.Lane{"sim": {Gateway: w, Concurrency: 3, Rates: []smsengine.Rate{
			{Parts: hour, Every: time.Hour}, {Parts: day, Every: smsengine.Day},
		}}}
		lives, crashes := 1+chance.IntN(6), 0
		for range lives {
			f := newField(t, dir, "sim", lanes)
			f.send(texts, "one")
			time.Sleep(time.Duration(1+chance.IntN(7000)) * time.Second)
			synctest.Wait()
			if chance.IntN(3) > 0 {
				dir = f.crash(t, w)
				crashes++
			} else {
				f.stop()
			}
		}
		f := newField(t, dir, "sim", lanes)
		time.Sleep(time.Until(w.start.Add(24*time.Hour - time.Second)))
		f.stop()
		for i := range w.tried {
			if last := i + hour; last < len(w.tried) && w.tried[last]-w.tried[i] < time.Hour {
				t.Fatalf("%d parts in %v, from %v on; the rate is %d an hour", hour+1, w.tried[last]-w.tried[i], w.tried[i], hour)
			}
		}
		if len(w.tried) > day {
			t.Errorf("%d parts on one day, the rate is %d", len(w.tried), day)
		}
		// What crashes cost: a step of each rate, and what was under way.
		lost := crashes * (max(hour/50, 1) + max(day/50, 1) + 3)
		if want := min(day, lives*texts, hour*20) - lost; len(w.tried) < want {
			t.Errorf("%d parts on one day, there was room for %d", len(w.tried), want)
		}
	})
}

// After a crash the count of an hour is a little high, and not for long.
func TestHourRateAfterACrash(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWay("sim")
		lanes := map[string]smsengine.Lane{"sim": {Gateway: w, Rates: []smsengine.Rate{{Parts: 100, Every: time.Hour}}}}
		f := newField(t, dir, "sim", lanes)
		f.send(150, "one")
		time.Sleep(30 * time.Minute)
		if n := w.parts(); n != 100 {
			t.Fatalf("%d parts were sent in the first hour, want 100", n)
		}
		f = newField(t, f.crash(t, w), "sim", lanes)
		time.Sleep(29 * time.Minute)
		if n := w.parts(); n != 100 {
			t.Errorf("%d parts were sent in the first hour, want 100", n)
		}
		time.Sleep(6*time.Minute + time.Second) // a twelfth of the hour, and a second
		f.stop()
		if len(w.tried) != 150 {
			t.Errorf("%d parts were sent in 65 minutes, want 150", len(w.tried))
		}
	})
}
