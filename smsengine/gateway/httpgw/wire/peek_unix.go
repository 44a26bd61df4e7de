//go:build unix

package wire

import "syscall"

// errNothing is that of a connection with nothing to read.
const errNothing = syscall.EAGAIN

// peek looks whether there is something to read, and leaves it there.
func peek(fd uintptr) error {
	var one [1]byte
	_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err
}
