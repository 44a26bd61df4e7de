package sqlite

import (
	"context"
	"errors"

	"github.com/postel-mail/postel/smsengine"
)

// PutWebhook stores a new webhook. See smsengine.Accounts.
func (s *Store) PutWebhook(ctx context.Context, w smsengine.Webhook) error {
	return s.administer(ctx, "store webhook "+w.Name, func(t *tx) error {
		t.lists = true
		n, err := t.exec(`INSERT INTO webhook (name, account, occasions, url, secret, created) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			w.Name, w.Account, w.Occasions.String(), w.URL, w.Secret, millis(w.Created))
		if err == nil && n == 0 {
			err = smsengine.ErrExists
		}
		return err
	})
}

// RemoveWebhook forgets a webhook. See smsengine.Accounts.
func (s *Store) RemoveWebhook(ctx context.Context, name string) error {
	return s.administer(ctx, "remove webhook "+name, func(t *tx) error {
		t.lists = true
		return t.mustFind(`DELETE FROM webhook WHERE name = ?`, name)
	})
}

func loadWebhooks(query querier) ([]smsengine.Webhook, error) {
	return gather(query, func(r scanner) (smsengine.Webhook, error) {
		var w smsengine.Webhook
		var occasions string
		var created int64
		err := r.Scan(&w.Name, &w.Account, &occasions, &w.URL, &w.Secret, &created)
		w.Created = instant(created)
		return w, errors.Join(err, w.Occasions.UnmarshalText([]byte(occasions)))
	}, `SELECT name, account, occasions, url, secret, created FROM webhook`)
}
