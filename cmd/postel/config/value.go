package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What the texts look like, for whoever wrote something else.
var (
	errDuration = errors.New(`want a time in quotes, such as "7d", "4h" or "7200m"`)
	errSize     = errors.New(`want a size in quotes, such as "10MB" or "512kB"`)
	errMode     = errors.New(`want permissions in octal and quotes, such as "0660"`)
	errEndpoint = errors.New(`want a socket, "unix:/path" or "inet:host:port"`)
)

// Duration is a span of time, written "7d", "4h", "7200m", "90s" or joined,
// "1d12h". "0" is none.
type Duration time.Duration

// UnmarshalText reads a duration. It cannot be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	var days time.Duration
	if n, rest, ok := strings.Cut(s, "d"); ok {
		v, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return errDuration
		}
		days, s = time.Duration(v)*24*time.Hour, rest
	}
	v := time.Duration(0)
	if s != "" || days == 0 {
		var err error
		if v, err = time.ParseDuration(s); err != nil || v < 0 {
			return errDuration
		}
	}
	*d = Duration(days + v)
	return nil
}

// MarshalText writes what UnmarshalText reads: whole days as "7d".
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string {
	switch t := time.Duration(d); {
	case t == 0:
		return "0"
	case t%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", t/(24*time.Hour))
	case t%time.Hour == 0:
		return fmt.Sprintf("%dh", t/time.Hour)
	case t%time.Minute == 0:
		return fmt.Sprintf("%dm", t/time.Minute)
	default:
		return t.String()
	}
}

// Size is a number of octets, written "10MB" (of 1024 kB), "512kB" or "4000".
type Size int64

var sizeUnits = []struct {
	name string
	size int64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}, {"", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	upper := strings.ToUpper(strings.TrimSpace(string(text)))
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(upper, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
		if err != nil || n < 0 {
			break
		}
		*s = Size(n * u.size)
		return nil
	}
	return errSize
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) {
	for _, u := range sizeUnits {
		if int64(s)%u.size == 0 {
			return fmt.Appendf(nil, "%d%s", int64(s)/u.size, u.name), nil
		}
	}
	return nil, nil // a number is divisible by 1
}

// Mode is the permissions of a socket, written in octal and quotes, "0660".
type Mode uint32

// UnmarshalText reads permissions.
func (m *Mode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 16)
	if err != nil || n > 0o777 {
		return errMode
	}
	*m = Mode(n)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (m Mode) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(m)), nil }

// Endpoint is a socket, written "unix:/path" or "inet:host:port".
type Endpoint struct {
	Network string // "unix" or "tcp", as package net names them; "" for none
	Address string
}

// IsZero reports whether no socket is set.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// UnmarshalText reads a socket; an empty text is none.
func (e *Endpoint) UnmarshalText(text []byte) error {
	kind, rest, _ := strings.Cut(string(text), ":")
	switch {
	case len(text) == 0:
		*e = Endpoint{}
		return nil
	case kind == "unix" && filepath.IsAbs(rest) && rest != "/":
		*e = Endpoint{"unix", filepath.Clean(rest)}
		return nil
	case kind == "unix":
		return errors.New(`the path of a unix socket begins with "/"`)
	case kind == "inet":
		host, port, err := net.SplitHostPort(rest)
		if _, perr := strconv.ParseUint(port, 10, 16); err == nil && perr == nil && host != "" {
			*e = Endpoint{"tcp", rest}
			return nil
		}
	}
	return errEndpoint
}

// MarshalText writes what UnmarshalText reads.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

func (e Endpoint) String() string {
	switch e.Network {
	case "":
		return ""
	case "unix":
		return "unix:" + e.Address
	default:
		return "inet:" + e.Address
	}
}
