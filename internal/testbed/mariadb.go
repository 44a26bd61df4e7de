package testbed

import (
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// StartMariaDB starts a MariaDB server for the time of a test, with options such as
// "--max-connections=5" besides. Sources of databases are as
// github.com/go-sql-driver/mysql wants them.
func StartMariaDB(t testing.TB, options ...string) *Database {
	t.Helper()
	h := newHost(t, packages.MariaDB)
	const data = "/var/lib/mysql"
	port := h.port()
	err := errors.Join(
		h.makeDir(data, databaseUser), h.makeDir("run/mysqld", databaseUser),
		h.write("etc/init.sql", "create or replace user postel@'%' identified by '"+DatabasePassword+"';\n"+
			"grant all on *.* to postel@'%' with grant option;\n"),
	)
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	d := &Database{h: h, name: "MariaDB", Addr: net.JoinHostPort(h.Addr, port), quit: syscall.SIGTERM}
	d.source = func(database string) string {
		return "postel:" + DatabasePassword + "@tcp(" + d.Addr + ")/" + database
	}
	base := strings.Fields("/usr/sbin/mariadbd --no-defaults --datadir=" + data + " --innodb-buffer-pool-size=16M --innodb-log-file-size=4M " +
		"--innodb-flush-log-at-trx-commit=2 --innodb-use-native-aio=0 --aria-pagecache-buffer-size=1M --key-buffer-size=1M")
	bootstrap := h.commandAs(databaseUser, base[0], slices.Concat(base[1:], []string{"--bootstrap"})...)
	bootstrap.Stdin = strings.NewReader("create database mysql;\nuse mysql;\n" +
		h.read("usr/share/mysql/mysql_system_tables.sql") + h.read("usr/share/mysql/mysql_system_tables_data.sql"))
	if out, err := bootstrap.CombinedOutput(); err != nil {
		t.Fatalf("testbed: mariadbd --bootstrap: %v: %s", err, out)
	}
	d.command = slices.Concat(base, []string{
		"--skip-name-resolve", "--bind-address=" + h.Addr, "--port=" + port, "--socket=/run/mysqld/socket", "--init-file=/etc/init.sql",
	}, options)
	d.begin("mysql", "mysql")
	return d
}
