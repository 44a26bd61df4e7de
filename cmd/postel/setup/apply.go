package setup

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Apply makes the changes that were staged. Before the first one, what is there
// now is on disk among the records. If a step fails, or the mail server then
// complains of its configuration, everything is put back. say is told where
// that is, and what the mail server says; reload says whether the mail server shall read its configuration again.
func (s *Staged) Apply(ctx context.Context, r Records, reload bool, say func(string, ...any)) error {
	if err := s.unchanged(); err != nil {
		return err
	}
	rec, err := r.save(s, time.Now())
	if err != nil {
		return fmt.Errorf("what is there now cannot be kept, so nothing was changed: %w", err)
	}
	say("kept what is there in %s", rec.place)
	if err := s.change(ctx, say); err != nil {
		if back := s.host.restore(rec); back != nil {
			return fmt.Errorf("%w\nand it could not be put back as it was: %w\nthe copies are in %s", err, back, rec.place)
		}
		if gone := r.drop(rec); gone != nil {
			say("the record %s stays: %v", rec.place, gone)
		}
		return fmt.Errorf("%w\neverything is as it was before", err)
	}
	if !reload {
		return nil
	}
	if _, err := s.host.Do(ctx, s.Reload); err != nil {
		return fmt.Errorf("the configuration is changed, and the mail server has not read it: %w", err)
	}
	return nil
}

// unchanged makes sure that nobody has written since the plan was made.
func (s *Staged) unchanged() error {
	for _, f := range s.files {
		now, err := s.host.read(f.path)
		if err != nil {
			return err
		}
		if now.exists != f.before.exists || !bytes.Equal(now.content, f.before.content) {
			return Refusal{f.path + " has changed meanwhile", "run setup again"}
		}
	}
	return nil
}

// change does what is planned.
func (s *Staged) change(ctx context.Context, say func(string, ...any)) error {
	for _, d := range s.Dirs {
		if err := s.host.makeDir(d); err != nil {
			return err
		}
	}
	for _, t := range s.Texts {
		f, err := s.file(t.Path)
		if err != nil {
			return err
		}
		now := f.before
		if !now.exists {
			now.exists, now.mode = true, 0o644
		}
		now.content = f.last()
		if err := s.host.write(t.Path, now); err != nil {
			return err
		}
	}
	for _, e := range s.Edits {
		args := e.Args(s.Dir)
		if _, _, err := s.host.Run(ctx, args[0], args[1:]...); err != nil {
			return err
		}
	}
	if err := s.asStaged(); err != nil {
		return err
	}
	for _, c := range append(s.Build, s.Check) {
		text, err := s.host.Do(ctx, c)
		if err != nil {
			return err
		}
		if text != "" {
			say("%s", text)
		}
	}
	return nil
}

// asStaged makes sure that the files have become what the administrator saw,
// and that they are on disk.
func (s *Staged) asStaged() error {
	for _, f := range s.files {
		now, err := s.host.read(f.path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now.content, f.last()) {
			return fmt.Errorf("%s has not become what was shown", f.path)
		}
		if err := syncFile(s.host.Path(f.path)); err != nil {
			return err
		}
	}
	return s.host.syncDirs(s.paths())
}

func (s *Staged) paths() (all []string) {
	for _, f := range s.files {
		all = append(all, f.path)
	}
	for _, d := range s.Dirs {
		all = append(all, d.Path)
	}
	return all
}
