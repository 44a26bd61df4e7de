package deed

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Values are bound, and what a database says decides about the next try.
func TestStatements(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table sms (phone text primary key, words text)"); err != nil {
		t.Fatal(err)
	}
	g := newGateway(t, Database{"crm", "sqlite", file}, Database{"gone", "postgres", "postgres://postel:hunter2@127.0.0.1:1/crm"})
	hostile := "'); drop table sms; --"
	insert := rule.SQL{Rule: "x", Database: "crm", Statement: "insert into sms values (%%to%%, %%text%%)", Timeout: rule.Duration(5 * time.Second),
		Values: map[string]string{"to": "+15555550123", "text": hostile}}
	if said, s := do(t, g, insert); said != "1 rows" || s.Class != smsengine.OK {
		t.Errorf("%q, %+v", said, s)
	}
	var words string
	if err := db.QueryRow("select words from sms").Scan(&words); err != nil || words != hostile {
		t.Errorf("%q, %v", words, err)
	}
	if _, s := do(t, g, insert); s.Class != smsengine.Permanent || !strings.Contains(s.Diagnostic, "UNIQUE") {
		t.Errorf("twice: %+v", s)
	}
	lock, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec("delete from sms"); err != nil {
		t.Fatal(err)
	}
	insert.Timeout = rule.Duration(300 * time.Millisecond)
	if _, s := do(t, g, insert); s.Class == smsengine.Permanent || s.Class == smsengine.OK {
		t.Errorf("locked: %+v", s)
	}
	_ = lock.Rollback()
	insert.Database = "gone"
	if _, s := do(t, g, insert); s.Class != smsengine.Temporary || strings.Contains(s.Text+s.Diagnostic, "hunter2") {
		t.Errorf("not there: %+v", s)
	}
	insert.Database = "unknown"
	if _, s := do(t, g, insert); s.Class != smsengine.Temporary {
		t.Errorf("unknown: %+v", s)
	}
}

// An error does not tell the password of a database.
func TestSourceIsNotTold(t *testing.T) {
	for _, d := range []Database{{"crm", "mysql", "postel:hunter2@here"}, {"crm", "oracle", "hunter2"}} {
		if _, err := New(Options{Databases: []Database{d}}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
