package deed

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/tap"
	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// kind is what differs between database servers.
type kind struct {
	name    string
	start   func(testing.TB, ...string) *testbed.Database
	options []string
	table   string // of IDs and words
	ignore  string // inserts if there is no such row
	hang    string
	running string // counts the statements that run, but for itself
	conns   string // counts the connections of others to databases of tests
	inserts string // what the server says when it has inserted one row
	wrong   []string
}

var kinds = []kind{
	{
		name: "postgres", start: testbed.StartPostgres, options: []string{"lock_timeout=200ms", "max_connections=12", "superuser_reserved_connections=0"},
		table:  "create table sms (id text primary key, words text, n int)",
		ignore: "insert into sms (id, words) values (%%id%%, %%text%%) on conflict do nothing", hang: "select pg_sleep(1000)",
		running: "select count(*) from pg_stat_activity where state = 'active' and datname like 'test%' and pid <> pg_backend_pid()",
		conns:   "select count(*) from pg_stat_activity where datname like 'test%' and pid <> pg_backend_pid()",
		inserts: "INSERT 0 1",
		wrong: []string{
			"inser into sms values (%%id%%)", "insert into nothing values (%%id%%)", "insert into sms (id, n) values (%%id%%, %%text%%)", "insert into sms (phone) values (%%id%%)",
			"insert into sms (id) values (%%id%%); drop table sms", "insert into sms (id) values (null)",
		},
	},
	{
		name: "mysql", start: testbed.StartMariaDB, options: []string{"--innodb-lock-wait-timeout=1", "--max-connections=12"},
		table:  "create table sms (id varchar(100) primary key, words longtext, n int) character set utf8mb4",
		ignore: "insert ignore into sms (id, words) values (%%id%%, %%text%%)", hang: "select benchmark(1000000000000, md5('x'))",
		running: "select count(*) from information_schema.processlist where command in ('Query', 'Execute') and db like 'test%' and id <> connection_id()",
		conns:   "select count(*) from information_schema.processlist where db like 'test%' and id <> connection_id()",
		inserts: "\x07\x00\x00\x01\x00\x01\x00",
		wrong: []string{
			"inser into sms values (%%id%%)", "insert into nothing values (%%id%%)", "insert into sms (id, n) values (%%id%%, %%text%%)", "insert into sms (phone) values (%%id%%)",
			"insert into sms (id) values (%%id%%); drop table sms", "insert into sms (id) values (null)",
		},
	},
}

// What holds on each kind of server.
func TestServers(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			d := k.start(t, k.options...)
			for name, test := range map[string]func(*testing.T, *server){
				"hostile values": hostileValues, "wrong statements": wrongStatements, "nobody gets in": nobodyGetsIn, "a statement hangs": statementHangs,
				"a restart": restarts, "the answer is lost": answerIsLost, "connections are few": connectionsAreFew,
			} {
				t.Run(name, func(t *testing.T) { test(t, newServer(t, k, d)) })
			}
		})
	}
}

// newServer has a database that is empty but for a table, and a gateway that knows
// it as crm.
func newServer(t *testing.T, k kind, d *testbed.Database) *server {
	s := &server{kind: k, Database: d, t: t, source: d.NewDatabase()}
	driver := k.name
	if driver == "postgres" {
		driver = "pgx"
	}
	var err error
	if s.db, err = sql.Open(driver, s.source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	s.db.SetMaxIdleConns(0)
	if _, err := s.db.Exec(k.table); err != nil {
		t.Fatal(err)
	}
	s.g = newGateway(t, Database{"crm", k.name, s.source})
	return s
}

type server struct {
	kind
	*testbed.Database
	t      *testing.T
	source string
	db     *sql.DB
	g      *Gateway
}

// statement is an effect on the database.
func (s *server) statement(text, id, words string) rule.SQL {
	return rule.SQL{Rule: "x", Database: "crm", Statement: text, Timeout: rule.Duration(20 * time.Second), Values: map[string]string{"id": id, "text": words}}
}

// number is the answer to a query.
func (s *server) number(query string) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// until waits until a query has an answer.
func (s *server) until(query string, want int) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); s.number(query) != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not %d", query, want)
		}
	}
}

func (s *server) quiet(status smsengine.Status, err string) {
	s.t.Helper()
	if strings.Contains(status.Text+status.Diagnostic+err, testbed.DatabasePassword) {
		s.t.Errorf("the password is told: %+v, %s", status, err)
	}
}

// Whatever a text says is stored as it is, but for NUL, which PostgreSQL has not.
func hostileValues(t *testing.T, s *server) {
	for id, words := range map[string]string{
		"quotes": `'); drop table sms; -- " \' \`, "marks": "$1 ? :id @id %s {0} %%id%%", "null": "NULL", "empty": "", "nul": "a\x00b",
		"wide": "🌊 Вода ä\u0301 \u202e \ufffd", "lines": "a\r\nb\n\tc\x1a\x1b", "long": strings.Repeat("ü'\"\\", 2500), "spaces": "  a ",
	} {
		if said, status := do(t, s.g, s.statement("insert into sms (id, words) values (%%id%%, %%text%%)", id, words)); said != "1 rows" || status.Class != smsengine.OK {
			t.Errorf("%s: %q, %+v", id, said, status)
		}
		var got string
		if err := s.db.QueryRow("select words from sms where id = '" + id + "'").Scan(&got); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if s.name == "postgres" {
			words = strings.ReplaceAll(words, "\x00", "")
		}
		if got != words {
			t.Errorf("%s: %q is stored as %q", id, words, got)
		}
	}
}

// What is wrong with a statement is told in the database's words, and not tried
// again.
func wrongStatements(t *testing.T, s *server) {
	for _, text := range s.wrong {
		if _, status := do(t, s.g, s.statement(text, "m1", "hello")); status.Class != smsengine.Permanent || status.Diagnostic == "" {
			t.Errorf("%s: %+v", text, status)
		}
	}
	if n := s.number("select count(*) from sms"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// A database that lets nobody in, has no room or is not there is tried again, and
// its password is told nobody.
func nobodyGetsIn(t *testing.T, s *server) {
	insert := s.statement(s.ignore, "m1", "hello")
	if err := Check(t.Context(), Database{"crm", s.name, s.source}); err != nil {
		t.Error(err)
	}
	try := func(name, source string) {
		t.Helper()
		g := newGateway(t, Database{"crm", s.name, source})
		_, status := do(t, g, insert)
		if status.Class != smsengine.Temporary {
			t.Errorf("%s: %+v", name, status)
		}
		err := Check(t.Context(), Database{"crm", s.name, source})
		if err == nil {
			t.Errorf("%s: Check finds nothing", name)
		}
		s.quiet(status, fmt.Sprint(err))
	}
	try("wrong password", strings.Replace(s.source, "sesame", "simsim", 1))
	try("no such user", strings.Replace(s.source, "postel:", "nobody:", 1))
	try("no such database", strings.Replace(s.source, "/test", "/rest", 1))
	try("no such server", strings.Replace(s.source, s.Addr, "127.0.0.1:1", 1))

	var all []*sql.Conn
	for {
		c, err := s.db.Conn(t.Context())
		if err != nil {
			break
		}
		all = append(all, c)
	}
	try("too many connections", s.source)
	for _, c := range all {
		c.Close()
	}
	if _, status := do(t, s.g, insert); status.Class != smsengine.OK {
		t.Errorf("when there is room again: %+v", status)
	}
}

// A statement that hangs ends in time, on the server as well: nothing is done
// behind the next attempt's back.
func statementHangs(t *testing.T, s *server) {
	hang := s.statement(s.hang, "m1", "")
	hang.Timeout = rule.Duration(300 * time.Millisecond)
	if _, status := do(t, s.g, hang); status.Class != smsengine.Uncertain || !strings.Contains(status.Text, "in time") {
		t.Errorf("%+v", status)
	}
	s.until(s.running, 0)

	lock, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec("insert into sms (id) values ('m2')"); err != nil {
		t.Fatal(err)
	}
	insert := s.statement(s.ignore, "m2", "second")
	if _, status := do(t, s.g, insert); status.Class != smsengine.Temporary { // the server's own bound
		t.Errorf("a lock: %+v", status)
	}
	insert.Timeout = rule.Duration(100 * time.Millisecond)
	if _, status := do(t, s.g, insert); status.Class == smsengine.OK || status.Class == smsengine.Permanent {
		t.Errorf("a lock, and ours: %+v", status)
	}
	s.until(s.running, 0)
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := s.number("select count(*) from sms"); n != 0 {
		t.Errorf("%d rows came later", n)
	}
}

// A server that ends in the middle, or was restarted between two statements.
func restarts(t *testing.T, s *server) {
	for i, end := range []func(){s.Stop, s.Kill} {
		var statuses []smsengine.Status
		var done sync.WaitGroup
		done.Go(func() {
			_, status := do(t, s.g, s.statement(s.hang, "m", ""))
			statuses = append(statuses, status)
		})
		s.until(s.running, 1)
		end()
		done.Wait()
		_, status := do(t, s.g, s.statement(s.ignore, "m", ""))
		for _, status := range append(statuses, status) {
			if status.Class != smsengine.Temporary && status.Class != smsengine.Uncertain {
				t.Errorf("%d: %+v", i, status)
			}
			s.quiet(status, "")
		}
		if status.Class != smsengine.Temporary { // there was nobody
			t.Errorf("%d: stopped: %+v", i, status)
		}
		s.Start()
		if _, status := do(t, s.g, s.statement(s.ignore, "m"+string(rune('a'+i)), "")); status.Class != smsengine.OK {
			t.Errorf("%d: started again: %+v", i, status)
		}
		s.Restart()
		if _, status := do(t, s.g, s.statement(s.ignore, "n"+string(rune('a'+i)), "")); status.Class != smsengine.OK {
			t.Errorf("%d: a connection from before the restart: %+v", i, status)
		}
	}
}

// A statement whose answer was lost is in doubt, and is done again: the ID of the
// text is the same, so that the table can tell.
func answerIsLost(t *testing.T, s *server) {
	network := tap.New(t, s.Addr)
	g := newGateway(t, Database{"crm", s.name, strings.Replace(s.source, s.Addr, network.Address, 1)})
	cut := network.CutBefore(tap.Server, s.inserts)
	insert := s.statement(s.ignore, "m1", "hello")
	if _, status := do(t, g, insert); status.Class != smsengine.Uncertain || !strings.Contains(status.Text, "did not say whether") {
		t.Errorf("%+v", status)
	}
	<-cut
	s.until("select count(*) from sms", 1)
	if said, status := do(t, g, insert); said != "0 rows" || status.Class != smsengine.OK {
		t.Errorf("again: %q, %+v", said, status)
	}
	if n := s.number("select count(*) from sms"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// However much there is to do, a database has few connections.
func connectionsAreFew(t *testing.T, s *server) {
	lock, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec("insert into sms (id) values ('m')"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 * maxConns {
		all.Go(func() { do(t, s.g, s.statement(s.ignore, "m", "")) })
	}
	db := s.g.pools["crm"].db
	for db.Stats().WaitCount < 2*maxConns {
		time.Sleep(time.Millisecond)
	}
	if n := s.number(s.conns) - 1; n > maxConns { // but for the lock's
		t.Errorf("%d connections", n)
	}
	_ = lock.Rollback()
	all.Wait()
}
