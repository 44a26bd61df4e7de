package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Due gives what the passing of time has brought about. See smsengine.Queue.
func (s *Store) Due(ctx context.Context, node string, now time.Time, limit int) ([]smsengine.Event, error) {
	events, err := s.lost(ctx, node, now, limit)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		kind  smsengine.EventKind
		query string
	}{
		{smsengine.TimedOut, `SELECT id FROM message WHERE (state = 'ready' OR state = 'held' OR state = 'unsure' OR awaits = 1)
			AND state <> 'sending' AND expires <= ? ORDER BY expires LIMIT ?`},
		{smsengine.Delayed, `SELECT id FROM message WHERE warn > 0 AND (state = 'ready' OR state = 'held') AND warn <= ? ORDER BY warn LIMIT ?`},
	} {
		if len(events) >= limit {
			break
		}
		ids, err := column(ctx, s.read, q.query, millis(now), limit-len(events))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			events = append(events, smsengine.Event{Message: smsengine.MessageID(id), Kind: q.kind, At: now})
		}
	}
	return events, nil
}

// lost gives the attempts that nobody makes any more: their lease ran out, or
// it is held by an earlier life of this node. node is "name/life".
func (s *Store) lost(ctx context.Context, node string, now time.Time, limit int) ([]smsengine.Event, error) {
	name, _, _ := strings.Cut(node, "/")
	rows, err := s.read.QueryContext(ctx, `SELECT id, attempt, gateway FROM message WHERE state = 'sending'
		AND (lease <= ?1 OR node <> ?2 AND substr(node, 1, length(?3)) = ?3) ORDER BY lease LIMIT ?4`,
		millis(now), node, name+"/", limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []smsengine.Event
	for rows.Next() {
		e := smsengine.Event{Kind: smsengine.Lost, At: now}
		if err := rows.Scan(&e.Message, &e.Attempt, &e.Gateway); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, rows.Err()
}
