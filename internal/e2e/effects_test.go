package e2e

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/postel-mail/postel/internal/testbed"
)

const tablesAndPrograms = `
[[rule]]
title = "Table"
if.text.contains = "order"
then.sql = { database = "crm", statement = "insert into sms values (%%id%%, %%from%%, %%text%%) on conflict do nothing", timeout = "5s" }

[[rule]]
title = "Hangs"
if.text.contains = "hang"
then.run = { command = ["/bin/sh", "DIR/hang"], timeout = "10m" }

[[rule]]
title = "Leaves daemons"
if.text.contains = "daemon"
then.run = { command = ["/bin/sh", "DIR/daemon"], timeout = "1s" }
`

// A service does what rules want on a real PostgreSQL that is away for a while, and
// with programs that do not end: texts do not wait for that, and nothing is left
// when the service ends. The database's password stands nowhere.
func TestEffectsOfRules(t *testing.T) {
	t.Parallel()
	crm := testbed.StartPostgres(t)
	source := crm.NewDatabase()
	db, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxIdleConns(0)
	if _, err := db.Exec("create table sms (id text primary key, phone text, words text)"); err != nil {
		t.Fatal(err)
	}
	p := newPostel(t, fmt.Sprintf(`
[queue]
retry_first = "1s"
retry_max = "1s"
[address]
domains = ["example.org"]
[access]
domains = ["example.org"]
send = true
[mail]
to = "maildir:DIR/mail"
[[gateway]]
id = "sim"
type = "sim"
number = %q
default_recipient = "mary@example.org"
[[database]]
id = "crm"
driver = "postgres"
source = %q
`, ourNumber, source))
	p.edit("maildir:DIR", "maildir:"+p.dir)
	p.put("hang", "trap '' TERM INT HUP; sleep 1000 & echo $! $$ >>'"+p.dir+"/pids'; wait; wait; sleep 1000")
	p.put("daemon", "setsid sh -c 'sleep 1000 & echo $! $$ >>\""+p.dir+"/pids\"; sleep 1000' & setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! $$ >>'"+p.dir+"/pids'; sleep 1000")
	p.put("rules/outgoing.toml", strings.ReplaceAll(tablesAndPrograms, "DIR", p.dir))
	if out := p.run("check"); !strings.Contains(out, "ok       database crm") {
		t.Error(out)
	}
	p.start()
	send := func(text string) {
		t.Helper()
		p.run("send", "--from", "john@example.org", alice, text)
	}
	rows := func(want int) {
		t.Helper()
		p.wait(fmt.Sprint(want, " rows"), func() error {
			n := 0
			if err := db.QueryRow("select count(*) from sms where phone = 'john@example.org' and id <> ''").Scan(&n); err != nil || n != want {
				return fmt.Errorf("%d rows, %w", n, err)
			}
			return nil
		})
	}
	send("order 1; '); drop table sms; --")
	rows(1)
	crm.Kill()
	send("order 2")
	p.inbox(alice, 2) // the phone has it, with or without a database
	has(t, "the trace", p.traceOf("deed", "Table", "ready"), "the database crm")
	if out := p.run("check"); !strings.Contains(out, "warning  database crm: ") {
		t.Error(out)
	}
	crm.Start()
	rows(2)
	has(t, "the trace", p.traceOf("deed", "Table", "delivered"), "1 rows")

	send("daemon")
	has(t, "the trace", p.traceOf("deed", "Leaves daemons", "ready", "did not end"), "did not end in 1s, and was killed")
	p.settled("pids", 4)
	send("hang")
	p.settled("pids", 6)
	p.stop()
	p.gone("pids")

	everything, _ := filepath.Glob(filepath.Join(p.dir, "*"))
	states, _ := filepath.Glob(filepath.Join(p.state(), "*"))
	for _, name := range append(everything, states...) {
		b, err := os.ReadFile(name)
		if err == nil && name != p.config && strings.Contains(string(b), testbed.DatabasePassword) {
			t.Errorf("%s has the database's password", name)
		}
	}
}

// settled waits until a file beside the configuration has so many words.
func (p *postel) settled(file string, words int) {
	p.t.Helper()
	p.wait(fmt.Sprint(words, " words"), func() error {
		b, err := os.ReadFile(filepath.Join(p.dir, file))
		if err == nil && len(strings.Fields(string(b))) < words {
			err = errors.New(string(b))
		}
		return err
	})
}

// gone waits until the processes whose numbers are in a file have ended.
func (p *postel) gone(file string) {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, word := range strings.Fields(string(b)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			p.t.Fatal(err)
		}
		p.wait("process "+word+" to end", func() error {
			stat, _ := os.ReadFile("/proc/" + word + "/stat")
			if syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ") {
				return nil
			}
			return errors.New("it still runs")
		})
	}
}
