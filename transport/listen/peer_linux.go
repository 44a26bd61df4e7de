package listen

import (
	"errors"
	"net"
	"syscall"
)

// peerUID is the effective user of the process that connected (unix(7),
// SO_PEERCRED).
func peerUID(c net.Conn) (int, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, errors.New("not a unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var sockErr error
	err = raw.Control(func(fd uintptr) {
		cred, sockErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, sockErr); err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
