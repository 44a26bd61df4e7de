package port

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strings"
	"syscall"

	"go.bug.st/serial"
)

// Kind is the sort of trouble with a port.
type Kind uint8

const (
	Missing  Kind = iota // there is no such port: nothing is plugged in, or it has another name
	Busy                 // another process has it
	Denied               // we may not open it
	Unusable             // it is no serial port, cannot be that fast, or the hardware fails
)

// Error is a port that cannot be opened.
type Error struct {
	Port    string
	Kind    Kind
	Holders []Holder // who has it, if Busy and as far as it can be told
	Err     error
}

// Error says what is wrong, and what to do.
func (e *Error) Error() string { return e.Port + ": " + e.Problem() + ": " + e.Remedy() }

// Unwrap gives what the system said.
func (e *Error) Unwrap() error { return e.Err }

// Problem says what is wrong, without the port's name.
func (e *Error) Problem() string {
	switch e.Kind {
	case Missing:
		return "there is no such port"
	case Busy:
		if len(e.Holders) == 0 {
			return "another program has the port"
		}
		names := make([]string, len(e.Holders))
		for i, h := range e.Holders {
			names[i] = h.String()
		}
		return strings.Join(names, " and ") + " has the port"
	case Denied:
		return "no permission to open the port"
	}
	if e.Err != nil {
		return "not usable as a serial port (" + e.Err.Error() + ")"
	}
	return "not usable as a serial port"
}

// Remedy says what an administrator can do.
func (e *Error) Remedy() string {
	switch e.Kind {
	case Missing:
		return "see that the modem is plugged in and has power; \"postel modem probe\" lists the ports that there are"
	case Busy:
		return Release(e.Holders)
	case Denied:
		return permission(e.Port)
	}
	return "choose another port: \"postel modem probe\" lists them"
}

// Release says how to get a port from those who hold it.
func Release(holders []Holder) string {
	for _, h := range holders {
		switch h.Name {
		case "ModemManager":
			return "install contrib/udev/70-postel-modem.rules, which keeps it away, or stop it with \"systemctl stop ModemManager\""
		case "postel":
			return "a running Postel works with this modem: stop it first (\"systemctl stop postel\"), or ask it with \"postel modem status\""
		}
	}
	if len(holders) > 0 {
		return fmt.Sprintf("end it, or have it use another port (\"ps -fp %d\" shows what it is)", holders[0].PID)
	}
	return "find out with \"fuser -v\" as root which one; often it is ModemManager or another Postel"
}

// permission names the group that a port wants, and who is not in it.
func permission(name string) string {
	group, who := "dialout", "the user"
	if info, err := os.Stat(name); err == nil {
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			if g, err := user.LookupGroupId(fmt.Sprint(s.Gid)); err == nil && g.Name != "root" {
				group = g.Name
			}
		}
	}
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return fmt.Sprintf("put %s into the group %s (as root: usermod -aG %s %s), then sign in or start the service again", who, group, group, who)
}

func failure(name string, err error) *Error {
	e := &Error{Port: name, Kind: Unusable, Err: err}
	code := serial.PortErrorCode(-1)
	if s, ok := errors.AsType[*serial.PortError](err); ok {
		code = s.Code()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		e.Kind = Missing
	case errors.Is(err, syscall.EBUSY), errors.Is(err, syscall.EWOULDBLOCK), code == serial.PortBusy:
		e.Kind, e.Holders = Busy, Holders(name)
	case errors.Is(err, fs.ErrPermission), code == serial.PermissionDenied:
		e.Kind = Denied
	}
	return e
}
