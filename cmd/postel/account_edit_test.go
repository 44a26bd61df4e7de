package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// Two who change one account at once do not undo each other: the second is told.
func TestChangesAtOnce(t *testing.T) {
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "postel.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.PutAccount(t.Context(), account.New("alerts", time.Now())); err != nil {
		t.Fatal(err)
	}
	set := func(b *books, arg string) error {
		e, fs := new(edit), flag.NewFlagSet("", flag.ContinueOnError)
		e.flags(fs, false)
		return b.set(t.Context(), &terminal{strings.NewReader(""), io.Discard, io.Discard}, "alerts", []string{arg}, e)
	}
	here, there := booksOf(t, store), booksOf(t, store)
	if err := set(here, "monthly_limit=5"); err != nil {
		t.Fatal(err)
	}
	if err := set(there, "max_parts=1"); err == nil || !strings.Contains(err.Error(), "somebody else has changed it meanwhile") {
		t.Errorf("the second: %v", err)
	}
	a, _ := booksOf(t, store).dir.Account("alerts")
	if a.Policy.MaxParts != nil || a.Policy.MonthlyLimit == nil || *a.Policy.MonthlyLimit != 5 {
		t.Errorf("the account says %q", policyWords(a.Policy))
	}
}

// writeConfig writes a configuration to try commands with, and names it.
func writeConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "postel.toml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(base, "$DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// booksOf sees the accounts of a store as they are now.
func booksOf(t *testing.T, store *sqlite.Store) *books {
	t.Helper()
	b, err := newBooks(writeConfig(t))
	if err == nil {
		b.store, b.Accounts = store, store
		b.dir, err = store.Directory(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}
