package sqlite

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// What a counter says is what was committed: not what a transaction that failed
// had counted, neither then nor to the next one.
func TestCountersAreWhatWasCommitted(t *testing.T) {
	s, _ := openTemp(t)
	ctx := context.Background()
	month := smsengine.Counter{Account: "john", Period: "2026-11"}
	if err := s.SetUsage(ctx, month, smsengine.Usage{Used: 5}); err != nil {
		t.Fatal(err)
	}
	text := smsengine.Message{Created: time.Unix(1e9, 0), Charges: []smsengine.Charge{{Counter: month, Amount: 2}}}
	for name, end := range map[string]func(x *tx) error{
		"the change fails": func(*tx) error { return errors.New("on purpose") },
		"the commit fails": func(x *tx) error {
			_, err := x.exec(`PRAGMA defer_foreign_keys = ON`)
			if err == nil {
				_, err = x.exec(`INSERT INTO member (name, account) VALUES ('mary@example.org', 'nobody')`)
			}
			return err
		},
	} {
		err := s.change(ctx, func(x *tx) error {
			if _, within, err := x.reserve(text, nil); err != nil || !within {
				t.Errorf("%s: within %v, %v", name, within, err)
			}
			return end(x)
		})
		if err == nil {
			t.Fatalf("%s: it did not", name)
		}
		if u, err := s.Usage(ctx, month); err != nil || u.Used != 5 {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
		limits := smsengine.Limits{month: {Most: 7}}
		err = s.change(ctx, func(x *tx) error {
			_, within, err := x.reserve(text, limits)
			if !within {
				t.Errorf("%s: what it counted is held against the next", name)
			}
			return errors.Join(err, x.giveBack(text.Charges))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Forgetting old windows loses nothing that was counted in the same transaction.
func TestPruneKeepsWhatWasJustCounted(t *testing.T) {
	s, _ := openTemp(t)
	ctx := context.Background()
	month := smsengine.Counter{Account: "john", Period: "2026-11"}
	err := s.change(ctx, func(x *tx) error {
		n, err := x.counter(month)
		if err != nil {
			return err
		}
		n.used, n.there, n.dirty = 3, true, true
		return x.prune(time.Unix(1e9, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.Usage(ctx, month); err != nil || u.Used != 3 {
		t.Errorf("%+v, %v", u, err)
	}
}

// Nearly each text has a counter of its like, so one that was there once costs no
// row. From the second on it is kept like any other, also for the next life.
func TestCountersOfIdenticalTexts(t *testing.T) {
	s, path := openTemp(t)
	ctx := context.Background()
	like := func(period string) smsengine.Counter {
		return smsengine.Counter{Account: smsengine.IdenticalCounter, Period: period}
	}
	count := func(s *Store, c smsengine.Counter, want bool) {
		t.Helper()
		err := s.change(ctx, func(x *tx) error {
			m := smsengine.Message{Created: time.Unix(1e9, 0), Charges: []smsengine.Charge{{Counter: c, Amount: 1}}}
			_, within, err := x.reserve(m, smsengine.Limits{c: {Most: 3}})
			if within != want {
				t.Errorf("%s: within %v", c.Period, within)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	count(s, like("identical once"), true)
	for range 3 {
		count(s, like("identical often"), true)
	}
	count(s, like("identical often"), false)
	if rows, err := s.UsageOf(ctx, smsengine.IdenticalCounter); err != nil || len(rows) != 1 || rows["identical often"].Used != 3 {
		t.Errorf("rows %v, %v", rows, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	count(s, like("identical often"), false)
	count(s, like("identical once"), true)
}
