package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// Suppress does what a STOP or a START would. See smsengine.Accounts.
func (s *Store) Suppress(ctx context.Context, what smsengine.Suppress) error {
	err := s.change(ctx, func(t *tx) error {
		n, err := t.suppress(what)
		if err == nil && n == 0 && what.Since.IsZero() {
			return smsengine.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}

// suppress notes a STOP or a START, and gives the number of rows changed. Who
// reads sees it at once: a STOP that nobody had heard of would let the next text
// through.
func (t *tx) suppress(s smsengine.Suppress) (int64, error) {
	if s.Since.IsZero() {
		return t.exec(`DELETE FROM suppressed WHERE theirs = ? AND ours = ?`, s.Theirs.String(), s.Ours.String())
	}
	t.s.suppresses.Store(true)
	return t.exec(`INSERT OR IGNORE INTO suppressed (theirs, ours, since) VALUES (?,?,?)`,
		s.Theirs.String(), s.Ours.String(), millis(s.Since))
}

// Suppressed gives our numbers that a phone said STOP to. See smsengine.Facts.
func (s *Store) Suppressed(ctx context.Context, theirs smsengine.Address) ([]smsengine.Address, error) {
	if !s.suppresses.Load() {
		return nil, nil
	}
	all, err := s.suppressions(ctx, `WHERE theirs = ? ORDER BY ours`, theirs.String())
	var ours []smsengine.Address
	for _, one := range all {
		ours = append(ours, one.Ours)
	}
	return ours, err
}

// Suppressions gives the phones that said STOP. See smsengine.Ledger.
func (s *Store) Suppressions(ctx context.Context) ([]smsengine.Suppress, error) {
	return s.suppressions(ctx, `ORDER BY since DESC, theirs, ours`)
}

func (s *Store) suppressions(ctx context.Context, which string, args ...any) ([]smsengine.Suppress, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT ours, theirs, since FROM suppressed `+which, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []smsengine.Suppress
	for rows.Next() {
		var one smsengine.Suppress
		var ours, theirs string
		var since int64
		err := rows.Scan(&ours, &theirs, &since)
		err = errors.Join(err, one.Ours.UnmarshalText([]byte(ours)), one.Theirs.UnmarshalText([]byte(theirs)))
		if err != nil {
			return nil, err
		}
		one.Since = instant(since)
		all = append(all, one)
	}
	return all, rows.Err()
}
