package setup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Staged is a Plan that was tried on a copy: what it makes of each file is known.
type Staged struct {
	*Plan
	host  *Host
	files []*stagedFile
}

// stagedFile is a file before, and its content after each step that changes it.
type stagedFile struct {
	path   string
	before file
	after  [][]byte // the last one is what it becomes
}

// Stage carries the plan out on a copy of the files, with the mail server's own
// tools.
func (p *Plan) Stage(ctx context.Context, h *Host) (*Staged, error) {
	s := &Staged{Plan: p, host: h}
	for _, t := range p.Texts {
		f, err := s.file(t.Path)
		if err != nil {
			return nil, err
		}
		f.after = append(f.after, []byte(t.Content))
	}
	if len(p.Edits) == 0 {
		return s, nil
	}
	return s, s.try(ctx)
}

// try makes the edits in a temporary directory.
func (s *Staged) try(ctx context.Context) error {
	const tmp = "/tmp"
	if err := os.MkdirAll(s.host.Path(tmp), 0o1777); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.host.Path(tmp), "postel-setup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	inside := path.Join(tmp, filepath.Base(dir))
	for _, name := range []string{"main.cf", "master.cf"} {
		f, err := s.host.read(path.Join(s.Dir, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), f.content, 0o600); err != nil {
			return err
		}
	}
	for _, e := range s.Edits {
		args := e.Args(inside)
		if _, _, err := s.host.Run(ctx, args[0], args[1:]...); err != nil {
			return err
		}
		f, err := s.file(path.Join(s.Dir, e.File))
		if err != nil {
			return err
		}
		after, err := os.ReadFile(filepath.Join(dir, e.File))
		if err != nil {
			return err
		}
		f.after = append(f.after, after)
	}
	return nil
}

// file is the staged file of a path.
func (s *Staged) file(path string) (*stagedFile, error) {
	if i := slices.IndexFunc(s.files, func(f *stagedFile) bool { return f.path == path }); i >= 0 {
		return s.files[i], nil
	}
	before, err := s.host.read(path)
	if err != nil {
		return nil, err
	}
	f := &stagedFile{path: path, before: before}
	s.files = append(s.files, f)
	return f, nil
}

// last is what the file becomes.
func (f *stagedFile) last() []byte { return f.after[len(f.after)-1] }

// Diff shows the changes as a unified diff.
func (s *Staged) Diff() string {
	var out strings.Builder
	for _, f := range s.files {
		out.WriteString(unified(f.path, f.before, file{exists: true, content: f.last()}))
	}
	return out.String()
}

// unified is the unified diff of a file.
func unified(path string, before, after file) string {
	name := func(f file) string {
		if f.exists {
			return path
		}
		return "/dev/null"
	}
	// Its first line is one of git's, which says nothing here.
	_, text, _ := bytes.Cut(diff.Diff(name(before), before.content, name(after), after.content), []byte("\n"))
	return string(text)
}

// Commands are the command lines that the changes are made with, as a shell
// takes them.
func (s *Staged) Commands() (all []string) {
	for _, d := range s.Dirs {
		all = append(all, fmt.Sprintf("install -d -o %d -g %d -m %s %s", d.UID, d.GID, octal(d.Mode), d.Path))
	}
	for _, t := range s.Texts {
		all = append(all, "write "+t.Path)
	}
	for _, e := range s.Edits {
		all = append(all, shell(e.Args(s.Dir)))
	}
	for _, c := range append(s.Build, s.Check, s.Reload) {
		if !c.IsEmpty() {
			all = append(all, c.String())
		}
	}
	return all
}

// shell quotes a command line for reading.
func shell(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if strings.ContainsAny(a, " $&|;<>(){}*?\"'\\") {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
