package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func openTemp(t *testing.T) (s *Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "postel.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

// What is rolled back is in no Directory, nor is what is not committed yet.
func TestDirectoryIsWhatWasCommitted(t *testing.T) {
	s, _ := openTemp(t)
	ctx := context.Background()
	account := smsengine.Account{Name: "alerts", Members: []string{"john@example.org"}}
	for _, c := range []struct {
		name string
		end  func(x *tx) error
		want bool
	}{
		{"the change fails", func(*tx) error { return errors.New("on purpose") }, false},
		{"the commit fails", func(x *tx) error {
			_, err := x.exec(`PRAGMA defer_foreign_keys = ON`)
			if err == nil {
				_, err = x.exec(`INSERT INTO member (name, account) VALUES ('mary@example.org', 'nobody')`)
			}
			return err
		}, false},
		{"neither", func(*tx) error { return nil }, true},
	} {
		before, _ := s.Directory(ctx)
		err := s.change(ctx, func(x *tx) error {
			if err := x.putAccount(account); err != nil {
				return err
			}
			if d, _ := s.Directory(ctx); d != before {
				t.Errorf("%s: it was seen before it was durable", c.name)
			}
			return c.end(x)
		})
		if (err == nil) != c.want {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, when := range []string{"then", "and after another change"} {
			d, _ := s.Directory(ctx)
			if _, there := d.Account("alerts"); there != c.want {
				t.Errorf("%s: %s the account is there: %t", c.name, when, there)
			}
			if err := s.PutAccount(ctx, smsengine.Account{Name: "after " + c.name + when}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Beside a daemon, every Directory is as the daemon's last commit left it.
func TestReadOnlyDirectoryIsFresh(t *testing.T) {
	s, path := openTemp(t)
	ctx := context.Background()
	looker, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer looker.Close()
	for _, name := range []string{"one", "two"} {
		if err := s.PutAccount(ctx, smsengine.Account{Name: name, Password: "hash"}); err != nil {
			t.Fatal(err)
		}
		d, err := looker.Directory(ctx)
		if a, there := d.Account(name); err != nil || !there || a.Password != "hash" || a.Version != 1 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if err := looker.PutAccount(ctx, smsengine.Account{Name: "three"}); err == nil {
		t.Error("a store for looking only changed something")
	}
}

// Nobody who prints what is stored of an account prints its password.
func TestPasswordHasItsOwnColumn(t *testing.T) {
	s, _ := openTemp(t)
	ctx := context.Background()
	if err := s.PutAccount(ctx, smsengine.Account{Name: "alerts", Password: "$argon2id$hush"}); err != nil {
		t.Fatal(err)
	}
	data, err := column(ctx, s.read, `SELECT data FROM account`)
	if err != nil || len(data) != 1 || strings.Contains(data[0], "hush") {
		t.Errorf("stored as %v, %v", data, err)
	}
	err = s.PutAccount(ctx, smsengine.Account{Name: "alerts", Password: "$argon2id$hush"})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}
