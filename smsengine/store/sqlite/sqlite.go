// Package sqlite keeps everything in one SQLite file: the Store for a single
// node.
//
// All writing goes through one committer (commit.go) that puts whatever waits
// into one transaction, so that many callers share one flush of the disk. The
// file is in WAL mode with synchronous=FULL: when a commit returns, the WAL has
// been synced. Reading has connections of its own and never waits for a writer.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Options of a Store.
type Options struct {
	// ReadOnly opens for looking only, beside a running daemon or without one.
	// Methods that change anything fail, and nothing is migrated.
	ReadOnly bool
}

// Store is a smsengine.Store on one SQLite file.
type Store struct {
	read       *sql.DB
	write      *writer                             // nil if read only
	routes     map[string]knownRoute               // the route table, by text
	parked     bool                                // there may be receipts that wait for their part
	repeated   bool                                // there may be counters of identical texts in the table
	suppresses atomic.Bool                         // there may be phones that said STOP
	counts     counts                              // counters, as far as they were used lately
	active     cache                               // messages that are likely to change next
	tally      tally                               // how many messages are where
	pulse      pulse                               // how the committer does
	catalogue  catalogue                           // as of the last commit
	directory  atomic.Pointer[smsengine.Directory] // made of it; nil if read only
	expected   uint64                              // parts of which receipts were expected, in this life
	ops        chan *op
	wake       chan struct{}
	stop       chan struct{}
	stopped    chan struct{}
	once       sync.Once
}

var _ smsengine.Store = (*Store)(nil)

// Open opens the file, makes it if it is not there (readable by its owner
// only), and brings its tables up to date.
func Open(path string, o Options) (*Store, error) {
	if err := prepare(path, o); err != nil {
		return nil, err
	}
	s := &Store{
		routes: make(map[string]knownRoute), active: make(cache),
		ops: make(chan *op, 4096), wake: make(chan struct{}, 1),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	var err error
	if !o.ReadOnly {
		if err = s.openWriter(path); err != nil {
			return nil, errors.Join(err, s.closeDBs())
		}
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "mode=ro")); err == nil {
		s.read.SetMaxOpenConns(8)
		if err = s.read.Ping(); err == nil && o.ReadOnly {
			err = current(s.read)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.closeDBs())
	}
	if o.ReadOnly {
		s.suppresses.Store(true)
		close(s.stopped)
		s.once.Do(func() { close(s.stop) })
		return s, nil
	}
	if err := s.tally.begin(s.read); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.closeDBs())
	}
	s.pulse.start(path)
	go s.commitLoop()
	return s, nil
}

func prepare(path string, o Options) error {
	if o.ReadOnly {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("open %s: there is no database yet: %w", path, err)
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("open database: %s can be read by others (mode %04o); chmod 600 it", path, fi.Mode().Perm())
	}
	return nil
}

func dsn(path, more string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	u := url.URL{Scheme: "file", Path: abs}
	return u.String() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&" + more
}

func (s *Store) openWriter(path string) error {
	ctx := context.Background()
	var err error
	if s.write, err = openWriter(ctx, path); err != nil {
		return fmt.Errorf("bring %s up to date: %w", path, err)
	}
	if err := s.loadRoutes(ctx); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if s.catalogue, err = loadCatalogue((&tx{s: s}).query); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	s.directory.Store(s.catalogue.directory())
	return nil
}

func (s *Store) loadRoutes(ctx context.Context) error {
	rows, err := s.write.conn.QueryContext(ctx, `SELECT id, gateways FROM route`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var gateways string
		if err := rows.Scan(&id, &gateways); err != nil {
			return err
		}
		route, err := smsengine.ParseRoute(gateways)
		if err != nil {
			return err
		}
		s.routes[gateways] = knownRoute{id, route}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var suppresses bool
	err = s.write.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM receipt), EXISTS (SELECT 1 FROM suppressed),
		EXISTS (SELECT 1 FROM usage WHERE account = ?)`, smsengine.IdenticalCounter).Scan(&s.parked, &suppresses, &s.repeated)
	s.suppresses.Store(suppresses)
	return err
}

// Wake receives when something may have become ready.
func (s *Store) Wake() <-chan struct{} { return s.wake }

func (s *Store) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close finishes what was handed in and closes the file.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.stop) })
	<-s.stopped
	s.tally.end()
	return s.closeDBs()
}

func (s *Store) closeDBs() error {
	var errs []error
	if s.write != nil {
		errs = append(errs, s.write.close())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	return errors.Join(errs...)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
