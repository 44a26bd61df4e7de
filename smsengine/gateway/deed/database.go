package deed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"modernc.org/sqlite"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Database is one that statements may name.
type Database struct {
	ID     string
	Driver string // one of Drivers
	Source string // as the driver wants it; it may hold a password
}

// Drivers are the kinds of databases.
func Drivers() []string { return []string{"sqlite", "postgres", "mysql"} }

// A database has few connections: rules add a line here and there.
const (
	maxConns = 4
	idleTime = 5 * time.Minute
)

type pool struct {
	db   *sql.DB
	mark func(n int) string
}

func question(int) string { return "?" }

func dollar(n int) string { return "$" + strconv.Itoa(n) }

// open makes a pool. An error does not tell the source, which may hold a password.
func open(d Database) (*pool, error) {
	driver, mark := d.Driver, question
	if d.Driver == "postgres" {
		driver, mark = "pgx", dollar
	}
	if !slices.Contains(Drivers(), d.Driver) {
		return nil, fmt.Errorf("database %s: there is no driver %q", d.ID, d.Driver)
	}
	db, err := sql.Open(driver, d.Source)
	if err != nil {
		return nil, fmt.Errorf("database %s: its source cannot be read by the driver %s", d.ID, d.Driver)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	return &pool{db, mark}, nil
}

// execute executes a statement, whose values are bound.
func (g *Gateway) execute(ctx context.Context, e rule.SQL) (said string, err error) {
	p, ok := g.pools[e.Database]
	if !ok {
		return "", fail(smsengine.Temporary, "4.3.5", fmt.Sprintf("there is no database %q in the configuration", e.Database), nil)
	}
	statement, values, err := e.Bind(p.mark)
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "this text cannot stand in the statement of the rule", err)
	}
	own, cancel := context.WithTimeout(ctx, time.Duration(e.Timeout))
	defer cancel()
	res, err := p.db.ExecContext(own, statement, values...)
	if err != nil {
		return "", refused(e.Database, own, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return "done", nil // the driver does not count
	}
	return fmt.Sprintf("%d rows", n), nil
}

// refused says what a database's error means for the next try. What the database
// itself says is for the administrator, in the trace; what a connection says may
// tell how it is made, and is for the log.
func refused(id string, ctx context.Context, err error) error {
	if temporary, said, known := answered(err); known {
		bad := fail(smsengine.Permanent, "5.6.0", "the database "+id+" refuses the statement", err)
		if temporary {
			bad = fail(smsengine.Temporary, "4.3.0", "the database "+id+" cannot execute the statement now", err)
		}
		bad.Diagnostic = line([]byte(said))
		return bad
	}
	if ctx.Err() != nil {
		return fail(smsengine.Uncertain, "4.4.2", "the database "+id+" did not answer in time", err)
	}
	return fail(smsengine.Temporary, "4.4.1", "the database "+id+" cannot be used now", err)
}

// answered reports what the database itself said.
func answered(err error) (temporary bool, said string, known bool) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		class := (e.Code + "00")[:2] // connection, rollback, resources, intervention, system
		return slices.Contains([]string{"08", "28", "3D", "40", "53", "55", "57", "58"}, class), e.Code + " " + e.Message, true
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		// Too many connections, access, no database, shutdown, lock, deadlock, read-only.
		return slices.Contains([]uint16{1040, 1044, 1045, 1049, 1053, 1205, 1213, 1290, 1836}, e.Number), fmt.Sprintf("%d %s", e.Number, e.Message), true
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// SQLITE_BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN.
		return slices.Contains([]int{5, 6, 8, 9, 10, 13, 14}, e.Code()&0xff), e.Error(), true
	}
	return false, "", false
}
