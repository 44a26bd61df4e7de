package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

// openUnix makes the socket under a name of its own, gives it owner and mode,
// and only then the name that peers know, so that nobody ever meets it with
// the wrong ones.
func openUnix(path string, o Options) (*Listener, error) {
	fail := func(err error) (*Listener, error) { return nil, fmt.Errorf("socket unix:%s: %w", path, err) }
	allowed, err := newPeers(o.Peers)
	if err != nil {
		return fail(err)
	}
	uid, gid, err := ownership(o.Owner, o.Group)
	if err != nil {
		return fail(err)
	}
	if err := unused(path); err != nil {
		return fail(err)
	}
	mode := fs.FileMode(o.Mode)
	if mode == 0 {
		mode = 0o660
	}
	born := path + "." + strconv.Itoa(os.Getpid())
	inner, err := net.ListenUnix("unix", &net.UnixAddr{Name: born, Net: "unix"})
	if err != nil {
		return fail(err)
	}
	inner.SetUnlinkOnClose(false)
	err = errors.Join(os.Chmod(born, mode), os.Chown(born, uid, gid))
	if err == nil {
		err = os.Rename(born, path)
	}
	if err != nil {
		_ = inner.Close()
		_ = os.Remove(born)
		return fail(err)
	}
	l := Wrap(named{inner, path}, o)
	l.peers, l.clean = allowed, removeOurs(path)
	return l, nil
}

// named is a listener under the name that its socket was given.
type named struct {
	net.Listener
	path string
}

func (n named) Addr() net.Addr { return &net.UnixAddr{Name: n.path, Net: "unix"} }

// unused reports an error if the path is taken by something that is not a
// socket that nobody answers on.
func unused(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is a file of that name that is not a socket")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = c.Close()
		return errors.New("another process listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("cannot tell whether another process listens there: %w", err)
	}
	return nil
}

// removeOurs removes the file, unless another process has put its own socket
// there meanwhile.
func removeOurs(path string) func() {
	ours, err := os.Lstat(path)
	return func() {
		if now, err2 := os.Lstat(path); err == nil && err2 == nil && os.SameFile(ours, now) {
			_ = os.Remove(path)
		}
	}
}

// ownership gives the numbers for chown, -1 for no change.
func ownership(owner, group string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if owner != "" {
		if uid, err = userID(owner); err != nil {
			return 0, 0, err
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err == nil {
			return uid, gid, nil
		}
		g, err := user.LookupGroup(group)
		if err != nil {
			return 0, 0, fmt.Errorf("no such group: %s", group)
		}
		gid, _ = strconv.Atoi(g.Gid)
	}
	return uid, gid, nil
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
