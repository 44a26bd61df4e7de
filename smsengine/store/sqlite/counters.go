package sqlite

import (
	"sync"

	"github.com/postel-mail/postel/smsengine"
)

// Counters change with every message, often the same ones: all accounts share
// that of the day. The committer is the only one who writes them, so it counts in
// memory and stores each that has changed once for a whole group of messages,
// before it commits.

// count is a counter as it stands in a transaction.
type count struct {
	used  int
	last  int64 // milliseconds
	there bool  // it has a row, or will have one
	dirty bool  // other than the row
}

// counts are the counters of the last commit, as far as they were used lately.
// Those of identical texts, of which nearly each text has one of its own, do not
// drive out the others.
type counts struct {
	mu    sync.RWMutex
	of    map[smsengine.Counter]count
	alike map[smsengine.Counter]count
}

// maxCounts bounds the memory of counters, maxAlike that of identical texts'.
const (
	maxCounts = 20000
	maxAlike  = 50000
)

func (c *counts) get(key smsengine.Counter) (count, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok := c.of[key]
	if key.Account == smsengine.IdenticalCounter {
		n, ok = c.alike[key]
	}
	return n, ok
}

// keep takes over what was committed. anew forgets all others first.
func (c *counts) keep(committed map[smsengine.Counter]*count, anew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if anew || c.of == nil || len(c.of)+len(committed) > maxCounts {
		c.of = make(map[smsengine.Counter]count, len(committed))
	}
	if anew || c.alike == nil || len(c.alike)+len(committed) > maxAlike {
		c.alike = make(map[smsengine.Counter]count, len(committed))
	}
	for key, n := range committed {
		kept := c.of
		if key.Account == smsengine.IdenticalCounter {
			kept = c.alike
		}
		kept[key] = count{used: n.used, last: n.last, there: n.there}
	}
}

// counter gives a counter as it is in this transaction, to be changed.
func (t *tx) counter(key smsengine.Counter) (*count, error) {
	if n := t.counters[key]; n != nil {
		return n, nil
	}
	n, known := t.s.counts.get(key)
	if first := !t.s.repeated && key.Account == smsengine.IdenticalCounter; (!known || t.pruned) && !first {
		var err error
		n = count{}
		n.there, err = t.row(func(r scanner) error { return r.Scan(&n.used, &n.last) },
			`SELECT used, last FROM usage WHERE account = ? AND period = ?`, key.Account, key.Period)
		if err != nil {
			return nil, err
		}
	}
	t.counters[key] = &n
	return &n, nil
}

// storeCounters stores the counters that have changed. A text that was there once
// is not worth a row: should that be forgotten, one more like it goes out.
func (t *tx) storeCounters() error {
	for key, n := range t.counters {
		if !n.dirty || key.Account == smsengine.IdenticalCounter && n.used < 2 {
			continue
		}
		if _, err := t.exec(`INSERT INTO usage (account, period, used, last) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (account, period) DO UPDATE SET used = ?3, last = ?4`,
			key.Account, key.Period, n.used, n.last); err != nil {
			return err
		}
		t.s.repeated = t.s.repeated || key.Account == smsengine.IdenticalCounter
		n.dirty = false
	}
	return nil
}
