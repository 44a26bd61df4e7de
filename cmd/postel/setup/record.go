package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Records is the directory where what was there before is kept: one directory
// for each time that setup changed something, numbered from 1.
//
// It belongs to root and nobody else may write there: whoever could would
// decide what undo writes into the configuration of the mail server. That is
// why it is not in the state directory, which belongs to Postel's own user.
type Records struct{ Dir string }

// record is what setup did at one time.
type record struct {
	MTA      string       `json:"mta"`
	Dir      string       `json:"dir"`
	Time     time.Time    `json:"time"`
	Files    []fileRecord `json:"files"`
	Dirs     []dirRecord  `json:"dirs,omitempty"`
	Settings []Setting    `json:"settings,omitempty"`
	Lines    []Line       `json:"lines,omitempty"`

	place string // its directory
}

// fileRecord is a file as it was, and what setup made of it.
type fileRecord struct {
	Path string `json:"path"`
	// Copy names its copy beside the record; "" if it did not exist.
	Copy string `json:"copy,omitempty"`
	Mode string `json:"mode,omitempty"` // octal
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Before is the SHA-256 of the copy, After that of each content that setup
	// gave the file on its way.
	Before string   `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
	// Derived files are made out of the others, and nobody writes in them.
	Derived bool `json:"derived,omitempty"`
}

// dirRecord is a directory as it was.
type dirRecord struct {
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
	Mode    string `json:"mode,omitempty"` // octal
	UID     int    `json:"uid"`
	GID     int    `json:"gid"`
}

const recordFile = "record.json"

// save writes what is there now, durably, before anything is changed.
func (r Records) save(s *Staged, now time.Time) (*record, error) {
	if err := r.prepare(); err != nil {
		return nil, err
	}
	rec := &record{MTA: s.MTA, Dir: s.Plan.Dir, Time: now.UTC().Truncate(time.Second), Settings: s.Settings, Lines: s.Lines}
	work, err := os.MkdirTemp(r.Dir, "new-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work) // is renamed if all went well
	for i, f := range s.files {
		fr := fileRecord{Path: f.path, UID: f.before.uid, GID: f.before.gid}
		for _, a := range f.after {
			fr.After = append(fr.After, sum(a))
		}
		if err := fr.keep(work, i, f.before); err != nil {
			return nil, err
		}
		rec.Files = append(rec.Files, fr)
	}
	for i, path := range s.Derived {
		f, err := s.host.read(path)
		if err != nil {
			return nil, err
		}
		fr := fileRecord{Path: path, UID: f.uid, GID: f.gid, Derived: true}
		if err := fr.keep(work, len(s.files)+i, f); err != nil {
			return nil, err
		}
		rec.Files = append(rec.Files, fr)
	}
	for _, d := range s.Dirs {
		there, existed, err := statDir(s.host, d.Path)
		if err != nil {
			return nil, err
		}
		rec.Dirs = append(rec.Dirs, dirRecord{d.Path, existed, octal(there.Mode), there.UID, there.GID})
	}
	return rec, r.publish(rec, work)
}

// publish gives a finished record its number.
func (r Records) publish(rec *record, work string) error {
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(work, recordFile), file{true, append(b, '\n'), 0o600, os.Geteuid(), os.Getegid()}); err != nil {
		return err
	}
	if err := syncDir(work); err != nil {
		return err
	}
	all, err := r.numbers()
	if err != nil {
		return err
	}
	next := 1
	if len(all) > 0 {
		next = all[len(all)-1] + 1
	}
	rec.place = filepath.Join(r.Dir, strconv.Itoa(next))
	if err := os.Rename(work, rec.place); err != nil {
		return err
	}
	return syncDir(r.Dir)
}

// keep copies a file beside the record.
func (fr *fileRecord) keep(dir string, i int, f file) error {
	if !f.exists {
		return nil
	}
	fr.Copy = fmt.Sprintf("%d-%s", i, filepath.Base(fr.Path))
	fr.Mode, fr.Before = octal(f.mode), sum(f.content)
	return replace(filepath.Join(dir, fr.Copy), file{true, f.content, 0o600, os.Geteuid(), os.Getegid()})
}

// prepare makes the directory, for nobody else to look into, and refuses one
// that others may write to. What is above it others may pass through: there
// Postel's own configuration is.
func (r Records) prepare() error {
	if err := os.MkdirAll(filepath.Dir(filepath.Dir(r.Dir)), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return err
	}
	return r.trusted()
}

// trusted refuses a directory in which somebody else could have put a record.
func (r Records) trusted() error {
	for dir := r.Dir; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		uid, _ := ownerOf(info)
		writable := info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
		if uid != 0 && uid != os.Geteuid() || writable {
			return Refusal{"others may write to " + dir + ", and could change what undo restores", "keep the records in a directory of root (--records)"}
		}
		if dir == "/" || dir == "." {
			return nil
		}
	}
}

// numbers are those of all records, ascending.
func (r Records) numbers() ([]int, error) {
	entries, err := os.ReadDir(r.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, err
}

// newest reads the latest record, nil if there is none.
func (r Records) newest() (*record, error) {
	all, err := r.numbers()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	if err := r.trusted(); err != nil {
		return nil, err
	}
	rec := &record{place: filepath.Join(r.Dir, strconv.Itoa(all[len(all)-1]))}
	b, err := os.ReadFile(filepath.Join(rec.place, recordFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, rec); err != nil {
		return nil, fmt.Errorf("%s: %w", rec.place, err)
	}
	return rec, nil
}

// drop removes a record whose changes were taken back.
func (r Records) drop(rec *record) error {
	return errors.Join(os.RemoveAll(rec.place), syncDir(r.Dir))
}

// original is the file as it was.
func (rec *record) original(fr fileRecord) (file, error) {
	if fr.Copy == "" {
		return file{}, nil
	}
	content, err := os.ReadFile(filepath.Join(rec.place, fr.Copy))
	if err != nil {
		return file{}, err
	}
	if sum(content) != fr.Before {
		return file{}, fmt.Errorf("%s is not what was written there", filepath.Join(rec.place, fr.Copy))
	}
	mode, err := parseOctal(fr.Mode)
	return file{true, content, mode, fr.UID, fr.GID}, err
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// octal writes a mode as chmod takes it.
func octal(m fs.FileMode) string {
	bits := uint32(m.Perm())
	for bit, with := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			bits |= with
		}
	}
	return fmt.Sprintf("%04o", bits)
}

func parseOctal(s string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(strings.TrimSpace(s), 8, 32)
	m := fs.FileMode(bits) & fs.ModePerm
	for bit, with := range map[fs.FileMode]uint64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if bits&with != 0 {
			m |= bit
		}
	}
	return m, err
}
