package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Usage gives what is on a counter. See smsengine.Facts.
func (s *Store) Usage(ctx context.Context, c smsengine.Counter) (smsengine.Usage, error) {
	if n, ok := s.counts.get(c); ok {
		return smsengine.Usage{Used: n.used, Last: instant(n.last)}, nil
	}
	var u smsengine.Usage
	var last int64
	err := s.read.QueryRowContext(ctx, `SELECT used, last FROM usage WHERE account = ? AND period = ?`, c.Account, c.Period).Scan(&u.Used, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return u, nil
	}
	u.Last = instant(last)
	return u, err
}

// UsageOf gives what an account has used, by period. See smsengine.Accounts.
func (s *Store) UsageOf(ctx context.Context, account string) (map[string]smsengine.Usage, error) {
	return s.usages(ctx, `SELECT period, used, last FROM usage WHERE account = ?`, account)
}

// UsedIn gives what was used in a period, by account. See smsengine.Accounts.
func (s *Store) UsedIn(ctx context.Context, period string) (map[string]smsengine.Usage, error) {
	return s.usages(ctx, `SELECT account, used, last FROM usage WHERE period = ?`, period)
}

func (s *Store) usages(ctx context.Context, query, arg string) (map[string]smsengine.Usage, error) {
	rows, err := s.read.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	defer rows.Close()
	all := make(map[string]smsengine.Usage)
	for rows.Next() {
		var name string
		var used int
		var last int64
		if err := rows.Scan(&name, &used, &last); err != nil {
			return nil, fmt.Errorf("usage: %w", err)
		}
		all[name] = smsengine.Usage{Used: used, Last: instant(last)}
	}
	return all, rows.Err()
}

// SetUsage sets a counter. See smsengine.Accounts.
func (s *Store) SetUsage(ctx context.Context, c smsengine.Counter, u smsengine.Usage) error {
	if u.Used < 0 {
		return fmt.Errorf("set usage: %d is less than nothing", u.Used)
	}
	err := s.change(ctx, func(t *tx) error {
		n, err := t.counter(c)
		if err != nil {
			return err
		}
		if n.used, n.there, n.dirty = u.Used, true, true; !u.Last.IsZero() {
			n.last = millis(u.Last)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set usage: %w", err)
	}
	return nil
}

// Prune forgets counters of windows, links and conflicts. See smsengine.Queue. The
// names of windows begin with a word, those of months and days with a digit.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	if err := s.change(ctx, func(t *tx) error { return t.prune(before) }); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}

func (t *tx) prune(before time.Time) error {
	if err := t.storeCounters(); err != nil {
		return err
	}
	t.counters, t.pruned = make(map[smsengine.Counter]*count), true
	old := before.Add(-smsengine.LinkAge)
	for _, q := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM usage WHERE period >= 'a' AND last < ?`, before},
		{`DELETE FROM link WHERE expires < ?`, old},
		{`DELETE FROM conflict WHERE day < ?`, old},
	} {
		if _, err := t.exec(q.query, millis(q.before)); err != nil {
			return err
		}
	}
	return nil
}
