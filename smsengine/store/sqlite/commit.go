package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// groupMax bounds how many callers share one transaction, and so how long the
// first of them waits.
const groupMax = 512

var errClosed = errors.New("the store is closed")

// lull is how long what is patient waits for company.
const lull = 5 * time.Millisecond

// op is one call that changes something.
type op struct {
	do      func(t *tx) error
	patient bool        // nobody waits who could do something else: it shares the next flush, if there is one soon
	begun   atomic.Bool // taken by the committer, or given up by the caller
	done    chan error
}

// tx is the transaction that the ops of a group share.
type tx struct {
	s        *Store
	wakes    bool            // something became ready
	accounts map[string]bool // that were changed
	lists    bool            // a key or a stop was changed
	moves    moves           // of messages

	counters map[smsengine.Counter]*count // that were looked at
	pruned   bool                         // rows of counters were removed: what is remembered of them is not true
}

// change hands do to the committer and waits until it is durable. do must do
// the same when it is run again: a group that fails is repeated one by one.
func (s *Store) change(ctx context.Context, do func(t *tx) error) error {
	return s.hand(ctx, &op{do: do, done: make(chan error, 1)})
}

// changeSoon is change for what has time: while others change things, it costs no
// flush of its own.
func (s *Store) changeSoon(ctx context.Context, do func(t *tx) error) error {
	return s.hand(ctx, &op{do: do, patient: true, done: make(chan error, 1)})
}

func (s *Store) hand(ctx context.Context, o *op) error {
	select {
	case <-s.stop:
		return errClosed
	default:
	}
	select {
	case s.ops <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stop:
		return errClosed
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		if !o.begun.Swap(true) {
			return ctx.Err() // the committer will pass over it
		}
		return <-o.done
	case <-s.stopped:
		select {
		case err := <-o.done:
			return err
		default:
			return errClosed
		}
	}
}

// commitLoop is the committer: it takes whatever waits and makes it durable
// with one flush.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	group := make([]*op, 0, groupMax)
	for {
		group = group[:0]
		select {
		case o := <-s.ops:
			group = append(group, o)
		case <-s.stop:
			s.drain()
			return
		}
		for before := 0; before < len(group); {
			before = len(group)
			runtime.Gosched() // whoever is about to hand something in does it first
			group = s.waiting(group)
		}
		if !slices.ContainsFunc(group, func(o *op) bool { return !o.patient }) {
			group = s.waiting(s.company(group))
		}
		s.commit(group)
	}
}

// waiting adds whatever waits.
func (s *Store) waiting(group []*op) []*op {
	for len(group) < groupMax {
		select {
		case o := <-s.ops:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// company waits, for the length of a lull, until somebody comes who is not
// patient.
func (s *Store) company(group []*op) []*op {
	over := time.NewTimer(lull)
	defer over.Stop()
	for len(group) < groupMax {
		select {
		case o := <-s.ops:
			group = append(group, o)
			if !o.patient {
				return group
			}
		case <-over.C:
			return group
		case <-s.stop:
			return group
		}
	}
	return group
}

// drain commits what was handed in before Close.
func (s *Store) drain() {
	for {
		select {
		case o := <-s.ops:
			s.commit([]*op{o})
		default:
			return
		}
	}
}

func (s *Store) commit(group []*op) {
	live := group[:0]
	for _, o := range group {
		if !o.begun.Swap(true) {
			live = append(live, o)
		}
	}
	if len(live) == 0 {
		return
	}
	err := s.pulse.measure(len(live), func() error { return s.transact(live) })
	if err != nil && len(live) > 1 {
		// One of them is at fault, or the disk is full: each on its own.
		for _, o := range live {
			o.done <- s.pulse.measure(1, func() error { return s.transact([]*op{o}) })
		}
		return
	}
	for _, o := range live {
		o.done <- err
	}
}

// transact runs the ops in one transaction. It returns nil only after SQLite
// has synced the WAL.
func (s *Store) transact(group []*op) (err error) {
	t := &tx{s: s, accounts: make(map[string]bool), counters: make(map[smsengine.Counter]*count), moves: make(moves)}
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	routes, parked := len(s.routes), s.parked
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: panic: %v", p)
		}
		if err == nil {
			return
		}
		if _, rerr := t.exec(`ROLLBACK`); rerr != nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", rerr))
		}
		s.parked = parked
		clear(s.active)
		if len(s.routes) != routes { // some were made in what was rolled back
			clear(s.routes)
			err = errors.Join(err, s.loadRoutes(context.Background()))
		}
	}()
	for _, o := range group {
		if err := o.do(t); err != nil {
			return err
		}
	}
	if err := t.storeCounters(); err != nil {
		return err
	}
	changed, next := len(t.accounts) > 0 || t.lists, catalogue{}
	if changed {
		if next, err = t.catalogue(); err != nil {
			return err
		}
	}
	if _, err := t.exec(`COMMIT`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.counts.keep(t.counters, t.pruned)
	s.tally.keep(t.moves)
	if changed {
		s.catalogue = next
		s.directory.Store(next.directory())
	}
	if t.wakes {
		s.wakeUp()
	}
	return nil
}

// exec runs a statement and gives the number of rows that it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	r, err := t.s.write.change(query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs a statement that makes a row, and gives its number, 0 if there is
// none.
func (t *tx) insert(query string, args ...any) (seq int64, err error) {
	r, err := t.s.write.change(query, args)
	if err != nil {
		return 0, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	return r.LastInsertId()
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	st, err := t.s.write.query(query)
	if err != nil {
		return nil, err
	}
	return st.Query(args...)
}

// row runs a query for one row, which scan reads; found is false if there is
// none.
func (t *tx) row(scan func(r scanner) error, query string, args ...any) (found bool, err error) {
	st, err := t.s.write.query(query)
	if err != nil {
		return false, err
	}
	err = scan(st.QueryRow(args...))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

type scanner interface{ Scan(dest ...any) error }
