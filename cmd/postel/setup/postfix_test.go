package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postel-mail/postel/internal/testbed"
)

const confDir = "/etc/postfix"

// example is a configuration of testdata/postfix, on a host of its own with
// Postfix's tools.
type example struct {
	*testing.T
	host    *Host
	records Records
	wanted  Wanted
	files   map[string]string
	before  map[string]string // all files, with modes
}

func newExample(t *testing.T, name string) *example {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata/postfix", name))
	if err != nil {
		t.Fatal(err)
	}
	root := testbed.NewHost(t).Root
	e := &example{T: t, host: NewHost(root), records: Records{filepath.Join(t.TempDir(), "records")}, files: map[string]string{}}
	dist, err := os.ReadFile(e.host.Path("/usr/share/postfix/master.cf.dist"))
	if err != nil {
		t.Fatal(err)
	}
	e.files["master.cf"] = string(dist)
	for _, f := range archive.Files {
		e.files[f.Name] = string(f.Data)
	}
	for name, text := range e.files {
		e.write(name, text)
	}
	queue := e.host.Path("/var/spool/postfix")
	if err := os.MkdirAll(queue, 0o755); err != nil {
		t.Fatal(err)
	}
	e.wanted = Wanted{
		Milter: "unix:postel/milter", Policy: "unix:postel/policy", LMTP: "unix:postel/lmtp",
		SocketDir: Dir{Path: "/var/spool/postfix/postel", Mode: 0o710 | fs.ModeSetgid, GID: 8},
	}
	for line := range strings.Lines(e.files["options"]) {
		option, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch option {
		case "phone-domain":
			e.wanted.PhoneDomains = append(e.wanted.PhoneDomains, value)
		case "domain":
			e.wanted.Domains = append(e.wanted.Domains, value)
		case "percent":
			e.wanted.Percent = true
		}
	}
	e.before = e.tree()
	return e
}

func (e *example) write(name, text string) {
	e.Helper()
	if err := os.WriteFile(e.host.Path(filepath.Join(confDir, name)), []byte(text), 0o640); err != nil {
		e.Fatal(err)
	}
}

// tree is everything in the configuration directory and the queue directory.
func (e *example) tree() map[string]string {
	e.Helper()
	all := map[string]string{}
	for _, dir := range []string{confDir, "/var/spool/postfix"} {
		err := filepath.WalkDir(e.host.Path(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			uid, gid := ownerOf(info)
			text := fmt.Sprint(info.Mode(), uid, gid)
			if d.Type().IsRegular() {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text += "\n" + string(b)
			}
			all[strings.TrimPrefix(path, e.host.Root)] = text
			return nil
		})
		if err != nil {
			e.Fatal(err)
		}
	}
	return all
}

// wantTree compares everything there is with what there was.
func (e *example) wantTree(want map[string]string) {
	e.Helper()
	got := e.tree()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			e.Errorf("%s is\n%s\nand was\n%s", path, got[path], want[path])
		}
		delete(got, path)
	}
	for path := range got {
		e.Errorf("%s was left behind", path)
	}
}

// read reads the configuration. Its files look an hour old: postconf waits two
// seconds before it believes that a file which has just changed is complete.
func (e *example) read() *Postfix {
	e.Helper()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"main.cf", "master.cf"} {
		if err := os.Chtimes(e.host.Path(filepath.Join(confDir, name)), old, old); err != nil {
			e.Fatal(err)
		}
	}
	p, err := ReadPostfix(context.Background(), e.host, "")
	if err != nil {
		e.Fatal(err)
	}
	return p
}

// plan is the plan for the configuration as it is now. No daemon is there to
// check or to reload.
func (e *example) plan() *Plan {
	e.Helper()
	p, err := e.read().Plan(context.Background(), e.wanted)
	if err != nil {
		e.Fatal(err)
	}
	p.Check, p.Reload = Command{}, Command{}
	return p
}

func (e *example) apply() error {
	e.Helper()
	staged, err := e.plan().Stage(context.Background(), e.host)
	if err != nil {
		e.Fatal(err)
	}
	return staged.Apply(context.Background(), e.records, false, func(string, ...any) {})
}

func (e *example) undo() *Undoing {
	e.Helper()
	u, err := e.records.Undo(e.host, func() (*Postfix, error) { return e.read(), nil })
	if err != nil {
		e.Fatal(err)
	}
	return u
}

func (e *example) postmap(table, key string) string {
	e.Helper()
	got, err := e.read().Lookup(context.Background(), table, key)
	if err != nil {
		e.Fatal(err)
	}
	return got
}

// lines are the lines of a section of the example.
func (e *example) lines(section string) []string {
	return strings.FieldsFunc(e.files[section], func(r rune) bool { return r == '\n' })
}

func forEachExample(t *testing.T, test func(*example)) {
	files, err := filepath.Glob("testdata/postfix/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples: ", err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		t.Run(strings.TrimSuffix(name, ".txtar"), func(t *testing.T) { test(newExample(t, name)) })
	}
}

// Setup does what the example wants, the second time does nothing, and undo
// leaves no byte changed.
func TestThereAndBack(t *testing.T) {
	forEachExample(t, func(e *example) {
		if err := e.apply(); err != nil {
			e.Fatal(err)
		}
		p := e.read()
		if len(p.Warnings) > 0 {
			e.Errorf("postconf warns: %q", p.Warnings)
		}
		for _, line := range e.lines("want") {
			name, want, _ := strings.Cut(line, " =")
			want = strings.TrimSpace(want)
			if got, ok := settingOf(p, name); !ok || got != want {
				e.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		for _, name := range e.lines("absent") {
			if got, ok := settingOf(p, name); ok {
				e.Errorf("%s is set to %q", name, got)
			}
		}
		for _, addr := range e.lines("routed") {
			if got := e.postmap("regexp:"+confDir+"/"+transportTable, addr); got != "sms:unix:postel/lmtp" {
				e.Errorf("%s goes to %q", addr, got)
			}
			if got := e.postmap("regexp:"+confDir+"/"+guardTable, addr); got != "sms_guard" {
				e.Errorf("%s is guarded by %q", addr, got)
			}
		}
		for _, addr := range e.lines("not routed") {
			if got := e.postmap("regexp:"+confDir+"/"+transportTable, addr); got != "" {
				e.Errorf("%s goes to %q", addr, got)
			}
		}
		for _, addr := range e.lines("listed") {
			if got := e.postmap("regexp:"+confDir+"/"+recipientTable, addr); got != "OK" {
				e.Errorf("%s is not listed", addr)
			}
		}

		after := e.tree()
		if again := e.plan(); !again.IsEmpty() {
			e.Errorf("the second time there is more to do: %+v", again.Settings)
		}
		e.wantTree(after)

		u := e.undo()
		if u == nil || len(u.Changed)+len(u.ByHand) > 0 {
			e.Fatalf("undo: %+v", u)
		}
		if err := u.Do(context.Background()); err != nil {
			e.Fatal(err)
		}
		e.wantTree(e.before)
		if u := e.undo(); u != nil {
			e.Error("there is something left to undo")
		}
	})
}

func settingOf(p *Postfix, name string) (string, bool) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return p.written(Setting{Service: name[:i], Name: name[i+1:]})
	}
	return p.written(Setting{Name: name})
}

// What fails in the middle is put back at once.
func TestFailureIsPutBack(t *testing.T) {
	e := newExample(t, "submission.txtar")
	run := e.host.Run
	staged, err := e.plan().Stage(context.Background(), e.host)
	if err != nil {
		t.Fatal(err)
	}
	for _, fails := range []int{0, 2, len(staged.Edits) - 1} {
		n := 0
		e.host.Run = func(ctx context.Context, name string, args ...string) (string, string, error) {
			if n++; n > fails {
				return "", "", errors.New("no")
			}
			return run(ctx, name, args...)
		}
		if err := staged.Apply(context.Background(), e.records, false, func(string, ...any) {}); err == nil {
			t.Fatalf("after %d commands: no error", fails)
		}
		e.wantTree(e.before)
	}
	e.host.Run = run
	if u := e.undo(); u != nil {
		t.Error("a setup that failed has left a record")
	}
}

// The power fails before any of the commands: undo brings back what was there,
// and so it does after setup has been run once more.
func TestPowerFailure(t *testing.T) {
	e := newExample(t, "submission.txtar")
	run := e.host.Run
	staged, err := e.plan().Stage(context.Background(), e.host)
	if err != nil {
		t.Fatal(err)
	}
	last := len(staged.Edits)
	for _, at := range []int{0, 1, 3, last / 2, last - 1, last} { // of master.cf, then of main.cf
		for _, again := range []bool{false, true} {
			e.powerFails(staged, run, at)
			if again {
				if err := e.apply(); err != nil {
					t.Fatal(err)
				}
			}
			for u := e.undo(); u != nil; u = e.undo() {
				if len(u.Changed)+len(u.ByHand) > 0 {
					t.Fatalf("after %d commands: %+v", at, u)
				}
				if err := u.Do(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			e.wantTree(e.before)
		}
	}
}

// powerFails applies a plan up to a command at which everything ends.
func (e *example) powerFails(s *Staged, run func(context.Context, string, ...string) (string, string, error), at int) {
	type power struct{}
	n := 0
	e.host.Run = func(ctx context.Context, name string, args ...string) (string, string, error) {
		if n++; n > at {
			panic(power{})
		}
		return run(ctx, name, args...)
	}
	defer func() {
		e.host.Run = run
		if _, ok := recover().(power); !ok && at < len(s.Edits) {
			e.Fatal("the power did not fail")
		}
	}()
	_ = s.Apply(context.Background(), e.records, false, func(string, ...any) {})
}
