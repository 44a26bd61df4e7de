package testbed

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// The domains of every test host, which are those of contrib/postfix.
const (
	Domain      = "example.org"
	PhoneDomain = "sms.example.org"
)

// User is somebody with a mailbox and a password.
type User struct{ Name, Password string }

// Address is the user's mail address, and also the name that Postfix and its
// milters learn at login: Dovecot completes "john" to "john@example.org".
func (u User) Address() string { return u.Name + "@" + Domain }

// Two users for tests that need no others.
var (
	John = User{"john", "secret"}
	Mary = User{"mary", "sesame"}
)

// patience is how long anything is waited for before the test fails.
const patience = 30 * time.Second

//go:embed etc
var etc embed.FS

// Host is a mail host of its own: a root directory for its daemons, and an
// address in 127.0.0.0/8 that no other host has.
type Host struct {
	// Root is the root directory, as seen from outside.
	Root string
	// Addr is the loopback address on which its daemons listen.
	Addr string

	t      testing.TB
	users  []User
	smtp   string    // where its mail server answers strangers, once that is settled
	lists  string    // the table of Mailman's lists, "" without Mailman
	ports  []string  // that were given to daemons
	keeper io.Writer // is told the process group of each daemon
}

// NewHost makes a host for the time of a test. The first one on a machine
// fetches Debian's packages. It fails the test where there is no root, and
// skips it with -short.
func NewHost(t testing.TB) *Host {
	t.Helper()
	return newHost(t, packages.Servers)
}

// newHost makes a host that has other packages.
func newHost(t testing.TB, set packages.Set) *Host {
	t.Helper()
	base := unpacked(t, set)
	hosts := filepath.Join(packages.Dir(), "hosts")
	if err := os.MkdirAll(hosts, 0o755); err != nil {
		t.Fatal("testbed: ", err)
	}
	root, err := os.MkdirTemp(hosts, "")
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	addr := fmt.Sprintf("127.%d.%d.%d", 1+rand.N(254), rand.N(256), 1+rand.N(254))
	h := &Host{t: t, Root: root, Addr: addr}
	if err := errors.Join(h.keep(), os.Chmod(root, 0o755), linkTree(base, root), h.furnish()); err != nil {
		t.Fatal("testbed: ", err)
	}
	return h
}

// unpacked is the directory of the unpacked packages of a set.
func unpacked(t testing.TB, set packages.Set) string {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short no daemons are started")
	}
	root, err := set.Root(context.Background(), t.Logf)
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	return root
}

// linkTree gives a host the unpacked packages as hard links: it costs a few
// milliseconds and no room, and a chroot cannot follow links that lead out.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case strings.HasPrefix(path, filepath.Join(from, "etc")+"/"):
			return copyFile(path, target) // of these a host may change its own
		default:
			if err := os.Link(path, target); !errors.Is(err, fs.ErrExist) {
				return err
			}
			return nil // two sets have the same libraries
		}
	})
}

func copyFile(from, to string) error {
	if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() {
		return err
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// furnish adds what every system has and no package brings.
func (h *Host) furnish() error {
	for _, dir := range []string{"dev", "tmp", "run", "var/log", "var/lib", "var/mail", "var/spool", "etc"} {
		if err := os.MkdirAll(h.Path(dir), 0o755); err != nil {
			return err
		}
	}
	for dev, minor := range map[string]int{"null": 3, "zero": 5, "random": 8, "urandom": 9} {
		if err := mknod(h.Path("dev", dev), minor); err != nil {
			return err
		}
	}
	hosts := "127.0.0.1 localhost\n" + h.Addr + " mx." + Domain + "\n"
	return errors.Join(
		os.Chmod(h.Path("tmp"), 0o1777),
		h.install("etc/passwd"), h.install("etc/group"),
		h.install("etc/nsswitch.conf"), h.install("etc/services"),
		h.write("etc/hosts", hosts), h.write("etc/resolv.conf", ""), h.write("etc/mailname", Domain+"\n"),
		h.makeCertificate(),
	)
}

// mknod makes one of the memory devices (major number 1) for everybody's use.
func mknod(path string, minor int) error {
	if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
		return fmt.Errorf("making %s, which needs the capability CAP_MKNOD: %w", path, err)
	}
	return os.Chmod(path, 0o666)
}

// Path is where a path of the host is, seen from outside.
func (h *Host) Path(elem ...string) string {
	return filepath.Join(append([]string{h.Root}, elem...)...)
}

// install puts a file of this package's etc directory in place, with the
// host's address in it, and other words replaced: old, new, old, new.
func (h *Host) install(name string, replace ...string) error {
	b, err := etc.ReadFile("etc/" + filepath.Base(name))
	if err != nil {
		return err
	}
	return h.write(name, strings.NewReplacer(append(replace, "ADDRESS", h.Addr)...).Replace(string(b)))
}

// write writes a file that looks an hour old: Postfix waits two seconds before
// it believes that a file which has just changed is complete.
func (h *Host) write(name, content string) error {
	path, old := h.Path(name), time.Now().Add(-time.Hour)
	return errors.Join(
		os.MkdirAll(filepath.Dir(path), 0o755),
		os.WriteFile(path, []byte(content), 0o644),
		os.Chtimes(path, old, old),
	)
}

// port finds a port that nobody listens on, and that it has not given before.
// Nobody takes it until the daemon does, since the address is the host's own.
func (h *Host) port() string {
	for {
		l, err := net.Listen("tcp", net.JoinHostPort(h.Addr, "0"))
		if err != nil {
			h.t.Fatal("testbed: ", err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		l.Close()
		if !slices.Contains(h.ports, port) {
			h.ports = append(h.ports, port)
			return port
		}
	}
}

// wait looks until a condition holds, that is, until it returns nil.
func (h *Host) wait(what string, condition func() error) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("testbed: waited %v for %s: %v", patience, what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// greets is nil if a server at the address says something to who connects.
func greets(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, err = c.Read(make([]byte, 1))
	return err
}

// showAtFailure puts the end of a log into the output of a test that failed.
func (h *Host) showAtFailure(name string) {
	h.t.Cleanup(func() {
		if h.t.Failed() {
			h.t.Logf("the end of %s:\n%s", name, tail(h.read(name), 80))
		}
	})
}

func (h *Host) read(name string) string {
	b, _ := os.ReadFile(h.Path(name)) // a log that is not there yet is empty
	return string(b)
}

func tail(s string, lines int) string {
	all := strings.SplitAfter(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}
