package deed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

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

// killTime is how long it may take to have a server stop a statement.
const killTime = 3 * time.Second

// pool is the connections to a database, and what its kind has of its own.
type pool struct {
	db    *sql.DB
	mark  func(n int) string       // of a bound value
	value func(text string) string // what a text is stored as
	// A server that does not notice that nobody waits for a statement any more gives
	// the number of a connection for one query, and stops it for another.
	number string
	kill   func(number int64) string
}

// open makes a pool, and connects to nothing. An error does not tell the source,
// which may hold a password.
func open(d Database) (*pool, error) {
	p := &pool{mark: func(int) string { return "?" }, value: func(text string) string { return text }}
	var err error
	switch d.Driver {
	case "sqlite":
		p.db, err = sql.Open("sqlite", d.Source)
	case "postgres":
		err = p.postgres(d.Source)
	case "mysql":
		err = p.mysql(d.Source)
	default:
		return nil, fmt.Errorf("database %s: there is no driver %q", d.ID, d.Driver)
	}
	if err != nil {
		return nil, fmt.Errorf("database %s: its source is not as the driver %s wants it", d.ID, d.Driver)
	}
	p.db.SetMaxOpenConns(maxConns)
	p.db.SetMaxIdleConns(maxConns)
	p.db.SetConnMaxIdleTime(idleTime)
	return p, nil
}

// postgres: a server that is told stops a statement by itself, and its texts have
// no NUL.
func (p *pool) postgres(source string) error {
	c, err := pgx.ParseConfig(source)
	if err != nil {
		return err
	}
	p.db = stdlib.OpenDB(*c)
	p.mark = func(n int) string { return "$" + strconv.Itoa(n) }
	p.value = func(text string) string { return strings.ReplaceAll(text, "\x00", "") }
	return nil
}

// mysql: a server goes on with a statement although its client has gone.
func (p *pool) mysql(source string) error {
	c, err := mysql.ParseDSN(source)
	if err != nil {
		return err
	}
	c.Logger = &mysql.NopLogger{} // the error says it
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	p.db = sql.OpenDB(connector)
	p.number = "select connection_id()"
	p.kill = func(number int64) string { return fmt.Sprintf("kill %d", number) }
	return nil
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
	for i, v := range values {
		if text, ok := v.(string); ok {
			values[i] = p.value(text)
		}
	}
	own, cancel := context.WithTimeout(ctx, time.Duration(e.Timeout))
	defer cancel()
	c, number, err := p.connect(own)
	if err != nil {
		return "", unreached(e.Database, own, err)
	}
	res, err := c.ExecContext(own, statement, values...)
	_ = c.Close() // back to the others, or for good
	if err != nil {
		if own.Err() != nil {
			p.stop(number)
		}
		return "", refused(e.Database, own, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return "done", nil // the driver does not count
	}
	return fmt.Sprintf("%d rows", n), nil
}

// connect gives a connection that works, as far as that can be known, and the
// number by which the server stops what it does, 0 where it needs none.
func (p *pool) connect(ctx context.Context) (c *sql.Conn, number int64, err error) {
	if c, err = p.db.Conn(ctx); err != nil || p.number == "" {
		return c, 0, err
	}
	if err := c.QueryRowContext(ctx, p.number).Scan(&number); err != nil {
		_ = c.Close()
		return nil, 0, err
	}
	return c, number, nil
}

// stop has the server stop what a connection did, so that it is not done behind
// the next attempt's back.
func (p *pool) stop(number int64) {
	if number == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	_, _ = p.db.ExecContext(ctx, p.kill(number)) // it may have ended meanwhile
}

// Check connects to a database. The error says why that cannot be done, to an
// administrator; it has no password in it. A file of SQLite is only looked for, since
// who opens one may leave files beside it that the service cannot write to.
func Check(ctx context.Context, d Database) error {
	p, err := open(d)
	if err != nil {
		return err
	}
	defer p.db.Close()
	if d.Driver == "sqlite" {
		path, _, _ := strings.Cut(strings.TrimPrefix(d.Source, "file:"), "?")
		_, err := os.Stat(path)
		return err
	}
	if err := p.db.PingContext(ctx); err != nil {
		return errors.New(line([]byte(err.Error()))) // of several addresses it has several lines
	}
	return nil
}
