package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// file is what a file was: enough to make it again.
type file struct {
	exists   bool
	content  []byte
	mode     fs.FileMode
	uid, gid int
}

// read reads a file of the host; one that is not there is no error.
func (h *Host) read(path string) (file, error) {
	path = h.Path(path)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, err
	}
	if !info.Mode().IsRegular() {
		return file{}, Refusal{path + " is not an ordinary file", "setup would put one in its place; see to it by hand"}
	}
	content, err := os.ReadFile(path)
	uid, gid := ownerOf(info)
	return file{true, content, info.Mode() & modeBits, uid, gid}, err
}

// write puts a file of the host in place in one step, so that a power failure
// leaves the old or the new one. A file that did not exist is removed. It is
// durable once its directory is synced.
func (h *Host) write(path string, f file) error {
	path = h.Path(path)
	if f.exists {
		return replace(path, f)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replace writes a file beside its place, syncs it and renames it.
func replace(path string, f file) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = t.Write(f.content)
	// chown takes setuid bits away, so the mode comes after it.
	err = errors.Join(err, t.Chown(f.uid, f.gid), t.Chmod(f.mode), t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}

// syncDir makes what happened to the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncDirs syncs the directories that paths of the host are in.
func (h *Host) syncDirs(paths []string) error {
	synced := map[string]bool{}
	for _, p := range paths {
		dir := filepath.Dir(h.Path(p))
		if synced[dir] {
			continue
		}
		if err := syncDir(dir); err != nil {
			return err
		}
		synced[dir] = true
	}
	return nil
}

// modeBits are the bits of a mode that setup keeps.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func ownerOf(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t) // it is on every Unix
	return int(st.Uid), int(st.Gid)
}

// statDir is how a directory is; false if there is none.
func statDir(h *Host, path string) (Dir, bool, error) {
	info, err := os.Stat(h.Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return Dir{}, false, nil
	}
	if err != nil {
		return Dir{}, false, err
	}
	if !info.IsDir() {
		return Dir{}, false, Refusal{path + " is a file", "it should be a directory: move it away"}
	}
	uid, gid := ownerOf(info)
	return Dir{path, info.Mode() & modeBits, uid, gid}, true, nil
}

// makeDir makes a directory, or gives it its owner and mode.
func (h *Host) makeDir(d Dir) error {
	path := h.Path(d.Path)
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return errors.Join(os.Chown(path, d.UID, d.GID), os.Chmod(path, d.Mode))
}

// syncFile makes the content of a file durable that somebody else has written.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
