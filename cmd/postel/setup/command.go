package setup

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// IsEmpty reports whether there is nothing to run.
func (c Command) IsEmpty() bool { return len(c.Args) == 0 && c.Hangup == "" }

// String is the command line as a shell takes it.
func (c Command) String() string {
	if c.Hangup != "" {
		return "kill -HUP $(head -n 1 " + c.Hangup + ")"
	}
	s := shell(c.Args)
	if c.In != "" {
		s += " < " + c.In
	}
	if c.Out != "" {
		s += " > " + c.Out
	}
	return s
}

// Do runs a command, and gives what it said. Output that becomes a file is not
// part of that.
func (h *Host) Do(ctx context.Context, c Command) (said string, err error) {
	switch {
	case c.Hangup != "":
		return "", h.hangup(c.Hangup)
	case c.IsEmpty():
		return "", nil
	}
	var in []byte
	if c.In != "" {
		if in, err = os.ReadFile(h.Path(c.In)); err != nil {
			return "", err
		}
	}
	run := h.Run
	if c.In != "" {
		run = func(ctx context.Context, name string, args ...string) (string, string, error) {
			return h.pipe(ctx, in, name, args...)
		}
	}
	out, warnings, err := run(ctx, c.Args[0], c.Args[1:]...)
	if err != nil || c.Out == "" {
		return out + warnings, err
	}
	f, err := h.read(c.Out)
	if err != nil {
		return warnings, err
	}
	if !f.exists {
		f = file{exists: true, mode: 0o644}
	}
	f.content = []byte(out)
	return warnings, h.write(c.Out, f)
}

// hangup sends SIGHUP to the process whose number is the first line of a file.
func (h *Host) hangup(name string) error {
	b, err := os.ReadFile(h.Path(name))
	if err != nil {
		return fmt.Errorf("the mail server does not run: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s has no process number in its first line", name)
	}
	return syscall.Kill(pid, syscall.SIGHUP)
}
