package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// The events of a message stand in its own row, which each of them changes anyway:
// a line of JSON each. Most messages have three in all their life. A message that
// has many is not to be written whole for each further one, so the first lines move
// to the table of events, several at a time.

// historyMost is how many events stand in the row of a message.
const historyMost = 8

// history gives the history of a message that is stored with its first events.
func history(events []smsengine.Event) (string, error) {
	var lines strings.Builder
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return "", err
		}
		lines.Write(line)
		lines.WriteByte('\n')
	}
	return lines.String(), nil
}

// goesOn gives a message's history with one event more.
func (t *tx) goesOn(m row, e smsengine.Event) (string, error) {
	next, err := history([]smsengine.Event{e})
	if err != nil {
		return "", err
	}
	n := strings.Count(m.history, "\n")
	if n < historyMost {
		return m.history + next, nil
	}
	_, err = t.exec(`INSERT INTO event (message, n, at, data) VALUES (?,?,?,?)`, string(m.ID), m.events-n, millis(e.At), m.history)
	return next, err
}

// Trace gives a message's events. See smsengine.Ledger.
func (s *Store) Trace(ctx context.Context, id smsengine.MessageID) ([]smsengine.Event, error) {
	all, err := column(ctx, s.read, `SELECT data FROM (
		SELECT n, data FROM event WHERE message = ?1 UNION ALL SELECT events, history FROM message WHERE id = ?1) ORDER BY n`, string(id))
	if err != nil {
		return nil, err
	}
	var events []smsengine.Event
	for line := range strings.Lines(strings.Join(all, "\n")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var e smsengine.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("event %d of %s: %w", len(events), id, err)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil, smsengine.ErrNotFound
	}
	return events, nil
}
