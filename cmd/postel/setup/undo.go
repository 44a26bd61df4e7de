package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// Undoing is what it takes to take the newest change of setup back.
type Undoing struct {
	// Changed are the files that somebody has changed since. Only what is ours
	// goes from them; all others become what they were, byte for byte.
	Changed []string
	// Edits take our lines out, one by one.
	Edits []Edit
	// ByHand is what nobody can do without guessing. If there is any, undo
	// changes nothing.
	ByHand []string

	texts   []Text // files without our lines
	records Records
	record  *record
	host    *Host
}

// Undo looks at the newest record; nil if setup has changed nothing. read reads
// the configuration of Postfix as it is now.
func (r Records) Undo(h *Host, read func() (*Postfix, error)) (*Undoing, error) {
	rec, err := r.newest()
	if rec == nil || err != nil {
		return nil, err
	}
	u := &Undoing{records: r, record: rec, host: h}
	for _, fr := range rec.Files {
		now, err := h.read(fr.Path)
		if err != nil {
			return nil, err
		}
		if !fr.Derived && !fr.known(now) {
			u.Changed = append(u.Changed, fr.Path)
		}
	}
	edited := false
	for _, path := range u.Changed {
		switch {
		case u.isEdited(path):
			edited = true
		case slices.ContainsFunc(rec.Lines, func(l Line) bool { return l.Path == path }):
			if err := u.lines(path); err != nil {
				return nil, err
			}
		default:
			u.byHand("%s was changed since; what it was before is %s", path, u.copyOf(path))
		}
	}
	if !edited {
		return u, nil
	}
	p, err := read()
	if err != nil {
		return nil, err
	}
	u.settings(p)
	return u, nil
}

// known reports whether a file is as it was, or as setup made it.
func (fr fileRecord) known(now file) bool {
	if !now.exists {
		return fr.Copy == ""
	}
	hash := sum(now.content)
	return hash == fr.Before || slices.Contains(fr.After, hash)
}

// Time is when the change was made.
func (u *Undoing) Time() string { return u.record.Time.Local().Format("2006-01-02 15:04:05") }

// Diff shows what becomes of the files that are put back as they were.
func (u *Undoing) Diff() (string, error) {
	var out strings.Builder
	for _, fr := range u.whole() {
		now, err := u.host.read(fr.Path)
		if err != nil {
			return "", err
		}
		was, err := u.record.original(fr)
		if err != nil {
			return "", err
		}
		if !fr.Derived {
			out.WriteString(unified(fr.Path, now, was))
		}
	}
	for _, t := range u.texts {
		now, err := u.host.read(t.Path)
		if err != nil {
			return "", err
		}
		out.WriteString(unified(t.Path, now, file{exists: true, content: []byte(t.Content)}))
	}
	return out.String(), nil
}

// whole are the files that become what they were.
func (u *Undoing) whole() (all []fileRecord) {
	for _, fr := range u.record.Files {
		if !slices.Contains(u.Changed, fr.Path) {
			all = append(all, fr)
		}
	}
	return all
}

func (u *Undoing) byHand(format string, args ...any) {
	u.ByHand = append(u.ByHand, fmt.Sprintf(format, args...))
}

// isEdited reports whether a file is changed parameter by parameter.
func (u *Undoing) isEdited(file string) bool {
	name := path.Base(file)
	return u.record.MTA == "postfix" && path.Dir(file) == u.record.Dir && (name == "main.cf" || name == "master.cf")
}

// copyOf says where the file as it was is.
func (u *Undoing) copyOf(file string) string {
	for _, fr := range u.record.Files {
		if fr.Path == file && fr.Copy != "" {
			return path.Join(u.record.place, fr.Copy)
		}
	}
	return "nothing: it did not exist"
}

func (u *Undoing) edit(file, option string, args ...string) {
	if len(args) > 0 {
		u.Edits = append(u.Edits, postconf(file, append([]string{option}, args...)...))
	}
}

// Commands are the command lines of the edits.
func (u *Undoing) Commands() (all []string) {
	for _, e := range u.Edits {
		all = append(all, shell(e.Args(u.record.Dir)))
	}
	return all
}

// Do takes the change back.
func (u *Undoing) Do(ctx context.Context) error {
	if len(u.ByHand) > 0 {
		return errors.New("not all of it can be taken back without guessing, so nothing was changed")
	}
	for _, e := range u.Edits {
		args := e.Args(u.record.Dir)
		if _, _, err := u.host.Run(ctx, args[0], args[1:]...); err != nil {
			return err
		}
	}
	for _, t := range u.texts {
		f, err := u.host.read(t.Path)
		if err != nil {
			return err
		}
		f.content = []byte(t.Content)
		if err := u.host.write(t.Path, f); err != nil {
			return err
		}
	}
	rec := *u.record
	rec.Files = u.whole()
	if err := u.host.restore(&rec); err != nil {
		return err
	}
	return u.records.drop(u.record)
}

// restore makes files and directories what they were. Doing it twice is the
// same as once. A directory that setup made goes only if it is empty.
func (h *Host) restore(rec *record) error {
	var paths []string
	files := slices.Clone(rec.Files)
	slices.Reverse(files) // main.cf before the tables that it names
	// Derived files come last: they must not look older than their sources.
	slices.SortStableFunc(files, func(a, b fileRecord) int { return order(a.Derived) - order(b.Derived) })
	for _, fr := range files {
		f, err := rec.original(fr)
		if err != nil {
			return err
		}
		if err := h.write(fr.Path, f); err != nil {
			return err
		}
		paths = append(paths, fr.Path)
	}
	for _, d := range rec.Dirs {
		paths = append(paths, d.Path)
		if !d.Existed {
			_ = os.Remove(h.Path(d.Path)) // with sockets in it, it is in use and stays
			continue
		}
		mode, err := parseOctal(d.Mode)
		if err != nil {
			return err
		}
		if err := h.makeDir(Dir{d.Path, mode, d.UID, d.GID}); err != nil {
			return err
		}
	}
	return h.syncDirs(paths)
}

func order(derived bool) int {
	if derived {
		return 1
	}
	return 0
}
