package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// refuses starts the service as an ordinary user and wants it to end at once
// with an error that names what is wrong.
func refuses(t *testing.T, p *postel, want ...string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "serve", "-c", p.config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	stop := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer stop.Stop()
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("the service ended well, and said\n%s", out)
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			t.Errorf("the service does not say %q:\n%s", w, out)
		}
	}
}

// give makes the files of the service its user's.
func (p *postel) give() {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(p.dir), p.dir} {
		if err := os.Chmod(dir, 0o755); err != nil {
			p.t.Fatal(err)
		}
	}
	err = filepath.WalkDir(p.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, 65534, 65534)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	p := newDirect(t, "", "")
	p.start()
	p.stop()
	p.give()
	db := filepath.Join(p.state(), "postel.db")
	if err := os.Chmod(db, 0o400); err != nil {
		t.Fatal(err)
	}
	refuses(t, p, "postel.db", "permission denied")
}

func TestCorruptDatabase(t *testing.T) {
	p := newDirect(t, "", "")
	if err := os.WriteFile(filepath.Join(p.state(), "postel.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.give()
	refuses(t, p, "postel.db", "not a database")
	b, err := os.ReadFile(filepath.Join(p.state(), "postel.db"))
	if err != nil || !strings.HasPrefix(string(b), "not a database") {
		t.Error("the file was changed, which somebody may have wanted to mend")
	}
}

func TestCorruptKey(t *testing.T) {
	p := newDirect(t, "", "")
	p.start()
	p.stop()
	keys, _ := filepath.Glob(filepath.Join(p.state(), "*key*"))
	if len(keys) != 1 {
		t.Fatalf("keys: %v", keys)
	}
	if err := os.Truncate(keys[0], 7); err != nil {
		t.Fatal(err)
	}
	p.give()
	refuses(t, p, filepath.Base(keys[0]))
}
