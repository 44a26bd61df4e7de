package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/postel-mail/postel/cmd/postel/config"
)

// state is the directory that belongs to one running service.
type state struct {
	dir  string
	lock *os.File
}

// Files in the state directory.
func (s state) database() string    { return databaseOf(s.dir) }
func (s state) key() string         { return keyOf(s.dir) }
func (s state) attachments() string { return filepath.Join(s.dir, "attachments") }
func (s state) pins() string        { return pinsOf(s.dir) }

func databaseOf(dir string) string { return filepath.Join(dir, "postel.db") }
func keyOf(dir string) string      { return filepath.Join(dir, "ticket.key") }
func pinsOf(dir string) string     { return filepath.Join(dir, "pins") }

// openState makes the directory if it is not there, refuses one that others may
// look into, and takes its lock: two services on one database would each send
// what the other sends.
func openState(cfg *config.Config) (state, error) {
	dir := cfg.State
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return state{}, fmt.Errorf("cannot make the state directory: %w", err)
	}
	if err := ownersOnly(dir); err != nil {
		return state{}, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return state{}, fmt.Errorf("cannot lock the state directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return state{}, fmt.Errorf("cannot lock %s: %w", lock.Name(), err)
		}
		return state{}, fmt.Errorf("postel is already running on %s, %s", dir, holder(lock))
	}
	if err := lock.Truncate(0); err == nil {
		_, err = fmt.Fprintf(lock, "%d\n", os.Getpid())
		if err != nil {
			return state{}, errors.Join(fmt.Errorf("cannot write %s: %w", lock.Name(), err), lock.Close())
		}
	}
	return state{dir, lock}, nil
}

// close gives up the lock.
func (s state) close() error { return s.lock.Close() }

// holder names the process that has the lock.
func holder(lock *os.File) string {
	b := make([]byte, 20)
	n, _ := lock.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return "pid " + pid
	}
	return "pid unknown"
}

// ownersOnly refuses a file or directory that others may look into.
func ownersOnly(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others may look into %s (mode %04o): chmod %o %s", path, mode, mode&0o700, path)
	}
	return nil
}
