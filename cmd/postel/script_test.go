package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

// TestMain makes this binary postel itself when a script calls it.
func TestMain(m *testing.M) {
	// With -race a process waits a second before it ends, for races that show late.
	// There are hundreds here.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // whatever testrun says
	testscript.Main(m, map[string]func(){"postel": main})
}

// TestScripts tries the commands as an administrator types them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			newProgram(e)
			e.Setenv("TMPDIR", os.TempDir()) // short, for the paths of sockets
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return prepare(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":   scriptReady,
			"settle":  scriptSettle,
			"await":   scriptAwait,
			"mode":    scriptMode,
			"appears": scriptAppears,
			"pick":    scriptPick,
			"fake":    scriptFake,
			"hears":   scriptHears,
			"heard":   scriptHeard,
		},
		RequireUniqueNames: true,
	})
}

// prepare puts the script's directory into its configuration.
func prepare(e *testscript.Env) error {
	return filepath.WalkDir(e.WorkDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".toml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, regexp.MustCompile(`\$WORK`).ReplaceAll(data, []byte(e.WorkDir)), 0o600)
	})
}

// scriptReady waits until the service of a configuration answers: "ready FILE".
func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	cfg, err := config.Load(ts.MkAbs(args[0]), drivers)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := control.NewClient(cfg.Control.Listen.Address)
	for {
		if _, err := client.Status(ctx); err == nil {
			return
		}
		if err := pause(ctx); err != nil {
			ts.Fatalf("the service is not ready")
		}
	}
}

// scriptSettle waits until nothing is being sent and nothing is due: "settle
// FILE". Answers that were being put together are messages by then.
func scriptSettle(ts *testscript.TestScript, neg bool, args []string) {
	store, err := read(ts.MkAbs(args[0]))
	ts.Check(err)
	defer store.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		sets, err := store.Unconsumed(ctx, time.Time{})
		ts.Check(err)
		ms, err := store.List(ctx, smsengine.Filter{States: []smsengine.State{smsengine.Ready, smsengine.Sending}})
		ts.Check(err)
		busy := slices.ContainsFunc(ms, func(m smsengine.Message) bool {
			return m.State == smsengine.Sending || !m.Next.After(time.Now())
		})
		if len(sets) == 0 && !busy {
			return
		}
		if err := pause(ctx); err != nil {
			ts.Fatalf("%d messages do not settle", len(ms))
		}
	}
}

// scriptAwait waits until a message is in a state: "await FILE ID STATE".
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	store, err := read(ts.MkAbs(args[0]))
	ts.Check(err)
	defer store.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		m, err := store.Message(ctx, smsengine.MessageID(args[1]))
		ts.Check(err)
		if string(m.State) == args[2] {
			return
		}
		if err := pause(ctx); err != nil {
			ts.Fatalf("%s is %s, and should become %s", m.ID, m.State, args[2])
		}
	}
}

// scriptAppears waits until there is a file: "appears FILE".
func scriptAppears(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if _, err := os.Lstat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if err := pause(ctx); err != nil {
			ts.Fatalf("there is no %s", args[0])
		}
	}
}

// scriptMode demands the permissions of a file: "mode 600 FILE".
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Lstat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != fs.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[1], got, want)
	}
}

// scriptPick sets a variable to what a pattern finds in the last output:
// "pick ID '^(\S+)'".
func scriptPick(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("%s is not in the output", args[1])
	}
	ts.Setenv(args[0], found[1])
}
