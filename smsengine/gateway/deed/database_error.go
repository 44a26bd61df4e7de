package deed

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/postel-mail/postel/smsengine"
)

// unreached is a database to which there is no connection: nothing was executed.
// What a connection says may tell how it is made, and is for the log.
func unreached(id string, ctx context.Context, err error) error {
	what := "cannot be reached"
	if ctx.Err() != nil {
		what += " in time"
	}
	bad := fail(smsengine.Temporary, "4.4.1", "the database "+id+" "+what, err)
	if _, said, known := answered(err); known {
		bad.Text, bad.Diagnostic = "the database "+id+" lets nobody in now", line([]byte(said))
	}
	return bad
}

// refused says what the end of a statement means for the next try. What the
// database itself says is for the administrator, in the trace. One that said
// nothing may have executed it.
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
	return fail(smsengine.Uncertain, "4.4.2", "the database "+id+" did not say whether it has executed the statement", err)
}

// Errors of servers that pass by, or that an administrator can end without a change
// of the statement.
var (
	// Classes of PostgreSQL: connection, authorization, catalog name, rollback,
	// resources, prerequisite (locks, in use), intervention, system.
	postgresClasses = []string{"08", "28", "3D", "40", "53", "55", "57", "58"}
	// Read-only, as a replica is.
	postgresCodes = []string{"25006"}
	// MySQL and MariaDB: memory (1037, 1038, 1041), disk and tables full (1021, 1114),
	// connections (1040, 1129, 1130, 1135, 1203, 1226), access to the database (1044,
	// 1045, 1049, 1698), shutdown (1053, 1077, 1079), locks (1099, 1205, 1206, 1213, 1223),
	// stopped (1317, 1927, 1969, 3024), read-only (1290, 1792, 1836), cluster (1047).
	mysqlNumbers = []uint16{
		1021, 1037, 1038, 1040, 1041, 1044, 1045, 1047, 1049, 1053, 1077, 1079, 1099, 1114, 1129, 1130, 1135,
		1203, 1205, 1206, 1213, 1223, 1226, 1290, 1317, 1698, 1792, 1836, 1927, 1969, 3024,
	}
	// SQLITE_BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN.
	sqliteCodes = []int{5, 6, 7, 8, 9, 10, 13, 14}
)

// answered reports what the database itself said.
func answered(err error) (temporary bool, said string, known bool) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		temporary = slices.Contains(postgresClasses, (e.Code + "00")[:2]) || slices.Contains(postgresCodes, e.Code)
		return temporary, e.Code + " " + e.Message, true
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return slices.Contains(mysqlNumbers, e.Number), fmt.Sprintf("%d %s", e.Number, e.Message), true
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(sqliteCodes, e.Code()&0xff), e.Error(), true
	}
	return false, "", false
}
