// Package port opens the serial port of a modem, or says why it cannot be opened
// and what to do about it.
//
// A port is ours alone: whoever comes later finds it busy, and so do we where
// somebody came first. It is 8N1 without flow control, which the short lines of
// AT commands do not need. Names that stay the same wherever a modem is plugged
// in stand below /dev/serial/by-id; a pseudo terminal does as well.
package port

import (
	"io"
	"os"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// Baud is the speed of most modems. On USB any will do.
const Baud = 115200

// Open opens a port; baud 0 is [Baud]. Whatever goes wrong is an *[Error].
//
// Reads wait for octets. They end with an error when the modem is unplugged, and
// with [os.ErrClosed] when the port is closed, which any goroutine may do. What
// has not left by then is thrown away: a modem that takes nothing any more would
// have Close wait for half a minute.
func Open(name string, baud int) (io.ReadWriteCloser, error) {
	if baud == 0 {
		baud = Baud
	}
	// Not go.bug.st/serial's own file: it waits with select(2), which ends the process where a file has a number above
	// 1023, programs that we start inherit it, and a write after Close goes to whatever file got its number.
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, failure(name, err)
	}
	if err := take(f, name, baud); err != nil {
		f.Close()
		return nil, failure(name, err)
	}
	return file{f}, nil
}

// take makes an open port ours and sets its line. flock(2) keeps off root's programs, too, if they ask; TIOCEXCL all
// others.
func take(f *os.File, name string, baud int) error {
	if err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return err
	}
	if err := set(name, baud); err != nil {
		return err
	}
	return control(f, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) })
}

// set has go.bug.st/serial set the line, which stays so for as long as anybody has the port open. Nothing is started
// meanwhile, or it would inherit the library's file.
func set(name string, baud int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	line, err := serial.Open(name, &serial.Mode{BaudRate: baud})
	if err != nil {
		return err
	}
	return line.Close()
}

// control does something to a file and leaves it non-blocking, as Fd would not.
func control(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if e := raw.Control(func(fd uintptr) { err = do(int(fd)) }); e != nil {
		return e
	}
	return err
}

type file struct{ *os.File }

// Close frees the port.
func (f file) Close() error {
	_ = control(f.File, discard)
	return f.File.Close()
}
