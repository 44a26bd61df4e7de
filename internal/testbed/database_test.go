package testbed_test

import (
	"database/sql"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// What was committed is there after a restart and after a failure, and a database
// that was made is empty.
func TestDatabases(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *testbed.Database{"pgx": testbed.StartPostgres, "mysql": testbed.StartMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			db, err := sql.Open(name, server.NewDatabase())
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("create table sms (words varchar(100))"); err != nil {
				t.Fatal(err)
			}
			db.SetMaxIdleConns(0) // no connection is older than the server
			for i, again := range []func(){server.Restart, func() { server.Kill(); server.Start() }} {
				if _, err := db.Exec("insert into sms values ('hi')"); err != nil {
					t.Fatal(err)
				}
				again()
				var n int
				if err := db.QueryRow("select count(*) from sms").Scan(&n); err != nil || n != i+1 {
					t.Errorf("%d rows of %d, %v", n, i+1, err)
				}
			}
		})
	}
}
