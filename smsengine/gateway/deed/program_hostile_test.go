package deed

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// note writes the number of a process that must not stay.
const note = `note() { echo $! >>"$FILE"; }; `

// Whatever a program does to go on, its time ends, and with it all that it began.
func TestProgramsThatDoNotWantToEnd(t *testing.T) {
	g := newGateway(t)
	before := used(t)
	for name, line := range map[string]string{
		"it ignores signals":         `trap '' TERM HUP INT QUIT; echo $$ >>"$FILE"; while :; do sleep 1; done`,
		"it closes its output":       `exec >&- 2>&-; echo $$ >>"$FILE"; sleep 1000`,
		"it floods":                  `echo $$ >>"$FILE"; yes >&2`,
		"it makes itself a daemon":   note + `setsid sleep 1000 & note; setsid sh -c 'sleep 1000 & echo $! $$ >>"$FILE"; sleep 1000' & note; sleep 1000`,
		"its daemon has no output":   note + `setsid sleep 1000 >/dev/null 2>&1 </dev/null & note; sleep 1000`,
		"it never reads":             `echo $$ >>"$FILE"; sleep 1000`,
		"it forks as fast as it can": note + `while :; do sleep 1000 & note; sleep 0.01; done`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pids")
			e := sh(line, 300*time.Millisecond)
			e.Env, e.Stdin = map[string]string{"FILE": file}, strings.Repeat("%%text%%", 1000)
			e.Values["text"] = strings.Repeat("x", 1000)
			if _, s := do(t, g, e); s.Class != smsengine.Temporary || !strings.Contains(s.Text, "did not end in 300ms") {
				t.Errorf("%+v", s)
			}
			gone(t, file)
		})
	}
	// A program that has done well, and left a daemon that holds its output.
	file := filepath.Join(t.TempDir(), "pids")
	e := sh(note+"setsid sleep 1000 & note; echo done", time.Minute)
	e.Env = map[string]string{"FILE": file}
	if said, s := do(t, g, e); said != "done" || s.Class != smsengine.OK {
		t.Errorf("%q, %+v", said, s)
	}
	gone(t, file)
	if after := used(t); !slices.Equal(after, before) {
		t.Errorf("open files and children are\n%q, were\n%q", after, before)
	}
}

// used are our open files, and our children with those that nobody waited for.
func used(t *testing.T) (all []string) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, f := range files {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && !strings.HasPrefix(to, "anon_inode") {
			all = append(all, f.Name()+" "+to)
		}
	}
	threads, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	children := ""
	for _, name := range threads {
		b, _ := os.ReadFile(name)
		children += string(b)
	}
	return append(all, "children "+children)
}

// A gigabyte of output takes no memory.
func TestProgramFloodsWithAGigabyte(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, s := do(t, newGateway(t), sh("head -c 1000000000 /dev/zero", time.Minute)); s.Class != smsengine.OK {
		t.Errorf("%+v", s)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 10<<20 {
		t.Errorf("%d MB", (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// What cannot be started is said, and tried again: an administrator can mend it.
func TestProgramsThatCannotBeStarted(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	busy := write("busy", 0o755, "#!/bin/sh\n")
	f, err := os.OpenFile(busy, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for program, words := range map[string]string{
		write("plain", 0o644, "#!/bin/sh\n"): "permission denied", dir: "permission denied", busy: "text file busy", filepath.Join(dir, "none"): "no such file",
		write("lonely", 0o755, "#!/nonexistent\n"): "no such file", write("words", 0o755, "echo hello\n"): "exec format error",
	} {
		e := rule.Run{Rule: "x", Command: []string{program}, Timeout: rule.Duration(time.Minute)}
		if _, s := do(t, newGateway(t), e); s.Class != smsengine.Temporary || !strings.Contains(s.Text, "cannot be started: "+words) {
			t.Errorf("%s: %+v", program, s)
		}
	}
	long := rule.Run{Rule: "x", Command: []string{"/bin/true", "--", "%%text%%"}, Timeout: rule.Duration(time.Minute), Values: map[string]string{"text": strings.Repeat("x", 1<<20)}}
	if _, s := do(t, newGateway(t), long); s.Class != smsengine.Permanent || !strings.Contains(s.Text, "too long") {
		t.Errorf("%+v", s)
	}
}

// A program begins in the same place each time, and holds nothing of ours.
func TestWhereProgramsRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer syscall.Umask(syscall.Umask(0o077))
	if said, _ := do(t, newGateway(t), sh(`echo $PWD $(umask)`, time.Minute)); said != "/ 0077" {
		t.Error(said)
	}
	if said, _ := do(t, newGateway(t), sh(`ls -l /proc/self/fd`, time.Minute)); !strings.Contains(said, "pipe:") || strings.Contains(said, file) {
		t.Error(said)
	}
	said, _ := do(t, newGateway(t), sh(`echo $$ $(cut -d " " -f 5 /proc/$$/stat)`, time.Minute))
	if pid, group, _ := strings.Cut(said, " "); pid != group {
		t.Errorf("process %s, group %s", pid, group)
	}
}

// When the service ends, what it runs does.
func TestProgramEndsWithTheService(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	e := sh("trap '' TERM; sleep 1000 & echo $! $$ >"+file+"; wait", time.Minute)
	_, err := runProgram(ctx, e)
	if s := smsengine.StatusOf(err); s.Class != smsengine.Temporary || !strings.Contains(s.Text, "Postel ended") {
		t.Errorf("%+v", s)
	}
	gone(t, file)
}
