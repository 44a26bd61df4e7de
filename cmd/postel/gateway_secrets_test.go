package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSecretsBelongToTheService(t *testing.T) {
	dir := t.TempDir()
	state, path := filepath.Join(dir, "state"), filepath.Join(dir, "office.secrets")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	owner := os.Geteuid()
	if owner == 0 {
		owner = 4711
		if err := os.Chown(state, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	defer syscall.Umask(syscall.Umask(0))
	var said bytes.Buffer
	if err := writeSecrets(&terminal{err: &said}, path, "token=hush-hush\n", state); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != owner || info.Mode().Perm() != 0o600 {
		t.Errorf("it belongs to %d, and its mode is %o", uid, info.Mode().Perm())
	}
	if said.Len() > 0 {
		t.Errorf("there is nothing to say, and it says %q", &said)
	}
}

// A file that is there, or a link to one, is neither replaced nor removed.
func TestSecretsReplaceNothing(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	target := filepath.Join(dir, "target")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := free(link); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("a link is %v", err)
	}
	if err := writeSecrets(&terminal{err: &bytes.Buffer{}}, link, "token=hush-hush\n", dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link was written through: %v", err)
	}
	if _, err := os.Lstat(link); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("its target was made")
	}
}

func TestFold(t *testing.T) {
	long := strings.Repeat("word ", 40)
	for line := range strings.Lines(indented(long + "\n\n    kept " + long)) {
		if len(line) > 81 && !strings.Contains(line, "kept") || !strings.HasPrefix(line, "  ") && line != "\n" {
			t.Errorf("%q", line)
		}
	}
	if got := indented("one\n\n    two  three"); got != "  one\n\n      two  three" {
		t.Errorf("got %q", got)
	}
}
