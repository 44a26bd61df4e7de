// Package packages gets the daemons that the tests run from Debian's packages
// without installing them: the packages and the libraries they need are
// downloaded with apt-get and unpacked into a directory of our own, which is
// then the root directory (chroot) of the daemons. The machine's own mail
// server, if it has one, is neither used nor touched.
package packages

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Set is a number of packages that are unpacked into one root directory,
// with the libraries and Python modules that they need; apt says which.
type Set struct {
	packages []string
	without  []string                                     // libraries that apt asks for and no test uses
	prepare  func(ctx context.Context, root string) error // after unpacking; may be nil
}

// Servers are the daemons, and the tools, of all tests.
var Servers = Set{packages: []string{
	"postfix", "sendmail-bin", "sendmail-base", "sendmail-cf", "m4", "sasl2-bin", "libsasl2-modules",
	"dovecot-core", "dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve", "mlmmj", "strace",
}}

// Mailman is Mailman 3, which few tests need and which is larger than all the
// others together.
var Mailman = Set{packages: []string{"mailman3"}, prepare: compilePython}

// Clients are mail programs as people use them, with the shell that they run
// editors by, its usual commands, and what they must know of terminals and UTF-8.
var Clients = Set{packages: []string{
	"swaks", "perl", "perl-base", "libnet-ssleay-perl", "s-nail", "neomutt", "dash", "coreutils", "ncurses-base", "libc-bin",
}}

// Texters are two programs that send and receive texts through modems, against
// which the emulated ones are tried.
var Texters = Set{packages: []string{"smstools", "gammu-smsd"}}

// Kannel is a gateway of texts with an HTTP interface, as a provider has one.
var Kannel = Set{packages: []string{"kannel"}}

// Prometheus scrapes figures and evaluates alert rules; promtool comes with it.
var Prometheus = Set{packages: []string{"prometheus"}}

// Postgres is a database server. Without what compiles queries at run time, a
// library that is larger than the server, it interprets them.
var Postgres = Set{packages: []string{"postgresql-15", "tzdata", "dash"}, without: []string{"libllvm14"}}

// MariaDB is another.
var MariaDB = Set{packages: []string{"mariadb-server-core"}}

// name names the set in one line.
func (s Set) name() string { return strings.Join(s.packages, " ") }

// Dir is where unpacked packages and running hosts are kept:
// /var/cache/postel-testbed, or what the environment variable POSTEL_TESTBED
// says. Daemons give up root and must still reach it, so a place under /root
// or a private temporary directory will not do; and its name has to be short,
// since it is the beginning of Unix socket names.
func Dir() string {
	if dir := os.Getenv("POSTEL_TESTBED"); dir != "" {
		return dir
	}
	return "/var/cache/postel-testbed"
}

// Root returns the directory in which the set is unpacked. It downloads and
// unpacks it first if that was not done before, which takes some seconds; say is
// told of each step. Several processes may call it at once: one works, the
// others wait.
func (s Set) Root(ctx context.Context, say func(format string, args ...any)) (string, error) {
	if os.Geteuid() != 0 {
		return "", errors.New("the daemons of the tests need root, to change root directory and user: " +
			"run the tests as root in a container, or with sudo -E env \"PATH=$PATH\" make test")
	}
	if err := os.MkdirAll(Dir(), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(Dir(), "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()

	// Each set has a link of its own, so that two versions of the tests do not
	// take turns at downloading.
	current := filepath.Join(Dir(), fmt.Sprintf("current-%x", sha256.Sum256([]byte(s.name())))[:len("current-")+12])
	if root, err := filepath.EvalSymlinks(current); err == nil && s.complete(root) {
		return root, nil
	}
	root, err := s.fetch(ctx, say)
	if err != nil {
		return "", fmt.Errorf("getting the daemons for the tests from Debian's packages: %w", err)
	}
	_ = os.Remove(current)
	return root, os.Symlink(filepath.Base(root), current)
}

// fetch makes a new root directory. It gets its final name only when it is
// complete, so that an interrupted run leaves nothing that looks finished.
func (s Set) fetch(ctx context.Context, say func(string, ...any)) (string, error) {
	say("apt-get update")
	if err := update(ctx); err != nil {
		say("going on with the lists of packages that are there: %v", err)
	}
	names, err := closure(ctx, s.packages, s.without)
	if err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(Dir(), "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	say("downloading %d packages", len(names))
	files, err := download(ctx, filepath.Join(work, "archives"), names)
	if err != nil {
		return "", err
	}
	say("unpacking into %s", Dir())
	root := filepath.Join(work, "root")
	if err := unpack(ctx, root, files); err != nil {
		return "", err
	}
	if err := checkLoads(root); err != nil {
		return "", err
	}
	if s.prepare != nil {
		if err := s.prepare(ctx, root); err != nil {
			return "", err
		}
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	list := s.manifest(files)
	if err := os.WriteFile(filepath.Join(root, "manifest"), []byte(list), 0o644); err != nil {
		return "", err
	}
	final := filepath.Join(Dir(), fmt.Sprintf("root-%x", sha256.Sum256([]byte(list)))[:len("root-")+12])
	if s.complete(final) {
		return final, nil
	}
	_ = os.RemoveAll(final)
	return final, os.Rename(root, final)
}

// manifest names what a root directory was made for in its first line, and
// the packages that are in it in the others.
func (s Set) manifest(files []string) string {
	slices.Sort(files)
	return s.name() + "\n" + strings.Join(files, "\n") + "\n"
}

// complete tells whether a root directory has everything that this version of
// the testbed wants.
func (s Set) complete(root string) bool {
	b, err := os.ReadFile(filepath.Join(root, "manifest"))
	made, _, _ := strings.Cut(string(b), "\n")
	return err == nil && made == s.name()
}

func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
