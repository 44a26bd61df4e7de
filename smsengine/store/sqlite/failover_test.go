package sqlite

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// rows counts what the database writes: rows of any table that are made, changed
// or removed.
type rows struct {
	t  *testing.T
	db *sql.DB
}

func countRows(t *testing.T, path string) rows {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "mode=rw"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var tables []string
	found, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	r := rows{t, db}
	r.exec(`CREATE TABLE written (n INTEGER)`)
	r.exec(`INSERT INTO written VALUES (0)`)
	for _, table := range tables {
		for _, what := range []string{"INSERT", "UPDATE", "DELETE"} {
			r.exec(fmt.Sprintf(`CREATE TRIGGER written_%s_%s AFTER %[2]s ON %[1]s BEGIN UPDATE written SET n = n + 1; END`, table, what))
		}
	}
	return r
}

func (r rows) exec(query string) {
	r.t.Helper()
	if _, err := r.db.Exec(query); err != nil {
		r.t.Fatal(err)
	}
}

// written is how many since it was last asked.
func (r rows) written() (n int) {
	r.t.Helper()
	if err := r.db.QueryRow(`SELECT n FROM written`).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	r.exec(`UPDATE written SET n = 0`)
	return n
}

var many = flag.Int("waiting", 20_000, "how many texts wait in TestFailoverRewritesNothing")

// Texts wait for a gateway that fails: they go over another, and over the first
// again when it is back. Nothing is written for it but the rows of those that are
// sent, one each, however many wait.
func TestFailoverRewritesNothing(t *testing.T) {
	waiting, batch := *many, 1000
	path := filepath.Join(t.TempDir(), "postel.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	written := countRows(t, path)
	route, err := smsengine.ParseRoute("cheap1 cheap2 |30s dear | last")
	if err != nil {
		t.Fatal(err)
	}
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Millisecond)
	for n := range waiting / batch {
		in := smsengine.Intake{Source: smsengine.Source{ID: smsengine.NewSourceID(now), Door: "test", Received: now}}
		for i := range batch {
			in.Messages = append(in.Messages, smsengine.Message{
				ID: smsengine.NewMessageID(now), Source: in.Source.ID, Key: fmt.Sprintf("%06d", n*batch+i), Kind: smsengine.Text,
				To: smsengine.Phone(fmt.Sprintf("+1555%07d", n*batch+i)), Body: smsengine.Body{Text: "hi"}, Created: now, Next: now,
				Expires: now.Add(time.Hour), State: smsengine.Ready, Route: route, Parts: []smsengine.Part{{Text: "hi"}},
			})
		}
		if _, err := s.Accept(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	if n := written.written(); n < waiting {
		t.Fatalf("%d rows were written for %d texts: they are not counted", n, waiting)
	}
	all := map[string]bool{"cheap1": true, "cheap2": true, "dear": true, "last": true}
	without := func(down ...string) map[string]bool {
		able := map[string]bool{}
		for id := range all {
			able[id] = true
		}
		for _, id := range down {
			able[id] = false
		}
		return able
	}
	for i, x := range []struct {
		able map[string]bool
		room map[string]int
		sent string // by whom
		n    int
	}{
		{all, map[string]int{"cheap1": 0, "dear": 8}, "", 0}, // the cheap ones are busy
		{without("cheap1"), map[string]int{"cheap2": 8, "dear": 8}, "cheap2", 8},
		{without("cheap1", "cheap2"), map[string]int{"dear": 8}, "dear", 8},
		{without("cheap1", "cheap2", "dear"), map[string]int{"last": 4}, "last", 4},
		{without("cheap1", "cheap2", "dear", "last"), map[string]int{}, "", 0},
		{all, map[string]int{"cheap1": 8, "dear": 8, "last": 8}, "cheap1", 8},
	} {
		c := smsengine.Claim{Node: "a/b", Room: x.room, Able: x.able, Now: now, Until: now.Add(time.Minute)}
		if _, err := s.NextDue(ctx, c); err != nil {
			t.Fatal(err)
		}
		ds, err := s.Claim(ctx, c)
		if err != nil || len(ds) != x.n {
			t.Fatalf("%d: %d texts are sent, want %d: %v", i, len(ds), x.n, err)
		}
		for _, d := range ds {
			if d.Message.Gateway != x.sent {
				t.Errorf("%d: one is sent by %s, want %s", i, d.Message.Gateway, x.sent)
			}
		}
		if n := written.written(); n != x.n {
			t.Errorf("%d: %d rows were written, %d texts are sent", i, n, x.n)
		}
	}
}
