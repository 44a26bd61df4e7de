package rulefile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// MaxBundle bounds the file that rules are packed into, octets.
const MaxBundle = 128 << 20

// version is that of the form of the file.
const version = 1

// File is a file in the folder of the rules.
type File struct {
	Name string `toml:"name"` // as seen from the folder: "lists/staff.txt"
	Text string `toml:"text"`
}

// header explains the file to whoever opens it.
const header = `# Rules of Postel, packed by postel rules export. Each [[file]] is a file in
# the folder of the rules, as it was. postel rules import reads this.
`

// Pack writes files into one. Text that is not UTF-8 cannot be packed.
func Pack(files []File, at time.Time) ([]byte, error) {
	var b strings.Builder
	b.WriteString(header)
	fmt.Fprintf(&b, "postel_rules = %d\nexported = %s\n", version, at.UTC().Format(time.RFC3339))
	for _, f := range files {
		if !utf8.ValidString(f.Text) {
			return nil, fmt.Errorf("%s is not UTF-8", f.Name)
		}
		fmt.Fprintf(&b, "\n[[file]]\nname = %s\ntext = %s\n", Quote(f.Name), long(f.Text))
	}
	if b.Len() > MaxBundle {
		return nil, fmt.Errorf("the rules and their lists have %d MB, and may have %d to be packed", b.Len()>>20, MaxBundle>>20)
	}
	return []byte(b.String()), nil
}

// long writes a text over several lines, as it is where that is possible.
func long(s string) string {
	odd := func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f }
	if !strings.Contains(s, "'''") && !strings.HasSuffix(s, "'") && !strings.ContainsFunc(s, odd) {
		return "'''\n" + s + "'''"
	}
	var b strings.Builder
	b.WriteString("\"\"\"\n")
	escape(&b, s, "\n\t")
	b.WriteString(`"""`)
	return b.String()
}

// IsBundle reports whether data is, or wants to be, what Pack writes.
func IsBundle(data []byte) bool {
	for line := range strings.Lines(string(data[:min(len(data), 4096)])) {
		key, _, assigns := strings.Cut(line, "=")
		if assigns && strings.TrimSpace(key) == "postel_rules" {
			return true
		}
	}
	return false
}

// Unpack reads what Pack wrote. Names that lead out of the folder, or come twice,
// are errors.
func Unpack(data []byte) ([]File, error) {
	var read struct {
		Version  int       `toml:"postel_rules"`
		Exported time.Time `toml:"exported"`
		Files    []File    `toml:"file"`
	}
	d := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := at.Position()
			return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
		return nil, err
	}
	if read.Version != version {
		return nil, fmt.Errorf("postel_rules = %d, and this Postel reads %d", read.Version, version)
	}
	seen := map[string]bool{}
	for _, f := range read.Files {
		switch {
		case !IsName(f.Name):
			return nil, fmt.Errorf("%.100q is no name of a file in the folder of the rules", f.Name)
		case seen[f.Name]:
			return nil, fmt.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
	}
	if len(read.Files) == 0 {
		return nil, errors.New("there are no files in it")
	}
	return read.Files, nil
}

// IsName reports whether a name is one of a file within the folder, and of none
// that is hidden.
func IsName(name string) bool {
	return fs.ValidPath(name) && name != "." && path.Clean(name) == name && len(name) <= 255 &&
		!strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == ':' }) &&
		!slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}
