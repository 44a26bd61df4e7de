package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/postel-mail/postel/cmd/postel/icewarp"
	"github.com/postel-mail/postel/cmd/postel/rulefile"
)

// rulesReport is what an import of rules says, as --json writes it. Fields are
// added, never renamed or removed.
type rulesReport struct {
	From    string           `json:"from"`
	Applied bool             `json:"applied"`
	Refused bool             `json:"refused"` // a file is there, and would be replaced
	Files   []rulesFile      `json:"files"`
	Filters []icewarp.Filter `json:"filters"` // of IceWarp
	Counts  map[string]int   `json:"rules"`   // how many a file has
}

type rulesFile struct {
	Name string `json:"name"`
	Is   string `json:"is"` // new, same, other
}

// compare says what becomes of what there is.
func (r *rulesReport) compare(place string, files []rulefile.File, replace bool) error {
	for _, f := range files {
		there, err := os.ReadFile(filepath.Join(place, filepath.FromSlash(f.Name)))
		is := "new"
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case string(there) == f.Text:
			is = "same"
		default:
			is = "other"
			r.Refused = r.Refused || !replace
		}
		r.Files = append(r.Files, rulesFile{f.Name, is})
	}
	return nil
}

func (r *rulesReport) write(t *terminal, asJSON bool) error {
	if asJSON {
		return lines(t.out, []*rulesReport{r})
	}
	active := 0
	for _, f := range r.Filters {
		said := "as it was"
		switch {
		case f.Active:
			active++
		case len(f.Left) > 0:
			said = "not active: it cannot be carried over as it is"
		default:
			said = "not active, as it was"
		}
		t.printf("%s  (%s)\n  %s\n", clean(f.Title), clean(f.Place.String()), said)
		for _, l := range f.Left {
			t.printf("  not carried over: %s\n", clean(l))
		}
		for _, n := range f.Notes {
			t.printf("  note: %s\n", clean(n))
		}
	}
	if len(r.Filters) > 0 {
		t.printf("\n%s, %d of them active\n", count(len(r.Filters), "rule"), active)
	}
	for _, f := range r.Files {
		what := map[string]string{"new": "is new", "same": "is there already", "other": "is there with other contents"}[f.Is]
		if n, ok := r.Counts[f.Name]; ok {
			what += ", " + count(n, "rule")
		}
		t.printf("%s: %s\n", clean(f.Name), what)
	}
	switch {
	case r.Refused:
		t.printf("nothing was written: --replace with --apply replaces what is there, and keeps it as FILE.old\n")
	case !r.Applied:
		t.printf("nothing was written: --apply does that\n")
	default:
		t.printf("written\n")
	}
	return nil
}

// writeRules writes files into the folder of the rules, lists first: rules never
// name what is not there yet. Each is replaced as a whole; owner and mode are those
// of the configuration file, for the same program reads them.
func writeRules(place, configFile string, files []rulefile.File) error {
	like, err := os.Stat(configFile)
	if err != nil {
		return err
	}
	var lists, rules []rulefile.File
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".toml") {
			rules = append(rules, f)
		} else {
			lists = append(lists, f)
		}
	}
	for _, f := range append(lists, rules...) {
		if err := writeRuleFile(filepath.Join(place, filepath.FromSlash(f.Name)), f.Text, like); err != nil {
			return err
		}
	}
	return nil
}

func writeRuleFile(path, text string, like fs.FileInfo) error {
	if err := makeFolder(filepath.Dir(path), like); err != nil {
		return err
	}
	there, err := os.ReadFile(path)
	if err == nil && string(there) == text {
		return nil
	}
	if err == nil {
		if err := replaceFile(path+".old", string(there), like); err != nil {
			return err
		}
	}
	return replaceFile(path, text, like)
}

// makeFolder makes a folder, and those above it that are not there. Whoever reads
// the configuration may enter.
func makeFolder(path string, like fs.FileInfo) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(path), like); err != nil {
		return err
	}
	mode := like.Mode().Perm()
	if err := os.Mkdir(path, mode|mode&0o444>>2|0o700); err != nil {
		return err
	}
	return chownLike(path, like)
}

// chownLike gives a file to the owner of another, if root has made it.
func chownLike(path string, like fs.FileInfo) error {
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// replaceFile writes a file beside, and moves it there when it is whole.
func replaceFile(path, text string, like fs.FileInfo) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone if all went well
	_, err = f.WriteString(text)
	if err = errors.Join(err, chownLike(f.Name(), like), f.Chmod(like.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
