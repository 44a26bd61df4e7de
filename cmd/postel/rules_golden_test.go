package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRuleSets has realistic sets explained and tried, each with its messages.
// Whoever changes a golden file has read it: is it what a careful person expects?
func TestRuleSets(t *testing.T) {
	t.Parallel()
	sets, err := filepath.Glob("testdata/rules/*/postel.toml")
	if err != nil || len(sets) < 20 {
		t.Fatalf("%d sets: %v", len(sets), err)
	}
	for _, set := range sets {
		t.Run(filepath.Base(filepath.Dir(set)), func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join(filepath.Dir(set), "golden")
			got := rehearsed(t, filepath.Dir(set))
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret of a rule shows:\n%s", got)
			}
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs in line %d; go test -run TestRuleSets -update writes it anew. Now it is:\n%s", golden, firstDifference(got, string(want)), got)
			}
		})
	}
}

// rehearsed is what rules explain and rules test print of a set.
func rehearsed(t *testing.T, set string) string {
	t.Helper()
	dir := t.TempDir()
	folder, err := filepath.Abs(set)
	if err != nil {
		t.Fatal(err)
	}
	site, err := os.ReadFile(filepath.Join(set, "postel.toml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "postel.toml")
	text := "state = \"$DIR/state\"\nrules = \"" + folder + "\"\n" + string(site)
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "$DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	names, _ := os.ReadFile(filepath.Join(set, "accounts")) // most have none
	for name := range strings.FieldsSeq(string(names)) {
		if out, code := called(t, "account", "add", name, "-c", file); code != exitOK {
			t.Fatal(out)
		}
	}
	explained, code := called(t, "rules", "explain", "-c", file)
	if code != exitOK {
		t.Fatal(explained)
	}
	tried, code := called(t, "rules", "test", "-c", file, filepath.Join(set, "messages.json"))
	if code == exitUsage || !strings.Contains(tried, "\nrules\n") {
		t.Fatal(tried)
	}
	return strings.ReplaceAll("$ postel rules explain\n"+explained+"\n$ postel rules test messages.json\n"+tried, dir, "$DIR")
}

// called runs a command and gives what it prints.
func called(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), &terminal{in: strings.NewReader(""), out: &out, err: &out}, args)
	return out.String(), code
}

// firstDifference is the number of the first line that is not the same.
func firstDifference(a, b string) int {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			return i + 1
		}
	}
	return len(as)
}
