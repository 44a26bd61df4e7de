package icewarp

import (
	"io/fs"
	"path"
	"strings"
)

// FilterFile is a file with content filters. [ReadFilters] makes rules of them.
type FilterFile struct {
	File    string `json:"file"`
	Filters int    `json:"filters"`
	// Tab is the one that they are from, by the file's name: "outgoing" or "incoming";
	// "" if that says nothing.
	Tab string `json:"tab,omitempty"`
}

// filters finds files with content filters, in the directory itself, where exports
// are put, and in config. IceWarp does not publish how it calls its own, so that
// whatever may be one by its name is looked into.
func (r *reader) filters(config string) {
	for _, dir := range []string{".", config} {
		entries, err := fs.ReadDir(r.fsys, dir)
		if err != nil {
			continue // config is read again, with its error
		}
		for _, e := range entries {
			if file := path.Join(dir, e.Name()); e.Type().IsRegular() && mayHaveFilters(e.Name()) {
				if n := r.countFilters(file); n > 0 {
					r.found.Filters = append(r.found.Filters, FilterFile{file, n, tab(e.Name())})
				}
			}
		}
	}
}

func mayHaveFilters(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".dat") && (strings.Contains(name, "filter") || strings.Contains(name, "rule"))
}

func (r *reader) countFilters(file string) int {
	data, err := readFile(r.fsys, file)
	if err != nil {
		return 0
	}
	root, err := parseXML(data)
	if err != nil {
		return 0
	}
	return len(filtersIn(root))
}

// tab guesses where filters are from.
func tab(name string) string {
	for _, t := range []string{"outgoing", "incoming"} {
		if strings.Contains(strings.ToLower(name), t) {
			return t
		}
	}
	return ""
}
