package modem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// port is the modem's end of a serial line: the master of a pseudo terminal
// (pty(7)). Closing it is what pulling out a USB modem is to whoever has the
// other end open: tty_hangup in both cases, after which reads give end of file
// and writes EIO, and the name under /dev is gone.
type port struct {
	master *os.File
	name   string       // of the other end
	closes atomic.Int64 // how often it was closed after it had been open
}

// openPort makes a line that is raw from the first octet. A new terminal would
// echo, to the modem, what the modem says before a driver has set its own modes.
func openPort() (*port, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	p := &port{master: os.NewFile(uintptr(fd), "/dev/ptmx")} // non-blocking: reads can be ended by Close
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	p.name = fmt.Sprintf("/dev/pts/%d", n)
	if err == nil {
		err = p.slave(raw)
	}
	if err != nil {
		p.master.Close()
		return nil, fmt.Errorf("pseudo terminal: %w", err)
	}
	return p, nil
}

// slave does something to the other end, which has to be opened for that.
func (p *port) slave(do func(fd int) error) error {
	fd, err := unix.Open(p.name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return errors.Join(do(fd), unix.Close(fd))
}

// raw is cfmakeraw(3).
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// forget does what the last close of a serial port does and of a pseudo terminal
// does not: what was not read is gone, and so is exclusive access (TIOCEXCL).
func forget(fd int) error {
	return errors.Join(unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH), unix.IoctlSetInt(fd, unix.TIOCNXCL, 0))
}

// isOpen tells whether anybody has the other end open.
func (p *port) isOpen() bool {
	open := false
	raw, err := p.master.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds, 0); err == nil {
			open = fds[0].Revents&unix.POLLHUP == 0
		}
	})
	return open
}

// Read gives what the driver has sent. It waits while nobody has the port open,
// and ends with io.EOF when the modem is unplugged.
func (p *port) Read(b []byte) (int, error) {
	for seen := false; ; {
		seen = seen || p.isOpen()
		n, err := p.master.Read(b)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, os.ErrClosed):
			return 0, io.EOF
		case seen:
			_ = p.slave(forget)
			p.closes.Add(1)
			seen = false
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Write sends to the driver. What nobody reads is lost: there is no flow
// control, and a closed port throws it away.
func (p *port) Write(b []byte) (int, error) {
	if !p.isOpen() {
		return len(b), nil
	}
	_ = p.master.SetWriteDeadline(time.Now().Add(time.Second))
	return p.master.Write(b)
}

// Close hangs up.
func (p *port) Close() error { return p.master.Close() }
