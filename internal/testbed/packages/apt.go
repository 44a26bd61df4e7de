package packages

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// closure returns the names and, by asking apt level by level, the libraries
// and the modules of Python and Perl that they depend on, without some. What else
// they depend on (debconf, adduser and other tools of installation) is not needed
// to run them; who needs Perl itself names it.
func closure(ctx context.Context, names, without []string) ([]string, error) {
	all := slices.Clone(names)
	for level := names; len(level) > 0; {
		out, err := run(ctx, "", "apt-cache", append([]string{"depends"}, level...)...)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, name := range libraries(out) {
			if !slices.Contains(all, name) && !slices.Contains(without, name) {
				all, level = append(all, name), append(level, name)
			}
		}
	}
	return all, nil
}

// libraries picks the libraries and modules out of what "apt-cache depends" prints.
func libraries(out string) (names []string) {
	for line := range strings.Lines(out) {
		line = strings.TrimLeft(strings.TrimSpace(line), "|")
		kind, name, ok := strings.Cut(line, ": ")
		if !ok || kind != "Depends" && kind != "PreDepends" {
			continue
		}
		isLibrary := strings.HasPrefix(name, "lib") || strings.HasPrefix(name, "zlib") || strings.HasPrefix(name, "python3") || strings.HasPrefix(name, "perl-modules")
		if isLibrary && !strings.HasSuffix(name, "-perl") {
			names = append(names, name)
		}
	}
	return names
}

// download gets the packages into a directory.
func download(ctx context.Context, dir string, names []string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	args := append([]string{"-o", "Acquire::Retries=3", "download"}, names...)
	if _, err := run(ctx, dir, "apt-get", args...); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err == nil && len(files) < len(names) {
		err = fmt.Errorf("apt-get downloaded %d of %d packages into %s", len(files), len(names), dir)
	}
	return files, err
}

// update has apt read the lists of packages again. It comes before everything
// else: a fresh container has no lists, old ones name files that are gone, and
// apt does not complain of either but answers from what is installed.
func update(ctx context.Context) error {
	_, err := run(ctx, "", "apt-get", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120", "update")
	return err
}

// run runs a command and returns its standard output; its error has the last
// of what the command said.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(errs.String())
		said = said[max(0, len(said)-1000):]
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said)
	}
	return out.String(), nil
}
