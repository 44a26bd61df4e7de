package rule

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// Bounds of files, in octets.
const (
	maxFile = 16 << 20
	maxList = 64 << 20
)

// Site is what rules may name, and how numbers are read.
type Site struct {
	// Gateways are the IDs of those there are; nil: nobody knows.
	Gateways []string
	// Domains are ours: behind a number they say nothing.
	Domains []string
	// Databases are those that statements may name; nil: nobody knows.
	Databases []string
	// Number reads a number, to E.164 or a short code; nil: it must be international,
	// or have three to six digits.
	Number func(written string) (string, error)
}

// Load reads the rules of a file and the lists that they name, from the folder
// that the file is in. What is wrong is [mistake.Problems], all of them; that there is no
// such file is fs.ErrNotExist.
func Load(folder fs.FS, file string, d Direction, site Site) (*Set, error) {
	seen, data, err := readBounded(folder, file, maxFile)
	if err != nil {
		return nil, err
	}
	s, err := Parse(folder, file, data, d, site)
	if err == nil {
		s.files[0] = seen
	}
	return s, err
}

// Parse is Load for contents that are at hand; file names them in problems. The
// lists are read from the folder.
func Parse(folder fs.FS, file string, data []byte, d Direction, site Site) (*Set, error) {
	r := &reader{
		folder: folder, file: file, places: newPlaces(data), databases: site.Databases,
		set: &Set{
			direction: d, file: file, files: []source{{name: file}},
			gateways: site.Gateways, domains: site.Domains, readNumber: site.Number,
		},
		tables: map[string]*table{}, lists: map[string][]string{}, titles: map[string]bool{},
	}
	root, problem := parseTree(data)
	if problem != nil {
		problem.File = file
		return nil, mistake.Problems{*problem}
	}
	r.rules(root)
	if len(r.problems) > 0 {
		r.problems.Sort()
		return nil, slices.Compact(r.problems)
	}
	for _, rule := range r.set.rules {
		r.set.changes |= rule.changes
	}
	r.set.index = newIndex(r.set.rules)
	return r.set, nil
}

// readBounded reads a file, and says how it was seen before that.
func readBounded(folder fs.FS, name string, limit int64) (source, []byte, error) {
	seen, err := look(folder, name)
	if err != nil {
		return seen, nil, err
	}
	if seen.size > limit {
		return seen, nil, fmt.Errorf("%s has %d MB, and may have %d", name, seen.size>>20, limit>>20)
	}
	data, err := fs.ReadFile(folder, name)
	return seen, data, err
}

// reader makes a Set of a document, and gathers what is wrong.
type reader struct {
	folder    fs.FS
	file      string
	places    places
	databases []string
	set       *Set
	rule      *Rule               // under way
	tables    map[string]*table   // of lists, by file and use
	lists     map[string][]string // lines of files
	titles    map[string]bool
	problems  mistake.Problems
}

// refuse notes a problem at a place.
func (r *reader) refuse(n *node, remedy, what string, args ...any) {
	line, column := r.places.of(n.at)
	r.problems = append(r.problems, mistake.Problem{File: r.file, Line: line, Column: column, What: fmt.Sprintf(what, args...), Remedy: remedy})
}

// want refuses a value of another kind.
func (r *reader) want(n *node, k kind, name string) bool {
	if n.kind != k {
		r.refuse(n, "", "%s: want %s, not %s", name, k, n.kind)
	}
	return n.kind == k
}

// lines reads a list: one value a line; empty lines and those that begin with "#"
// are passed over.
func (r *reader) lines(n *node, name string) []string {
	if lines, ok := r.lists[name]; ok {
		return lines
	}
	r.lists[name] = nil
	if !fs.ValidPath(name) || path.Clean(name) != name {
		r.refuse(n, `write the file's name as seen from the folder of the rules, like "lists/staff.txt"`, "%q is no file in the folder of the rules", name)
		return nil
	}
	seen, data, err := readBounded(r.folder, name, maxList)
	if errors.Is(err, fs.ErrNotExist) {
		r.refuse(n, "an empty file is an empty list", "there is no file %s", name)
		return nil
	}
	if err != nil {
		r.refuse(n, "", "cannot read the list: %v", err)
		return nil
	}
	r.set.files = append(r.set.files, seen)
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	r.lists[name] = lines
	return lines
}

// tableOf makes a table of a file's lines, once for each use.
func (r *reader) tableOf(n *node, name string, f form, op string) *table {
	use := fmt.Sprintf("%d %t %s", f, op == opIs, name)
	if t, ok := r.tables[use]; ok {
		return t
	}
	lines := slices.Clone(r.lines(n, name))
	for i := range lines {
		lines[i] = foldAs(f, lines[i])
	}
	t := newTable(lines, op != opIs)
	r.tables[use] = t
	return t
}
