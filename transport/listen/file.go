package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// file is the name of a unix socket, and who may open it.
type file struct {
	path string
	ours fs.FileInfo // to know the file from one that another process put there
	born access      // before anybody was asked
	now  access
}

// access is what the kernel looks at before it lets somebody connect.
type access struct {
	mode     fs.FileMode
	uid, gid int
}

// newFile gives a socket that nobody knows yet mode, owner and group.
func newFile(path string, o Options) (*file, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	made, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.New("cannot tell who owns the file")
	}
	f := &file{path: path, ours: info}
	f.born = access{info.Mode().Perm(), int(made.Uid), int(made.Gid)}
	f.now = f.born
	want, err := f.access(o)
	if err != nil {
		return nil, err
	}
	return f, f.give(want)
}

// access is what the options say of the file.
func (f *file) access(o Options) (want access, err error) {
	want = f.born
	if want.mode = fs.FileMode(o.Mode); want.mode == 0 {
		want.mode = 0o660
	}
	if o.Owner != "" {
		if want.uid, err = userID(o.Owner); err != nil {
			return want, err
		}
	}
	if o.Group != "" {
		want.gid, err = groupID(o.Group)
	}
	return want, err
}

// give changes who may open the file. On an error it is as it was. On the way
// nobody may who may neither before nor after.
func (f *file) give(want access) error {
	if want == f.now {
		return nil
	}
	if !f.isOurs() {
		return fmt.Errorf("%s was replaced by somebody else", f.path)
	}
	before := f.now
	if err := f.change(want); err != nil {
		return errors.Join(err, f.change(before))
	}
	return nil
}

func (f *file) change(want access) error {
	if want.uid != f.now.uid || want.gid != f.now.gid {
		if err := f.chmod(f.now.mode & want.mode); err != nil {
			return err
		}
		if err := os.Chown(f.path, want.uid, want.gid); err != nil {
			return err
		}
		f.now.uid, f.now.gid = want.uid, want.gid
	}
	return f.chmod(want.mode)
}

func (f *file) chmod(mode fs.FileMode) error {
	if mode == f.now.mode {
		return nil
	}
	err := os.Chmod(f.path, mode)
	if err == nil {
		f.now.mode = mode
	}
	return err
}

// remove removes the file, unless another process has put its own socket there
// meanwhile.
func (f *file) remove() {
	if f.isOurs() {
		_ = os.Remove(f.path)
	}
}

func (f *file) isOurs() bool {
	there, err := os.Lstat(f.path)
	return err == nil && os.SameFile(f.ours, there)
}

// userID gives the number of a user given by name or number.
func userID(name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, fmt.Errorf("no such user: %s", name)
	}
	return strconv.Atoi(u.Uid)
}

// groupID gives the number of a group given by name or number.
func groupID(name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("no such group: %s", name)
	}
	return strconv.Atoi(g.Gid)
}
