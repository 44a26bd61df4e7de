package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// older makes a database as an earlier version of Postel did, and fills it.
func older(t *testing.T, path string, version int, fill string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma=journal_mode(WAL)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do := func(text string) {
		t.Helper()
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	do(`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
			is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)`)
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names[:version] {
		tables, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		do(strings.TrimPrefix(string(tables), "-- +goose Up"))
		do(fmt.Sprintf(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)`, i+1))
	}
	do(fill)
}

// A database of the first version is brought up to date with all that is in it.
func TestFirstDatabaseIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	older(t, path, 1, `
		INSERT INTO source VALUES ('s1', 1000, '{"door":"lmtp","sender":"mailto:john@example.org","subject":"hi"}', x'616263');
		INSERT INTO route VALUES (1, 'sim spare'), (2, 'mail');
		INSERT INTO message VALUES
			(7, 'm1', 's1', 'k1', 'text', '', 'john@example.org', '2026-11', 'mailto:john@example.org', 'sms:+15555550123', '+15555550123@sms.example.org',
				'{"text":"it''s \"quoted\"","alphabet":"gsm7"}', 2, 4, 1000, 9000000000000, 0, 60000, 1, '', 'ready', 3, 0, 2000, '', 0, 0, 0, '[{"text":"one"},{"text":"two"}]', '{"class":1,"code":"4.4.1"}', 2),
			(9, 'm2', 's1', 'k2', 'text', '', 'john@example.org', '2026-11', 'mailto:john@example.org', 'sms:+15555550124', '',
				'{"text":"two"}', 1, 0, 1000, 9000000000000, 5000, 0, 1, 'sim', 'sending', 1, 0, 2000, 'here/1', 9000, 0, 1, '[{"text":"two"}]', '', 2),
			(12, 'm3', 's1', 'k3', 'report', 'm1', '', '', '', 'mailto:john@example.org', '',
				'{"notice":{"action":"failed","state":"failed","status":{},"at":"2026-11-23T08:00:00Z","sent":0,"parts":1}}', 0, 1, 1000, 2000, 0, 0, 2, '', 'delivered', 1, 0, 0, '', 0, 0, 0, '[{}]', '', 1);
		INSERT INTO event VALUES ('m1', 0, 1000, '{"message":"m1","kind":"accepted","at":"2026-11-23T08:00:00Z"}'),
			('m1', 1, 2000, '{"message":"m1","kind":"delayed","at":"2026-11-23T09:00:00Z"}'),
			('m2', 0, 1000, '{"message":"m2","kind":"accepted","at":"2026-11-23T08:00:00Z"}');
		INSERT INTO usage VALUES ('john@example.org', '2026-11', 30, 1500), ('john@example.org', '2026-10', 12, 1200);
		INSERT INTO link VALUES ('sms:+15555550100', 'sms:+15555550123', 'mailto:john@example.org', 'm1', 9000000000000, 1000);
		INSERT INTO reference VALUES ('sim', 'r1', '15555550123', 'm1', 0, 1000);`)

	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	for range 2 { // opened again nothing more happens
		wantFirst(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(path, Options{}); err != nil {
			t.Fatal(err)
		}
	}

	// It goes on from there: what was reserved is given back, and notes are known.
	ctx := context.Background()
	rs, err := s.Record(ctx, []smsengine.Event{{Message: "m1", Kind: smsengine.CancelReq, At: time.Now()}})
	if err != nil || rs[0].Err != nil {
		t.Fatal(err, rs)
	}
	if es, err := s.Trace(ctx, "m1"); err != nil || len(es) != 3 || es[2].Kind != smsengine.CancelReq {
		t.Errorf("the trace of m1 goes on as %+v, %v", es, err)
	}
	if u, err := s.Usage(ctx, smsengine.Counter{Account: "john@example.org", Period: "2026-11"}); err != nil || u.Used != 28 {
		t.Errorf("after the cancellation %+v, %v", u, err)
	}
	in := intake(1)
	in.Notices = []smsengine.Message{in.Messages[0]}
	in.Notices[0].Key, in.Notices[0].Kind = "a note", smsengine.Note
	if _, err := s.Accept(ctx, in); err != nil {
		t.Error(err)
	}
}

// Links of before are found by the phone, and have codes that tell them apart.
func TestSecondDatabaseIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	older(t, path, 2, `
		INSERT INTO link VALUES
			('sms:+15555550100', 'sms:+15555550123', 'mailto:john@example.org', 'm1', 9000000000000, 2000),
			('sms:+15555550100', 'sms:+15555550123', 'mailto:mary@example.org', 'm2', 9000000000000, 1000),
			('sms:+15555550100', 'sms:+15555550124', 'mailto:john@example.org', 'm3', 9000000000000, 3000),
			('sms:+15555550111', 'sms:+15555550123', 'mailto:john@example.org', 'm4', 9000000000000, 4000);`)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	links, err := s.Links(t.Context(), smsengine.Address{}, smsengine.Phone("+15555550123"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range links {
		got = append(got, fmt.Sprint(l.Ours.Value, " ", l.Sender.Value, " ", l.Message, " ", l.Expires.UnixMilli(), " ", l.Code, l.Name))
	}
	want := `+15555550111 john@example.org m4 9000000000000 1
+15555550100 john@example.org m1 9000000000000 2
+15555550100 mary@example.org m2 9000000000000 1`
	if strings.Join(got, "\n") != want {
		t.Errorf("the links are now\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	who := smsengine.Phone("+15555550123")
	if stopped, err := s.Suppressed(t.Context(), who); err != nil || len(stopped) > 0 {
		t.Errorf("nobody said STOP: %v, %v", stopped, err)
	}
	if c, err := s.Conflict(t.Context(), links[0].Ours, who); err != nil || c != (smsengine.Conflict{}) {
		t.Errorf("nobody was asked: %+v, %v", c, err)
	}
	if bad, err := column(t.Context(), s.read, `SELECT * FROM pragma_integrity_check`); err != nil || len(bad) != 1 || bad[0] != "ok" {
		t.Errorf("integrity: %v, %v", bad, err)
	}
}

// A database of the sixth version has the same after it was opened: all columns of
// all messages, whatever their state, and their order. What rules do has a place
// then.
func TestSixthDatabaseIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	const columns = `seq, id, source, key, kind, about, account, charges, sender, recipient, original, body, cost, notify, created, expires, warn,
		link_for, route, gateway, state, attempt, repeats, next, node, lease, awaits, cancel, parts, status, events, history, watch`
	var fill strings.Builder
	fill.WriteString(`INSERT INTO source VALUES ('s1', 1000, '{"door":"lmtp","sender":"mailto:john@example.org","subject":"hi"}', x'616263');
		INSERT INTO route VALUES (1, 'sim spare'), (2, 'mail');`)
	n := 0
	for _, kind := range []string{"text", "incoming", "report", "note", "call"} {
		for _, state := range []string{"ready", "sending", "sent", "delivered", "held", "unsure", "failed", "expired", "cancelled"} {
			n++
			node, lease := "", 0
			if state == "sending" {
				node, lease = "here/1", 9000
			}
			fill.WriteString(strings.NewReplacer(
				"COLUMNS", columns, "SEQ", fmt.Sprint(1000-3*n), "NUMBER", fmt.Sprint(n), "KIND", kind, "STATE", state, "OWNER", node, "LEASE", fmt.Sprint(lease),
				"ROUTE", fmt.Sprint(1+n%2), "BIT", fmt.Sprint(n%3/2),
			).Replace(`INSERT INTO message (COLUMNS) VALUES (SEQ, 'mNUMBER', 's1', 'kNUMBER', 'KIND', 'aboutNUMBER', 'john@example.org', '',
				'mailto:john@example.org', 'sms:+15555550123', '+15555550123@sms.example.org', '{"text":"it''s \"quoted\" NUMBER"}', 2, 4, NUMBER, 9000000000000,
				5000, 60000, ROUTE, 'sim', 'STATE', 3, 1, 2000, 'OWNER', LEASE, BIT, BIT, '[{"text":"one"},{"text":"two"}]', '{"class":1,"code":"4.4.1"}', 2,
				'{"message":"mNUMBER","kind":"delayed","at":"2026-11-23T09:00:00Z"}', '');`))
		}
	}
	fill.WriteString(`INSERT INTO event VALUES ('m1', 0, 1000, '{"message":"m1","kind":"accepted","at":"2026-11-23T08:00:00Z"}');
		INSERT INTO reference VALUES ('sim', 'r1', '15555550123', 'm1', 0, 1000);`)
	older(t, path, 6, fill.String())
	rows := func() string {
		t.Helper()
		db, err := sql.Open("sqlite", dsn(path, "mode=rw"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		all, err := column(t.Context(), db, `SELECT json_array(`+columns+`) FROM message ORDER BY seq`)
		if err != nil || len(all) != n {
			t.Fatalf("%d messages of %d, %v", len(all), n, err)
		}
		return strings.Join(all, "\n")
	}
	before := rows()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	if after := rows(); after != before {
		t.Errorf("the messages are\n%s\nwere\n%s", after, before)
	}
	if es, err := s.Trace(t.Context(), "m1"); err != nil || len(es) != 2 || es[0].Kind != smsengine.Accepted || es[1].Kind != smsengine.Delayed {
		t.Errorf("the trace of m1 is %+v, %v", es, err)
	}
	if m, err := s.Message(t.Context(), "m2"); err != nil || m.State != smsengine.Sending || m.Lease.Node != "here/1" || m.Attempt != 3 {
		t.Errorf("m2 is %+v, %v", m, err)
	}
	in := intake(1)
	in.Notices = []smsengine.Message{smsengine.NewDeed(in.Messages[0], "Archive", "sql", []byte(`{}`), time.Now())}
	in.Notices[0].Key = "rule:0:k"
	if as, err := s.Accept(t.Context(), in); err != nil || as[0].Err != nil {
		t.Errorf("%+v, %v", as, err)
	}
	if bad, err := column(t.Context(), s.read, `SELECT * FROM pragma_integrity_check`); err != nil || len(bad) != 1 || bad[0] != "ok" {
		t.Errorf("integrity: %v, %v", bad, err)
	}
}

// Who looks with other tables than he knows is told why he cannot.
func TestTablesOfAnotherVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	older(t, path, newest-1, ``)
	if _, err := Open(path, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "restart the service") {
		t.Errorf("older tables: %v", err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(path, "mode=rw"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)`, newest+1); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {ReadOnly: true}} {
		if _, err := Open(path, o); err == nil || !strings.Contains(err.Error(), "newer Postel") {
			t.Errorf("newer tables, %+v: %v", o, err)
		}
	}
}

func wantFirst(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	for id, want := range map[smsengine.MessageID]string{
		"m1": `k1 text ready 3 "it's \"quoted\"" 2 [{{john@example.org 2026-11} 2}] sim spare 2 4.4.1`,
		"m2": `k2 text sending 1 "two" 1 [{{john@example.org 2026-11} 1}] sim spare 1 `,
		"m3": `k3 report delivered 1 "" 0 [] mail 1 `,
	} {
		m, err := s.Message(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%s %s %s %d %q %d %v %v %d %s", m.Key, m.Kind, m.State, m.Attempt, m.Body.Text, m.Cost, m.Charges, m.Route, len(m.Parts), m.Status.Code)
		if got != want {
			t.Errorf("%s is now\n%s\nwant\n%s", id, got, want)
		}
	}
	m, _ := s.Message(ctx, "m2")
	if m.Lease.Node != "here/1" || !m.Lease.Until.Equal(time.UnixMilli(9000)) || !m.Cancel || m.Gateway != "sim" || !m.Warn.Equal(time.UnixMilli(5000)) {
		t.Errorf("m2 is now %+v", m)
	}
	if m, _ := s.Message(ctx, "m3"); m.About != "m1" || m.Body.Notice == nil {
		t.Errorf("m3 is now %+v", m)
	}
	if es, err := s.Trace(ctx, "m1"); err != nil || len(es) != 2 || es[1].Kind != smsengine.Delayed {
		t.Errorf("the trace of m1 is now %+v, %v", es, err)
	}
	of, err := s.UsageOf(ctx, "john@example.org")
	if err != nil || len(of) != 2 || of["2026-11"].Used != 30 || of["2026-10"].Used != 12 || !of["2026-10"].Last.Equal(time.UnixMilli(1200)) {
		t.Errorf("john has used %v, %v", of, err)
	}
	if src, err := s.Source(ctx, "s1"); err != nil || src.Subject != "hi" || string(src.Original) != "abc" {
		t.Errorf("the source is now %+v, %v", src, err)
	}
	order, err := column(ctx, s.read, `SELECT id || seq FROM message ORDER BY seq`)
	if err != nil || strings.Join(order, " ") != "m17 m29 m312" {
		t.Errorf("the order is now %v, %v", order, err)
	}
	indexes, err := column(ctx, s.read, `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'message' AND sql IS NOT NULL ORDER BY name`)
	if want := "message_about message_account message_expires message_ready message_sending message_warn"; err != nil || strings.Join(indexes, " ") != want {
		t.Errorf("the indexes are %v, %v", indexes, err)
	}
	if bad, err := column(ctx, s.read, `SELECT * FROM pragma_integrity_check`); err != nil || len(bad) != 1 || bad[0] != "ok" {
		t.Errorf("integrity: %v, %v", bad, err)
	}
}
