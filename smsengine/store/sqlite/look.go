package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Links gives the live links of two numbers. See smsengine.Facts.
func (s *Store) Links(ctx context.Context, ours, theirs smsengine.Address, now time.Time) ([]smsengine.Link, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT ours, sender, message, expires, name, code FROM link
		WHERE theirs = ?1 AND (ours = ?2 OR ?2 = '') AND expires > ?3 ORDER BY made DESC, message DESC`,
		theirs.String(), ours.String(), millis(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var links []smsengine.Link
	for rows.Next() {
		l := smsengine.Link{Theirs: theirs}
		var ours, sender string
		var expires int64
		if err := rows.Scan(&ours, &sender, &l.Message, &expires, &l.Name, &l.Code); err != nil {
			return nil, err
		}
		if err := errors.Join(l.Ours.UnmarshalText([]byte(ours)), l.Sender.UnmarshalText([]byte(sender))); err != nil {
			return nil, err
		}
		l.Expires = instant(expires)
		links = append(links, l)
	}
	return links, rows.Err()
}

// Conflict gives the last text of a phone that answered one of several senders.
// See smsengine.Facts.
func (s *Store) Conflict(ctx context.Context, ours, theirs smsengine.Address) (smsengine.Conflict, error) {
	var c smsengine.Conflict
	var day int64
	err := s.read.QueryRowContext(ctx, `SELECT message, day, told FROM conflict WHERE ours = ? AND theirs = ?`,
		ours.String(), theirs.String()).Scan(&c.Message, &day, &c.Told)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	c.Day = instant(day)
	return c, err
}

// Source gives a source. See smsengine.Facts.
func (s *Store) Source(ctx context.Context, id smsengine.SourceID) (smsengine.Source, error) {
	src, err := scanSource(s.read.QueryRowContext(ctx, `SELECT id, received, data, original FROM source WHERE id = ?`, string(id)))
	return src, notFound(err)
}

// Message gives a message. See smsengine.Facts.
func (s *Store) Message(ctx context.Context, id smsengine.MessageID) (smsengine.Message, error) {
	m, err := scanMessage(s.read.QueryRowContext(ctx, `SELECT `+messageColumns+messageTables+`WHERE m.id = ?`, string(id)))
	return m.Message, notFound(err)
}

// Known names the message that has a key. See smsengine.Facts.
func (s *Store) Known(ctx context.Context, key string) (id smsengine.MessageID, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT id FROM message WHERE key = ?`, key).Scan(&id)
	return id, notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return smsengine.ErrNotFound
	}
	return err
}

// Find gives messages by the beginning of their ID. See smsengine.Ledger.
func (s *Store) Find(ctx context.Context, prefix string, limit int) ([]smsengine.MessageID, error) {
	ids, err := column(ctx, s.read, `SELECT id FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT ?`, prefix, prefix+"\x7f", limit)
	out := make([]smsengine.MessageID, len(ids))
	for i, id := range ids {
		out[i] = smsengine.MessageID(id)
	}
	return out, err
}

// List gives messages, newest first. See smsengine.Ledger.
func (s *Store) List(ctx context.Context, f smsengine.Filter) ([]smsengine.Message, error) {
	where, args := []string{"1 = 1"}, []any{}
	if len(f.States) > 0 {
		where = append(where, "m.state IN (?"+strings.Repeat(",?", len(f.States)-1)+")")
		for _, st := range f.States {
			args = append(args, string(st))
		}
	}
	if f.Kind != "" {
		where, args = append(where, "m.kind = ?"), append(args, string(f.Kind))
	}
	if !f.Address.IsZero() {
		where, args = append(where, "? IN (m.sender, m.recipient)"), append(args, f.Address.String())
	}
	if f.About != "" {
		where, args = append(where, "m.about = ?"), append(args, string(f.About))
	}
	if f.Account != "" { // the second condition is that of the index
		where, args = append(where, "m.account = ? AND m.account <> ''"), append(args, f.Account)
	}
	if !f.Since.IsZero() {
		where, args = append(where, "m.created >= ?"), append(args, millis(f.Since))
	}
	if !f.Until.IsZero() {
		where, args = append(where, "m.created < ?"), append(args, millis(f.Until))
	}
	for _, end := range []struct {
		compare string
		id      smsengine.MessageID
	}{{"<", f.Before}, {">", f.After}} {
		if end.id == "" {
			continue
		}
		var seq int64
		if err := s.read.QueryRowContext(ctx, `SELECT seq FROM message WHERE id = ?`, string(end.id)).Scan(&seq); err != nil {
			return nil, notFound(err)
		}
		where, args = append(where, "m.seq "+end.compare+" ?"), append(args, seq)
	}
	order := "DESC"
	if f.Oldest {
		order = "ASC"
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+messageColumns+messageTables+`WHERE `+
		strings.Join(where, " AND ")+` ORDER BY m.seq `+order+` LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []smsengine.Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, m.Message)
	}
	return out, rows.Err()
}

// column gives the first column of a query.
func column(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
