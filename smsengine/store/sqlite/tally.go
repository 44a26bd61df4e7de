package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// place is where a message stands, as far as it is counted: of messages that are
// done with only what they are and how they ended.
type place struct {
	kind    smsengine.Kind
	state   smsengine.State
	gateway string
	since   int64 // of those that wait, in units of tallyGrain since 1970; else 0
}

// tallyGrain is how exactly the age of what waits is known. It bounds the places:
// a week in which messages pile up every second has 60,000.
const tallyGrain = 10 * time.Second

func placeOf(m smsengine.Message) place {
	p := place{kind: m.Kind, state: m.State}
	if !m.Waits() {
		return p
	}
	p.since = m.Since().Unix() / int64(tallyGrain/time.Second)
	if p.gateway = m.Gateway; p.gateway == "" && len(m.Route) > 0 {
		p.gateway = m.Route[0].Gateways[0]
	}
	return p
}

// tally counts the messages in all places, so that who measures need not read the
// table. It is as of the last commit.
type tally struct {
	mu   sync.Mutex
	of   map[place]int
	err  error         // why there is none
	made chan struct{} // closed when what was there at first is counted, too
	stop context.CancelFunc
}

// moves are what a transaction changes about the tally.
type moves map[place]int

// made is a message that was not there, gone one that is not there any more.
func (v moves) made(m smsengine.Message) { v[placeOf(m)]++ }
func (v moves) gone(m smsengine.Message) { v[placeOf(m)]-- }

// moved is a message that has changed.
func (v moves) moved(from, to smsengine.Message) {
	v.gone(from)
	v.made(to)
}

// keep takes over what was committed.
func (c *tally) keep(v moves) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p, n := range v {
		if n += c.of[p]; n == 0 {
			delete(c.of, p)
		} else {
			c.of[p] = n
		}
	}
}

// begin starts to count what is there, in a snapshot of the database from before
// the first commit, while the committer goes on: a large table takes seconds.
func (c *tally) begin(read *sql.DB) error {
	c.of, c.made = make(map[place]int), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	snapshot, err := read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	var there bool // the snapshot begins with the first look
	if err := snapshot.QueryRow(`SELECT EXISTS (SELECT 1 FROM message)`).Scan(&there); err != nil {
		_ = snapshot.Rollback()
		return err
	}
	go func() {
		defer close(c.made)
		defer func() { _ = snapshot.Rollback() }()
		found, err := countAll(ctx, snapshot)
		c.keep(found)
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
	}()
	return nil
}

// end gives up what begin has begun.
func (c *tally) end() {
	if c.stop != nil {
		c.stop()
	}
	if c.made != nil {
		<-c.made
	}
}

// countAll reads the table. The database groups as placeOf does: what waits by
// where and since when, all else by how it ended.
func countAll(ctx context.Context, db *sql.Tx) (moves, error) {
	found := make(moves)
	for _, query := range []string{
		`SELECT m.kind, m.state, m.gateway, r.gateways,
			CASE WHEN m.state = 'ready' AND m.attempt = 0 THEN max(m.next, m.created) ELSE m.created END / ?, count(*)` + messageTables +
			`WHERE m.state IN ('ready', 'held', 'sending', 'unsure') GROUP BY 1, 2, 3, 4, 5`,
		`SELECT kind, state, '', '', 0 / ?, count(*) FROM message
			WHERE state NOT IN ('ready', 'held', 'sending', 'unsure') GROUP BY 1, 2`,
	} {
		rows, err := db.QueryContext(ctx, query, tallyGrain.Milliseconds())
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var p place
			var route string
			var n int
			if err := rows.Scan(&p.kind, &p.state, &p.gateway, &route, &p.since, &n); err != nil {
				return nil, err
			}
			if p.gateway == "" {
				p.gateway, _, _ = strings.Cut(route, " ")
			}
			found[p] += n
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// places gives the tally, as soon as there is one.
func (s *Store) places(ctx context.Context) (moves, error) {
	if s.tally.made == nil {
		return s.countNow(ctx) // read only: somebody else commits
	}
	select {
	case <-s.stop:
		return nil, errClosed
	default:
	}
	select {
	case <-s.tally.made:
	case <-ctx.Done():
		return nil, fmt.Errorf("messages are still being counted: %w", ctx.Err())
	}
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	if s.tally.err != nil {
		return nil, s.tally.err
	}
	all := make(moves, len(s.tally.of))
	for p, n := range s.tally.of {
		all[p] = n
	}
	return all, nil
}

// countNow reads the table.
func (s *Store) countNow(ctx context.Context) (moves, error) {
	db, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Rollback() }()
	return countAll(ctx, db)
}

// Counts counts messages. See smsengine.Ledger.
func (s *Store) Counts(ctx context.Context) (map[smsengine.Kind]map[smsengine.State]int, error) {
	all, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	counts := make(map[smsengine.Kind]map[smsengine.State]int)
	for p, n := range all {
		if counts[p.kind] == nil {
			counts[p.kind] = make(map[smsengine.State]int)
		}
		counts[p.kind][p.state] += n
	}
	return counts, nil
}

// Waiting counts the messages that wait (smsengine.Message.Waits), in no
// particular order.
func (s *Store) Waiting(ctx context.Context) ([]smsengine.Waiting, error) {
	all, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	at, out := make(map[place]int), []smsengine.Waiting(nil)
	for p, n := range all {
		if !(smsengine.Message{State: p.state}).Waits() {
			continue
		}
		since := time.Unix(p.since*int64(tallyGrain/time.Second), 0).UTC()
		p.since = 0
		i, there := at[p]
		if !there {
			i, at[p] = len(out), len(out)
			out = append(out, smsengine.Waiting{Kind: p.kind, State: p.state, Gateway: p.gateway, Since: since})
		}
		out[i].Messages += n
		if since.Before(out[i].Since) {
			out[i].Since = since
		}
	}
	return out, nil
}
