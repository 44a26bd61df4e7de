package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/postel-mail/postel/smsengine"
)

// Directory gives all accounts. See smsengine.Facts. Where another process
// writes it is read anew each time.
func (s *Store) Directory(ctx context.Context) (*smsengine.Directory, error) {
	if s.write != nil {
		return s.directory.Load(), nil
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // the tables as they are at one moment
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	c, err := loadCatalogue(func(query string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, query, args...) })
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return c.directory(), nil
}

// Keys gives an account's keys. See smsengine.Accounts.
func (s *Store) Keys(ctx context.Context, account string) ([]smsengine.Key, error) {
	keys, err := loadKeys(func(query string, args ...any) (*sql.Rows, error) { return s.read.QueryContext(ctx, query, args...) },
		`WHERE ?1 = '' OR account = ?1 ORDER BY created DESC, id DESC`, account)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return keys, nil
}

// querier runs a query on the connection that is meant.
type querier func(query string, args ...any) (*sql.Rows, error)

// catalogue is what a Directory is made of. The committer keeps the one of the
// last commit, so that a change of one account of thousands reads one row.
type catalogue struct {
	accounts map[string]smsengine.Account
	keys     []smsengine.Key
	stops    []smsengine.Stop
	webhooks []smsengine.Webhook
}

func (c catalogue) directory() *smsengine.Directory {
	return smsengine.NewDirectory(slices.Collect(maps.Values(c.accounts)), c.keys, c.stops, c.webhooks)
}

// loadCatalogue reads the tables.
func loadCatalogue(query querier) (catalogue, error) {
	c := catalogue{accounts: make(map[string]smsengine.Account)}
	if err := c.loadAccounts(query, ``); err != nil {
		return c, err
	}
	return c, c.loadLists(query)
}

// catalogue reads what the transaction changed, and has the rest as it was.
func (t *tx) catalogue() (catalogue, error) {
	next := t.s.catalogue
	if len(t.accounts) > 0 {
		next.accounts = maps.Clone(next.accounts)
	}
	for name := range t.accounts {
		delete(next.accounts, name)
		if err := next.loadAccounts(t.query, `WHERE name = ?`, name); err != nil {
			return next, err
		}
	}
	if t.lists {
		return next, next.loadLists(t.query)
	}
	return next, nil
}

func (c *catalogue) loadAccounts(query querier, where string, args ...any) error {
	accounts, err := gather(query, func(r scanner) (smsengine.Account, error) {
		var a smsengine.Account
		var data, password string
		var version int
		if err := r.Scan(&data, &password, &version); err != nil {
			return a, err
		}
		err := json.Unmarshal([]byte(data), &a)
		a.Password, a.Version = password, version
		return a, err
	}, `SELECT data, password, version FROM account `+where, args...)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	for _, a := range accounts {
		c.accounts[a.Name] = a
	}
	return nil
}

// loadLists reads the keys, the stops and the webhooks.
func (c *catalogue) loadLists(query querier) (err error) {
	if c.keys, err = loadKeys(query, ``); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	c.stops, err = gather(query, func(r scanner) (smsengine.Stop, error) {
		var s smsengine.Stop
		var at int64
		err := r.Scan(&s.Account, &at, &s.Reason)
		s.At = instant(at)
		return s, err
	}, `SELECT account, at, reason FROM stopped`)
	if err != nil {
		return fmt.Errorf("stopped accounts: %w", err)
	}
	if c.webhooks, err = loadWebhooks(query); err != nil {
		return fmt.Errorf("webhooks: %w", err)
	}
	return nil
}

func loadKeys(query querier, where string, args ...any) ([]smsengine.Key, error) {
	return gather(query, func(r scanner) (smsengine.Key, error) {
		var k smsengine.Key
		var digest []byte
		var scopes string
		var created, revoked, used, expires int64
		err := r.Scan(&k.ID, &k.Account, &k.Number, &digest, &k.Note, &created, &revoked, &used, &scopes, &expires)
		copy(k.Digest[:], digest)
		k.Created, k.Revoked, k.LastUsed = instant(created), instant(revoked), instant(used)
		k.Expires = instant(expires)
		return k, errors.Join(err, k.Scopes.UnmarshalText([]byte(scopes)))
	}, `SELECT id, account, number, digest, note, created, revoked, last_used, scopes, expires FROM key `+where, args...)
}

// gather reads all rows of a query.
func gather[T any](query querier, scan func(r scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
