package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Host is the machine whose mail server is set up, or a root directory (chroot,
// unpacked container) that holds one. All paths in this package are those
// inside of it.
type Host struct {
	// Root is the root directory; "" is the machine itself.
	Root string
	// Run runs a program to its end and returns what it printed to standard
	// output and to standard error.
	Run func(ctx context.Context, name string, args ...string) (out, warnings string, err error)
}

// NewHost is the host below a root directory, "" for the machine.
func NewHost(root string) *Host {
	h := &Host{Root: filepath.Clean("/" + root)}
	if h.Root == "/" {
		h.Root = ""
	}
	h.Run = func(ctx context.Context, name string, args ...string) (string, string, error) {
		return h.pipe(ctx, nil, name, args...)
	}
	return h
}

// Path is where a path of the host is for this process.
func (h *Host) Path(path string) string { return filepath.Join(h.Root, path) }

// sbin are the directories of an administrator's programs, which are often not
// in the PATH of a user who became root.
var sbin = []string{"/usr/libexec/sendmail", "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

// Find gives the path of a program of the host.
func (h *Host) Find(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range sbin {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(h.Path(path)); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no program %s in %s", name, strings.Join(sbin, ", "))
}

// pipe runs a program that reads from its standard input.
func (h *Host) pipe(ctx context.Context, in []byte, name string, args ...string) (out, warnings string, err error) {
	path, err := h.Find(name)
	if err != nil {
		return "", "", err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = "/"
	// The mail server's tools read more of the environment than they should.
	cmd.Env = []string{"PATH=" + strings.Join(sbin, ":"), "LC_ALL=C"}
	if h.Root != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: h.Root}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
	err = cmd.Run()
	out, warnings = stdout.String(), stderr.String()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(warnings+out))
	}
	return out, warnings, err
}

// User gives the numbers of a user and of the group that is the user's own.
func (h *Host) User(name string) (uid, gid int, err error) {
	if h.Root == "" {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, 0, err
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return uid, gid, errors.Join(err1, err2)
	}
	fields, err := h.entry("/etc/passwd", name)
	if err != nil {
		return 0, 0, err
	}
	uid, err1 := strconv.Atoi(fields[2])
	gid, err2 := strconv.Atoi(fields[3])
	return uid, gid, errors.Join(err1, err2)
}

// Group gives the number of a group.
func (h *Host) Group(name string) (int, error) {
	if h.Root == "" {
		g, err := user.LookupGroup(name)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(g.Gid)
	}
	fields, err := h.entry("/etc/group", name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(fields[2])
}

// entry finds the line of a user or group.
func (h *Host) entry(file, name string) ([]string, error) {
	b, err := os.ReadFile(h.Path(file))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); fields[0] == name && len(fields) >= 4 {
			return fields, nil
		}
	}
	return nil, fmt.Errorf("there is no %q in %s", name, file)
}
