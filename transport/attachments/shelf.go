// Package attachments serves files out of mails to phones: where an account has
// attachments = "link", the text bears an address for each, and this is who
// answers there.
//
// A [Shelf] keeps the files in a directory, one file each, under the digest of
// its token: whoever reads the directory's names, or a backup's list, can't make
// the addresses of them. A [Server] gives them out until their time is over.
package attachments

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Shelf keeps attachments. It is safe for concurrent use.
type Shelf struct {
	dir  string
	url  string
	life time.Duration
	max  int64
	now  func() time.Time
}

// label is the first line of a file; the attachment follows.
type label struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Expires time.Time `json:"expires"`
}

// Open makes the directory if it is missing. url is what addresses begin with,
// life how long they work, max the largest file in octets.
func Open(dir, url string, life time.Duration, max int64) (*Shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("attachments: %w", err)
	}
	if !strings.HasSuffix(url, "/") {
		url += "/"
	}
	return &Shelf{dir: dir, url: url, life: life, max: max, now: time.Now}, nil
}

// Batch is what a mail puts on the shelf.
type Batch struct {
	shelf *Shelf
	paths []string
}

// Begin begins a batch. What is put on it is served at once; whoever called
// Begin calls Close.
func (s *Shelf) Begin() *Batch { return &Batch{shelf: s} }

// Put stores an attachment, durably, and gives its address; "" if it is too
// large. content is read to its end.
func (b *Batch) Put(name, mediaType string, content io.Reader) (url string, err error) {
	s := b.shelf
	token := strings.ToLower(rand.Text())
	f, err := os.CreateTemp(s.dir, temporary+"*")
	if err != nil {
		return "", fmt.Errorf("attachments: %w", err)
	}
	defer func() {
		f.Close()
		if url == "" {
			os.Remove(f.Name())
		}
	}()
	large, err := s.write(f, label{name, mediaType, s.now().Add(s.life).UTC().Truncate(time.Second)}, content)
	if err != nil || large {
		return "", err
	}
	path := s.path(token)
	if err := os.Rename(f.Name(), path); err != nil {
		return "", fmt.Errorf("attachments: %w", err)
	}
	b.paths = append(b.paths, path)
	if err := s.sync(); err != nil {
		return "", err
	}
	return s.url + token, nil
}

// temporary begins the names of files that are being written.
const temporary = "new-"

func (s *Shelf) write(f *os.File, l label, content io.Reader) (large bool, err error) {
	w := bufio.NewWriterSize(f, 64<<10)
	if err := json.NewEncoder(w).Encode(l); err != nil {
		return false, fmt.Errorf("attachments: %w", err)
	}
	n, err := io.Copy(w, io.LimitReader(content, s.max+1))
	if err == nil && n > s.max {
		_, err = io.Copy(io.Discard, content)
		return true, err
	}
	if err = errors.Join(err, w.Flush()); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return false, fmt.Errorf("attachments: %w", err)
	}
	return false, nil
}

// sync makes the directory's entries durable.
func (s *Shelf) sync() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	return nil
}

// Close ends the batch. Unless its addresses went out, its files go.
func (b *Batch) Close(keep bool) {
	if !keep {
		for _, path := range b.paths {
			os.Remove(path)
		}
	}
	b.paths = nil
}

func (s *Shelf) path(token string) string {
	sum := sha256.Sum256([]byte(token))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16]))
}

// open gives the attachment of a token; fs.ErrNotExist if there is none, or its
// time is over.
func (s *Shelf) open(token string) (*os.File, label, int64, error) {
	f, err := os.Open(s.path(token))
	if err != nil {
		return nil, label{}, 0, err
	}
	l, size, err := readLabel(f)
	if err == nil && !s.now().Before(l.Expires) {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, label{}, 0, err
	}
	return f, l, size, nil
}

// readLabel gives the label and how long it is.
func readLabel(f *os.File) (l label, size int64, err error) {
	line, err := bufio.NewReaderSize(f, 8<<10).ReadSlice('\n')
	if err == nil {
		err = json.Unmarshal(line, &l)
	}
	return l, int64(len(line)), err
}

// Sweep removes files whose time is over, and what a crash left half written.
func (s *Shelf) Sweep() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if s.outdated(e) {
			if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Shelf) outdated(e fs.DirEntry) bool {
	if strings.HasPrefix(e.Name(), temporary) {
		info, err := e.Info()
		return err == nil && s.now().Sub(info.ModTime()) > time.Hour
	}
	f, err := os.Open(filepath.Join(s.dir, e.Name()))
	if err != nil {
		return false
	}
	defer f.Close()
	l, _, err := readLabel(f)
	return err == nil && !s.now().Before(l.Expires)
}
