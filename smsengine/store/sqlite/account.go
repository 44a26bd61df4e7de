package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// PutAccount stores an account. See smsengine.Accounts.
func (s *Store) PutAccount(ctx context.Context, a smsengine.Account) error {
	return s.administer(ctx, "store account "+a.Name, func(t *tx) error { return t.putAccount(a) })
}

// RemoveAccount forgets an account. See smsengine.Accounts.
func (s *Store) RemoveAccount(ctx context.Context, name string) error {
	return s.administer(ctx, "remove account "+name, func(t *tx) error {
		t.accounts[name], t.lists = true, true
		if err := t.mustFind(`DELETE FROM account WHERE name = ?`, name); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM key WHERE account = ?`, name); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM webhook WHERE account = ?`, name); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM stopped WHERE account = ?`, name)
		return err
	})
}

// PutKey stores a key. See smsengine.Accounts.
func (s *Store) PutKey(ctx context.Context, k smsengine.Key) error {
	return s.administer(ctx, "store key "+k.ID, func(t *tx) error {
		t.lists = true
		n, err := t.exec(`INSERT INTO key (id, account, number, digest, note, created, revoked, last_used, scopes, expires)
			VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			k.ID, k.Account, k.Number, k.Digest[:], k.Note, millis(k.Created), millis(k.Revoked), millis(k.LastUsed),
			k.Scopes.String(), millis(k.Expires))
		if err == nil && n == 0 {
			err = smsengine.ErrExists
		}
		return err
	})
}

// RevokeKey ends a key. See smsengine.Accounts.
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return s.administer(ctx, "revoke key "+id, func(t *tx) error {
		t.lists = true
		return t.mustFind(`UPDATE key SET revoked = CASE revoked WHEN 0 THEN ? ELSE revoked END WHERE id = ?`, millis(at), id)
	})
}

// StopAccount keeps an account from sending. See smsengine.Accounts.
func (s *Store) StopAccount(ctx context.Context, stop smsengine.Stop) error {
	return s.administer(ctx, "stop account "+stop.Account, func(t *tx) error {
		t.lists = true
		_, err := t.exec(`INSERT OR REPLACE INTO stopped (account, at, reason) VALUES (?,?,?)`, stop.Account, millis(stop.At), stop.Reason)
		return err
	})
}

// ResumeAccount lets a stopped account send again. See smsengine.Accounts.
func (s *Store) ResumeAccount(ctx context.Context, account string) error {
	return s.administer(ctx, "resume account "+account, func(t *tx) error {
		t.lists = true
		return t.mustFind(`DELETE FROM stopped WHERE account = ?`, account)
	})
}

// administer makes a change that an administrator asked for. One that fails is
// undone alone, so that it disturbs nobody who shares the transaction.
func (s *Store) administer(ctx context.Context, what string, do func(t *tx) error) error {
	var wrong error
	err := s.change(ctx, func(t *tx) error {
		if _, err := t.exec(`SAVEPOINT administer`); err != nil {
			return err
		}
		if wrong = do(t); wrong != nil {
			if _, err := t.exec(`ROLLBACK TO administer`); err != nil {
				return err
			}
		}
		_, err := t.exec(`RELEASE administer`)
		return err
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// mustFind runs a statement that changes one row; ErrNotFound if it changes none.
func (t *tx) mustFind(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		err = smsengine.ErrNotFound
	}
	return err
}

func (t *tx) putAccount(a smsengine.Account) error {
	t.accounts[a.Name] = true
	stored := a
	stored.Version = 0 // it has a column
	data, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	var n int64
	refusal := smsengine.ErrChanged
	if a.Version == 0 {
		refusal = smsengine.ErrExists
		n, err = t.exec(`INSERT INTO account (name, data, password, version) VALUES (?,?,?,1) ON CONFLICT DO NOTHING`,
			a.Name, string(data), a.Password)
	} else {
		n, err = t.exec(`UPDATE account SET data = ?, password = ?, version = version + 1 WHERE name = ? AND version = ?`,
			string(data), a.Password, a.Name, a.Version)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return refusal
	}
	return t.putMembers(a)
}

func (t *tx) putMembers(a smsengine.Account) error {
	if _, err := t.exec(`DELETE FROM member WHERE account = ?`, a.Name); err != nil {
		return err
	}
	for _, m := range a.Members {
		var there string
		_, err := t.row(func(r scanner) error { return r.Scan(&there) },
			`INSERT INTO member (name, account) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING account`, m, a.Name)
		if err != nil {
			return err
		}
		if there != a.Name {
			return smsengine.Fail("account", smsengine.Permanent, "5.5.4",
				m+" is a member of "+there+" already; an address can be a member of one account only", nil)
		}
	}
	return nil
}

// stopAccount keeps an account from sending, for the first reason that it gets.
func (t *tx) stopAccount(s smsengine.Stop) error {
	n, err := t.exec(`INSERT INTO stopped (account, at, reason) VALUES (?,?,?) ON CONFLICT (account) DO NOTHING`,
		s.Account, millis(s.At), s.Reason)
	t.lists = t.lists || n > 0
	return err
}

// useKeys notes when keys were used last. That alone makes no new Directory.
func (t *tx) useKeys(ids []string, at time.Time) error {
	for _, id := range ids {
		if _, err := t.exec(`UPDATE key SET last_used = max(last_used, ?) WHERE id = ?`, millis(at), id); err != nil {
			return err
		}
	}
	return nil
}
