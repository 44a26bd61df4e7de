package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		fi, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %04o", f, fi.Mode().Perm())
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a database that others can read was opened: %v", err)
	}
}

func TestReadOnlyNeedsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	if _, err := Open(path, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "no database yet") {
		t.Errorf("got %v", err)
	}
}

// A message to which much happens keeps all of its history, in order, in the
// trace; its own row has only the end of it.
func TestLongHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postel.db")
	var s *Store
	open := func() {
		t.Helper()
		var err error
		if s, err = Open(path, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	open()
	defer func() { s.Close() }()
	in := intake(1)
	if _, err := s.Accept(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	id, began := in.Messages[0].ID, time.Now()
	want := "accepted"
	for n := range 5 * historyMost / 2 {
		if n%7 == 3 { // what is read anew goes on as what is remembered
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			open()
		}
		for i, kind := range []smsengine.EventKind{smsengine.HoldReq, smsengine.ResumeReq} {
			by := fmt.Sprintf("line\n%d.%d", n, i)
			rs, err := s.Record(t.Context(), []smsengine.Event{{Message: id, Kind: kind, By: by, At: began}})
			if err != nil || rs[0].Err != nil {
				t.Fatal(err, rs)
			}
			want += fmt.Sprint(" ", kind, by)
		}
		trace, err := s.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range trace {
			got = append(got, string(e.Kind)+e.By)
		}
		if strings.Join(got, " ") != want {
			t.Fatalf("the trace is\n%q\nwant\n%q", strings.Join(got, " "), want)
		}
	}
	lines, err := column(t.Context(), s.read, `SELECT history FROM message`)
	if err != nil || len(lines) != 1 || strings.Count(lines[0], "\n") > historyMost {
		t.Errorf("its row has %q, %v", lines, err)
	}
}
