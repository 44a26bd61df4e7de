package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// The migrations are never changed once they are released: a new one is added.
//
//go:embed migrations/*.sql
var migrations embed.FS

// newest is the number of the last migration.
const newest = 7

// migrate brings the tables up to date.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	return current(db)
}

// current says what is the matter if the tables are not those that this Postel
// knows: somebody looks before the service has brought them up to date, or an
// older Postel was put back.
func current(db *sql.DB) error {
	var version int
	err := db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	switch {
	case err != nil:
		return err
	case version < newest:
		return fmt.Errorf("its tables are of version %d, this Postel needs %d: restart the service, which brings them up to date", version, newest)
	case version > newest:
		return fmt.Errorf("its tables are of version %d, made by a newer Postel; this one knows %d", version, newest)
	}
	return nil
}
