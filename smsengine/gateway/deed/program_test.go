package deed

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// do does an effect as the engine would.
func do(t *testing.T, g *Gateway, e rule.Effect) (string, smsengine.Status) {
	t.Helper()
	stored, err := rule.MarshalEffect(e)
	if err != nil {
		t.Fatal(err)
	}
	m := smsengine.NewDeed(smsengine.Message{ID: "m1"}, e.By(), e.Kind(), json.RawMessage(stored), time.Now())
	taking, err := g.Send(t.Context(), smsengine.Delivery{Message: m})
	if err == nil {
		return taking.Reference, smsengine.Status{}
	}
	if _, ok := errors.AsType[*smsengine.Error](err); !ok {
		t.Fatalf("%v has no class", err)
	}
	return "", smsengine.StatusOf(err)
}

func newGateway(t *testing.T, ds ...Database) *Gateway {
	t.Helper()
	g, err := New(Options{Databases: ds, Version: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// sh is an effect that runs a line of sh.
func sh(line string, timeout time.Duration) rule.Run {
	return rule.Run{Rule: "x", Command: []string{line}, Shell: true, Timeout: rule.Duration(timeout), Values: map[string]string{"text": "hello; id"}}
}

// What a program's end means for the next try, and what the trace keeps of it.
func TestProgramsEnd(t *testing.T) {
	g := newGateway(t)
	for _, c := range []struct {
		name  string
		do    rule.Run
		said  string
		class smsengine.Class
		words string
	}{
		{"well", sh(`echo "got $POSTEL_TEXT"; echo more >&2`, time.Minute), "got hello; id more", smsengine.OK, ""},
		{"it wants to be run again", sh("echo busy; exit 75", time.Minute), "busy", smsengine.Temporary, "exit status 75"},
		{"it fails", sh("echo no such user; exit 3", time.Minute), "no such user", smsengine.Permanent, "exit status 3"},
		{"it dies", sh("echo now; kill -SEGV $$", time.Minute), "now", smsengine.Temporary, "signal"},
		{"it is not there", rule.Run{Rule: "x", Command: []string{"/nonexistent"}, Timeout: rule.Duration(time.Minute)}, "", smsengine.Temporary, "cannot be started"},
		{"it reads nothing", rule.Run{Rule: "x", Command: []string{"/bin/true"}, Stdin: strings.Repeat("x", 10000), Timeout: rule.Duration(time.Minute)}, "", smsengine.OK, ""},
		{"it reads all", rule.Run{Rule: "x", Command: []string{"/usr/bin/wc", "-c"}, Stdin: strings.Repeat("x", 10000), Timeout: rule.Duration(time.Minute)}, "10000", smsengine.OK, ""},
	} {
		said, s := do(t, g, c.do)
		if s.Class != c.class || !strings.Contains(s.Text, c.words) || said+s.Diagnostic != c.said {
			t.Errorf("%s: %q, %+v", c.name, said, s)
		}
	}
}

// A program that hangs is killed with all its children.
func TestProgramHangs(t *testing.T) {
	g, file := newGateway(t), filepath.Join(t.TempDir(), "pids")
	_, s := do(t, g, sh("sleep 1000 & echo $! >"+file+"; sleep 1000", 300*time.Millisecond))
	if s.Class != smsengine.Temporary || !strings.Contains(s.Text, "did not end in 300ms") {
		t.Errorf("%+v", s)
	}
	gone(t, file)
}

// A program that ends leaves no children behind that hold its output.
func TestProgramForks(t *testing.T) {
	g, file := newGateway(t), filepath.Join(t.TempDir(), "pids")
	said, s := do(t, g, sh("for i in 1 2 3; do sleep 1000 & echo $! >>"+file+"; done; echo done", time.Minute))
	if said != "done" || s.Class != smsengine.OK {
		t.Errorf("%q, %+v", said, s)
	}
	gone(t, file)
}

// gone waits until the processes whose numbers are in a file have ended.
func gone(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(data)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if stat, err := os.ReadFile("/proc/" + word + "/stat"); syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ") {
				pid = 0
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if pid != 0 {
			t.Errorf("process %d still runs", pid)
		}
	}
}

// Of a flood the beginning is kept.
func TestProgramFloods(t *testing.T) {
	said, s := do(t, newGateway(t), sh("head -c 50000000 /dev/zero | tr '\\0' x", time.Minute))
	if s.Class != smsengine.OK || len(said) > maxSaid+len("…") || !strings.HasPrefix(said, "xxxx") {
		t.Errorf("%d octets, %+v", len(said), s)
	}
}

// A program has no environment but what it is given.
func TestProgramsEnvironment(t *testing.T) {
	t.Setenv("POSTEL_SECRET", "hunter2")
	e := rule.Run{Rule: "x", Command: []string{"/usr/bin/env"}, Timeout: rule.Duration(time.Minute), Values: map[string]string{"to": "+15555550123"}}
	said, _ := do(t, newGateway(t), e)
	if strings.Contains(said, "hunter2") || !strings.Contains(said, "POSTEL_TO=+15555550123") || !strings.Contains(said, "PATH=/") {
		t.Error(said)
	}
}
