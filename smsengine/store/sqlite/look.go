package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Links gives the live links of two numbers. See smsengine.Facts.
func (s *Store) Links(ctx context.Context, ours, theirs smsengine.Address, now time.Time) ([]smsengine.Link, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT sender, message, expires FROM link
		WHERE ours = ? AND theirs = ? AND expires > ? ORDER BY made DESC, message DESC`, ours.String(), theirs.String(), millis(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var links []smsengine.Link
	for rows.Next() {
		l := smsengine.Link{Ours: ours, Theirs: theirs}
		var sender string
		var expires int64
		if err := rows.Scan(&sender, &l.Message, &expires); err != nil {
			return nil, err
		}
		if err := l.Sender.UnmarshalText([]byte(sender)); err != nil {
			return nil, err
		}
		l.Expires = instant(expires)
		links = append(links, l)
	}
	return links, rows.Err()
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

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return smsengine.ErrNotFound
	}
	return err
}

// Trace gives a message's events. See smsengine.Ledger.
func (s *Store) Trace(ctx context.Context, id smsengine.MessageID) ([]smsengine.Event, error) {
	data, err := column(ctx, s.read, `SELECT data FROM event WHERE message = ? ORDER BY n`, string(id))
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, smsengine.ErrNotFound
	}
	events := make([]smsengine.Event, len(data))
	for i, d := range data {
		if err := json.Unmarshal([]byte(d), &events[i]); err != nil {
			return nil, fmt.Errorf("event %d of %s: %w", i, id, err)
		}
	}
	return events, nil
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
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+messageColumns+messageTables+`WHERE `+
		strings.Join(where, " AND ")+` ORDER BY m.id DESC LIMIT ?`, append(args, f.Limit)...)
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

// Counts counts messages. See smsengine.Ledger.
func (s *Store) Counts(ctx context.Context) (map[smsengine.Kind]map[smsengine.State]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, state, count(*) FROM message GROUP BY kind, state`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := make(map[smsengine.Kind]map[smsengine.State]int)
	for rows.Next() {
		var kind smsengine.Kind
		var state smsengine.State
		var n int
		if err := rows.Scan(&kind, &state, &n); err != nil {
			return nil, err
		}
		if counts[kind] == nil {
			counts[kind] = make(map[smsengine.State]int)
		}
		counts[kind][state] = n
	}
	return counts, rows.Err()
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
