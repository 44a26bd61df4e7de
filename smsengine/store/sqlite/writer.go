package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite" // in pure Go, so that the binary stays static
)

// writer is the one connection that writes. Only the committer uses it, once the
// tables are up to date. Statements that change something are run by the driver
// itself: what package database/sql does around each, for connections that many
// share, costs as much as handing over its values. Queries go through that.
type writer struct {
	db      *sql.DB
	conn    *sql.Conn // the only one of db
	changes map[string]driver.StmtExecContext
	queries map[string]*sql.Stmt
	values  []driver.NamedValue // of the statement that runs

	driver driver.Conn // what conn is to the driver
}

// only connects a writer.
type only struct {
	driver.Connector
	conn driver.Conn // the last that was made
}

// Connect implements driver.Connector.
func (o *only) Connect(ctx context.Context) (c driver.Conn, err error) {
	c, err = o.Connector.Connect(ctx)
	o.conn = c
	return c, err
}

// openWriter opens the file for writing and brings its tables up to date.
func openWriter(ctx context.Context, path string) (w *writer, err error) {
	connector, err := sqlite.NewConnector(dsn(path, "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-8000)"))
	if err != nil {
		return nil, err
	}
	o := &only{Connector: connector}
	w = &writer{db: sql.OpenDB(o), changes: make(map[string]driver.StmtExecContext), queries: make(map[string]*sql.Stmt)}
	w.db.SetMaxOpenConns(1)
	if err = migrate(ctx, w.db); err == nil {
		w.conn, err = w.db.Conn(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.driver = o.conn
	return w, nil
}

func (w *writer) close() error {
	var errs []error
	for _, st := range w.changes {
		errs = append(errs, st.(driver.Stmt).Close())
	}
	for _, st := range w.queries {
		errs = append(errs, st.Close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(append(errs, w.db.Close())...)
}

// change runs a statement, which is prepared once.
func (w *writer) change(query string, args []any) (driver.Result, error) {
	st := w.changes[query]
	if st == nil {
		made, err := w.driver.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
		if err != nil {
			return nil, err
		}
		st = made.(driver.StmtExecContext)
		w.changes[query] = st
	}
	w.values = w.values[:0]
	for i, a := range args {
		switch v := a.(type) {
		case int:
			a = int64(v)
		case int64, string, bool, []byte:
		default:
			return nil, fmt.Errorf("a value of type %T in %.40s", a, query)
		}
		w.values = append(w.values, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	r, err := st.ExecContext(context.Background(), w.values)
	clear(w.values) // texts are not to be kept
	return r, err
}

// query prepares a query once.
func (w *writer) query(query string) (*sql.Stmt, error) {
	if st := w.queries[query]; st != nil {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.queries[query] = st
	}
	return st, err
}
