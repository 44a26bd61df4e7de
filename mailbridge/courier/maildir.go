package courier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// maildir puts letters into a Maildir: for demonstrations, and for programs
// that pick mail up from a directory. All recipients share it; Delivered-To
// tells them apart.
type maildir struct{ dir, host string }

// carry makes the file durable under a name that depends on the letter alone:
// the same letter again replaces it, and one that a reader has moved on is left
// alone.
func (m *maildir) carry(ctx context.Context, l mailbridge.Letter, again bool) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fail(smsengine.Temporary, "4.3.0", "there was no time to deliver", err)
	}
	name := filename.Replace(l.ID)
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(m.dir, sub), 0o700); err != nil {
			return "", m.fail(err)
		}
	}
	if again {
		seen, err := m.seen(name)
		if seen || err != nil {
			return name, err
		}
	}
	tmp, err := m.write(l, name)
	if err != nil {
		return "", m.fail(err)
	}
	place := filepath.Join(m.dir, "new")
	if err := os.Rename(tmp, filepath.Join(place, name)); err != nil {
		_ = os.Remove(tmp)
		return "", m.fail(err)
	}
	if err := syncDir(place); err != nil {
		return "", fail(smsengine.Uncertain, "4.3.0", "the mail may not be stored durably", err)
	}
	return name, nil
}

// filename makes the characters harmless that a Maildir's names cannot have.
var filename = strings.NewReplacer("/", `\057`, ":", `\072`)

// seen reports whether a reader has moved the letter from new to cur, where
// flags follow its name.
func (m *maildir) seen(name string) (bool, error) {
	entries, err := os.ReadDir(filepath.Join(m.dir, "cur"))
	if err != nil {
		return false, m.fail(err)
	}
	for _, e := range entries {
		if base, _, _ := strings.Cut(e.Name(), ":"); base == name {
			return true, nil
		}
	}
	return false, nil
}

// write stores the letter in tmp as the last MTA does: with Return-Path (RFC
// 5321 §4.4) and LF line ends.
func (m *maildir) write(l mailbridge.Letter, name string) (path string, err error) {
	f, err := os.CreateTemp(filepath.Join(m.dir, "tmp"), name+".") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	head := fmt.Sprintf("Return-Path: <%s>\nDelivered-To: %s\n", l.From, l.To)
	body := bytes.ReplaceAll(l.Data, []byte("\r\n"), []byte("\n"))
	if _, err = f.Write(append([]byte(head), body...)); err != nil {
		_ = f.Close()
		return "", err
	}
	return f.Name(), syncClose(f)
}

func (m *maildir) fail(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fail(smsengine.Temporary, "4.3.1", "there is no space left for mail", err)
	}
	return fail(smsengine.Temporary, "4.3.0", "the mail cannot be stored", err)
}

func (m *maildir) close() error { return nil }

// syncClose makes a written file durable.
func syncClose(f *os.File) error { return errors.Join(f.Sync(), f.Close()) }

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return syncClose(d)
}
