package mailbridge

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadKey reads the key of the tickets from a file of 64 hexadecimal digits. If
// there is none it makes one, readable by its owner only and durable when
// LoadKey returns; of several programs that do so at once one wins, and all get
// its key. A key that others may read is refused: with it anybody could send as
// anybody.
func LoadKey(path string) ([32]byte, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return key, fmt.Errorf("make the ticket key: %w", err)
		}
		key, err = readKey(path)
	}
	if err != nil {
		return key, fmt.Errorf("read the ticket key: %w", err)
	}
	return key, nil
}

func readKey(path string) (key [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return key, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return key, err
	}
	if mode := info.Mode(); !mode.IsRegular() {
		return key, fmt.Errorf("%s is not a regular file", path)
	} else if mode.Perm()&0o077 != 0 {
		return key, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it, or delete it and start again for a new key", path, mode.Perm())
	}
	text := make([]byte, 80)
	n, err := f.Read(text)
	if err != nil {
		return key, fmt.Errorf("%s holds no key: delete it and start again for a new one", path)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text[:n])))
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("%s does not hold 64 hexadecimal digits: restore it, or delete it and start again for a new key", path)
	}
	copy(key[:], raw)
	return key, nil
}

// createKey writes the key beside its place and links it there, so that nobody
// ever sees half a key and nobody's key is replaced.
func createKey(path string) error {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand, Go 1.24)
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := fmt.Fprintf(tmp, "%x\n", key); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := syncClose(tmp); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncClose makes a written file durable.
func syncClose(f *os.File) error {
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return syncClose(d)
}
