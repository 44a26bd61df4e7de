package testbed

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// StartPostgres starts a PostgreSQL server for the time of a test, with options
// such as "max_connections=5" besides. Sources of databases are URLs.
func StartPostgres(t testing.TB, options ...string) *Database {
	t.Helper()
	h := newHost(t, packages.Postgres)
	const programs, data = "/usr/lib/postgresql/15/bin/", "/var/lib/postgresql"
	port := h.port()
	err := errors.Join(h.makeDir(data, databaseUser), h.write("etc/password", DatabasePassword+"\n"))
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	init := h.commandAs(databaseUser, programs+"initdb", "--pgdata="+data+"/data", "--username=postel", "--pwfile=/etc/password",
		"--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--wal-segsize=1")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("testbed: initdb: %v: %s", err, out)
	}
	d := &Database{h: h, name: "PostgreSQL", Addr: net.JoinHostPort(h.Addr, port), quit: syscall.SIGINT}
	d.source = func(database string) string {
		return "postgres://postel:" + DatabasePassword + "@" + d.Addr + "/" + database + "?sslmode=disable"
	}
	d.command = []string{programs + "postgres", "-D", data + "/data"}
	for _, o := range append(strings.Fields("fsync=off shared_buffers=16MB min_wal_size=2MB max_wal_size=64MB unix_socket_directories= listen_addresses="+h.Addr+" port="+port), options...) {
		d.command = append(d.command, "-c", o)
	}
	d.begin("pgx", "postgres")
	return d
}
