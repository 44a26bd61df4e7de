package sqlite

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/postel-mail/postel/smsengine"
)

// pulse is how the committer does.
type pulse struct {
	path  string
	begun atomic.Int64 // when the commit under way began, in Unix nanoseconds; 0: there is none

	mu      sync.Mutex
	figures smsengine.StoreFigures
	at      time.Time // of the last commit, or failure of one
	err     error     // of that
}

func (p *pulse) start(path string) {
	p.path = path
	p.figures.Commits = smsengine.NewHistogram(.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
	p.figures.Changes = smsengine.NewHistogram(1, 2, 5, 10, 20, 50, 100, 200, groupMax)
}

// measure runs what commits a number of changes.
func (p *pulse) measure(changes int, commit func() error) error {
	began := time.Now()
	p.begun.Store(began.UnixNano())
	err := commit()
	p.begun.Store(0)
	ended := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.figures.Commits.Add(ended.Sub(began).Seconds())
		p.figures.Changes.Add(float64(changes))
	case code(err) < 0:
		return err // somebody wanted what cannot be: it says nothing about the disk
	default:
		p.figures.Failed++
	}
	p.at, p.err = ended, err
	return err
}

// code is SQLite's primary result code, below 0 if it is not the database that
// failed.
func code(err error) int {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return -1
	}
	switch c := e.Code() & 0xff; c {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return -1
	default:
		return c
	}
}

// enough is what must be free on the disk: where there is less, a small commit may
// pass and a long mail fails.
const enough = 4 << 20

// How long one commit says something about the next, how soon one that failed is
// tried again, and how long one may take.
const (
	goodFor = 30 * time.Second
	badFor  = 2 * time.Second
	stuck   = 5 * time.Second
)

// Check says what keeps the store from committing, nil if nothing does, for
// strangers: a temporary [*smsengine.Error]. It knows from the last commit; where
// that was long ago, or failed, it makes one that changes nothing, which takes as
// long as the disk does, whatever ctx says.
func (s *Store) Check(ctx context.Context) error {
	p := &s.pulse
	if began := p.begun.Load(); began != 0 && time.Since(time.Unix(0, began)) > stuck {
		return smsengine.Fail("store", smsengine.Temporary, "4.3.0", "the database does not answer: its disk is stuck", nil)
	}
	p.mu.Lock()
	at, err := p.at, p.err
	p.mu.Unlock()
	if since := time.Since(at); err == nil && since > goodFor || err != nil && since > badFor {
		err = s.change(ctx, func(t *tx) error { // the page is written, though it stays as it is
			_, err := t.exec(`PRAGMA user_version = 0`)
			return err
		})
	}
	left := free(p.path)
	switch {
	case err == nil && (left < 0 || left >= enough):
		return nil
	case err == nil || code(err) == sqlite3.SQLITE_FULL:
		return smsengine.Fail("store", smsengine.Temporary, "4.3.1", "the disk is full", err)
	}
	return smsengine.Fail("store", smsengine.Temporary, "4.3.0", "the database cannot be written", err)
}

// Figures is what the store measures.
func (s *Store) Figures() smsengine.StoreFigures {
	p := &s.pulse
	p.mu.Lock()
	f := p.figures
	f.Commits, f.Changes = f.Commits.Clone(), f.Changes.Clone()
	p.mu.Unlock()
	f.Database, f.Journal, f.Free = size(p.path), size(p.path+"-wal"), free(p.path)
	return f
}

// size is that of a file, 0 if it is not there.
func size(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}
