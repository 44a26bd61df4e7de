package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
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
	if err := unused(path); err != nil {
		return fail(err)
	}
	born := path + "." + strconv.Itoa(os.Getpid())
	inner, err := net.ListenUnix("unix", &net.UnixAddr{Name: born, Net: "unix"})
	if err != nil {
		return fail(err)
	}
	inner.SetUnlinkOnClose(false)
	f, err := newFile(born, o)
	if err == nil {
		err = os.Rename(born, path)
	}
	if err != nil {
		_ = inner.Close()
		_ = os.Remove(born)
		return fail(err)
	}
	f.path = path
	l := Wrap(named{inner, path}, o)
	l.peers, l.socket.file = allowed, f
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
