package packages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// needless are the parts of packages that no daemon reads.
var needless = []string{"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug", "usr/share/info"}

// unpack extracts packages into a directory, running none of their scripts.
func unpack(ctx context.Context, root string, files []string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if _, err := run(ctx, "", "dpkg-deb", "--extract", file, root); err != nil {
			return err
		}
	}
	for _, dir := range needless {
		if err := os.RemoveAll(filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	return nil
}

// compilePython compiles all Python modules, as their packages' installation
// does. Without it Mailman takes ten seconds to start, with it two.
func compilePython(ctx context.Context, root string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	dirs, err := filepath.Glob(filepath.Join(root, "usr/lib/python3*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		dir = strings.TrimPrefix(dir, root)
		cmd := exec.CommandContext(ctx, "/usr/bin/python3", "-m", "compileall", "-q", dir)
		cmd.Env, cmd.Dir = []string{}, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		// Some packages bring files of other Python versions, which do not compile.
		if out, err := cmd.CombinedOutput(); err != nil && len(out) == 0 {
			return fmt.Errorf("compiling %s: %w", dir, err)
		}
	}
	return nil
}

// checkLoads has the dynamic loader list the libraries of every program of the
// daemons, so that a missing one is named here and not by a daemon that a test
// waits for in vain.
func checkLoads(root string) error {
	loaders, err := filepath.Glob(filepath.Join(root, "lib", "*", "ld-linux*.so.*"))
	if err != nil || len(loaders) != 1 {
		return fmt.Errorf("%d dynamic loaders in %s", len(loaders), root)
	}
	var programs []string
	for _, dir := range []string{"usr/sbin", "usr/bin", "usr/lib/postfix/sbin", "usr/lib/dovecot", "usr/libexec/sendmail", "usr/lib/postgresql/*/bin"} {
		found, err := filepath.Glob(filepath.Join(root, dir, "*"))
		if err != nil {
			return err
		}
		programs = append(programs, found...)
	}
	var missing []string
	for _, file := range programs {
		if !isProgram(file) {
			continue
		}
		// Not LD_TRACE_LOADED_OBJECTS: a program with a setgid bit ignores it and runs.
		cmd := exec.Command(strings.TrimPrefix(loaders[0], root), "--list", strings.TrimPrefix(file, root))
		cmd.Env = []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s does not load: %w: %s", file, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.Contains(line, "not found") && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no package brought the libraries %s", strings.Join(missing, ", "))
	}
	return nil
}

// isProgram tells an executable ELF file from a script, a link and a library.
func isProgram(file string) bool {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o100 == 0 {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, 4)
	_, err = f.Read(magic)
	return err == nil && string(magic) == "\x7fELF"
}
