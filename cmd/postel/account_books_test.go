//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Root makes accounts before the first start as the user of the service, who
// must be able to open the database then.
func TestRootActsAsTheOwnerOfTheState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	const owner = 65534
	dir, err := os.MkdirTemp("", "postel-owner-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	state := filepath.Join(dir, "state")
	for _, err := range []error{
		os.Chmod(dir, 0o711), os.Mkdir(state, 0o700), os.Chown(state, owner, owner),
		os.WriteFile(filepath.Join(dir, "postel.toml"), []byte(strings.ReplaceAll(base, "$DIR", dir)), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("postel", "account", "add", "alerts", "-c", filepath.Join(dir, "postel.toml")).CombinedOutput()
	if err != nil || string(out) != "added alerts\n" {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := os.ReadDir(state)
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != owner || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s belongs to %d, mode %v", f.Name(), uid, info.Mode())
		}
	}
}
