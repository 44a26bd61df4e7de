package icewarp

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// maxFile bounds a file, octets.
const maxFile = 16 << 20

var errTooLarge = errors.New("it is larger than 16 MB")

// readFile reads a file within bounds.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errTooLarge
	}
	return data, err
}

// decode makes text of what a Windows or Linux program wrote: UTF-8 with or
// without a byte order mark, UTF-16 with one, else Windows-1252, of which Latin-1
// is a part.
func decode(data []byte) string {
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		return strings.ToValidUTF8(string(rest), "\uFFFD")
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		if text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data); err == nil {
			return string(text)
		}
	}
	if utf8.Valid(data) {
		return string(data)
	}
	text, _ := charmap.Windows1252.NewDecoder().Bytes(data) // every octet has a meaning, if only U+FFFD
	return string(text)
}

// parseFile reads the lines of a file. Empty lines mean nothing.
func parseFile(file string, data []byte, known func(string) bool) (records []Record, problems []Problem) {
	text := strings.ReplaceAll(decode(data), "\r\n", "\n")
	n := 0
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		r, err := parseLine(line, known)
		if r.Place = (Place{file, n}); err != nil {
			problems = append(problems, Problem{r.Place, err.what, err.remedy})
			continue
		}
		records = append(records, r)
	}
	return records, problems
}
