package port

import "golang.org/x/sys/unix"

// discard throws away what was written and has not left.
func discard(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCOFLUSH) }
