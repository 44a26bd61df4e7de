package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// free looks whether a file can be made anew.
func free(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s is there already, and is not overwritten: choose another --id or --secrets, or remove it", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("no place for the secrets: %w; choose another with --secrets", err)
	}
	return nil
}

// writeSecrets makes a file that the owner of the state directory may read and
// nobody else. It never replaces one.
func writeSecrets(t *terminal, path, lines, state string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), discard(path))
		}
	}()
	if err := f.Chmod(0o600); err != nil { // whatever the umask
		return err
	}
	if err := giveTo(t, f, state); err != nil {
		return err
	}
	if _, err := f.WriteString(lines); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// giveTo gives a file to the user of the service: the owner of its state
// directory. Whoever cannot is told.
func giveTo(t *terminal, f *os.File, state string) error {
	info, err := os.Stat(state)
	if err != nil {
		fmt.Fprintf(t.err, "note: %s must belong to the user that runs postel: chown postel %[1]s\n", f.Name())
		return nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if os.Geteuid() != 0 {
		fmt.Fprintf(t.err, "note: postel runs as another user, who must own %s: chown %d %[1]s\n", f.Name(), owner.Uid)
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// discard removes what was written for nothing.
func discard(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
