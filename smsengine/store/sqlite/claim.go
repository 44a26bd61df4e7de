package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Claim begins attempts. See smsengine.Queue. It finds the candidates by the
// index and then does what Apply says.
func (s *Store) Claim(ctx context.Context, c smsengine.Claim) ([]smsengine.Delivery, error) {
	var out []smsengine.Delivery
	err := s.change(ctx, func(t *tx) error {
		var err error
		out, err = t.claim(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return out, nil
}

func (t *tx) claim(c smsengine.Claim) ([]smsengine.Delivery, error) {
	places := c.Places()
	due, err := t.candidates(places)
	if err != nil {
		return nil, err
	}
	var out []smsengine.Delivery
	for _, m := range due {
		g := places.Choose(m.Message)
		if g == "" {
			continue
		}
		places.Take(g, m.Route)
		d, err := t.begin(m, smsengine.Event{
			Message: m.ID, Kind: smsengine.Claimed, At: c.Now, Attempt: m.Attempt + 1,
			Gateway: g, Node: c.Node, Until: c.Until,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// candidates gives what is due for gateways with room, oldest first.
func (t *tx) candidates(p *smsengine.Places) ([]row, error) {
	var due []row
	for _, r := range t.s.routes {
		for _, g := range r.Gateways() {
			if err := t.ready(&due, r.id, g, p.Now, p.Room[g]); err != nil {
				return nil, err
			}
		}
		room, wait := p.Reach(r.Route)
		if err := t.ready(&due, r.id, "", p.Now.Add(-wait), room); err != nil {
			return nil, err
		}
	}
	// Of the same millisecond, the one that was stored first goes first.
	slices.SortStableFunc(due, func(a, b row) int { return a.Next.Compare(b.Next) })
	return due, nil
}

func (t *tx) ready(due *[]row, route int64, gateway string, now time.Time, limit int) error {
	if limit <= 0 {
		return nil
	}
	rows, err := t.query(`SELECT id FROM message
		WHERE state = 'ready' AND route = ? AND gateway = ? AND next <= ? ORDER BY next LIMIT ?`,
		route, gateway, millis(now), limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id smsengine.MessageID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		m, err := t.message(id)
		if err != nil {
			return err
		}
		*due = append(*due, m)
	}
	return rows.Err()
}

// begin records the attempt and gathers what the gateway needs.
func (t *tx) begin(m row, e smsengine.Event) (smsengine.Delivery, error) {
	next, _, err := m.Apply(e, e.At)
	if err != nil {
		return smsengine.Delivery{}, err
	}
	if err := t.updateMessage(m, next, e); err != nil {
		return smsengine.Delivery{}, err
	}
	d := smsengine.Delivery{Message: next, Part: next.Unsent(), At: e.At}
	if m.Kind == smsengine.Text {
		return d, nil
	}
	_, err = t.row(func(r scanner) (err error) { d.Source, err = scanSource(r); return err },
		`SELECT id, received, data, original FROM source WHERE id = ?`, string(m.Source))
	if err == nil && m.About != "" {
		var about row
		if about, err = t.message(m.About); err == nil {
			d.About = &about.Message
		}
	}
	return d, err
}

// NextDue gives the time of the next claim. See smsengine.Queue. It asks the
// index once for each route and gateway, however many messages wait.
func (s *Store) NextDue(ctx context.Context, c smsengine.Claim) (time.Time, error) {
	routes, err := column(ctx, s.read, `SELECT gateways FROM route`)
	if err != nil {
		return time.Time{}, err
	}
	var first time.Time
	consider := func(route, bound string, wait time.Duration) error {
		var next sql.NullInt64
		err := s.read.QueryRowContext(ctx, `SELECT min(next) FROM message
			WHERE state = 'ready' AND gateway = ? AND route = (SELECT id FROM route WHERE gateways = ?)`, bound, route).Scan(&next)
		if at := instant(next.Int64).Add(wait); err == nil && next.Valid && (first.IsZero() || at.Before(first)) {
			first = at
		}
		return err
	}
	places := c.Places()
	for _, text := range routes {
		route, err := smsengine.ParseRoute(text)
		if err != nil {
			return time.Time{}, err
		}
		for _, g := range route.Gateways() {
			if c.Room[g] <= 0 {
				continue
			}
			if err := consider(text, g, 0); err != nil {
				return time.Time{}, err
			}
		}
		if room, wait := places.Reach(route); room > 0 {
			if err := consider(text, "", wait); err != nil {
				return time.Time{}, err
			}
		}
	}
	return first, nil
}
