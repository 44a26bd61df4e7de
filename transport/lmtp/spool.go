package lmtp

import (
	"bytes"
	"io"
	"os"
)

// spool holds a mail that is read more than once: a small one in memory, a large
// one in a file that has no name.
type spool struct {
	small []byte
	large *os.File
	size  int64
}

// maxSmall is how much of a mail stays in memory, in octets.
const maxSmall = 256 << 10

// newSpool reads a mail to its end.
func newSpool(r io.Reader) (*spool, error) {
	small, err := io.ReadAll(io.LimitReader(r, maxSmall))
	if err != nil {
		return nil, err
	}
	s := &spool{small: small}
	if len(small) < maxSmall {
		return s, nil
	}
	f, err := os.CreateTemp("", "postel-")
	if err != nil {
		return nil, err
	}
	s.large = f
	if err = os.Remove(f.Name()); err == nil {
		s.size, err = io.Copy(f, r)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Reader reads the mail from its beginning.
func (s *spool) Reader() io.Reader {
	if s.large == nil {
		return bytes.NewReader(s.small)
	}
	return io.MultiReader(bytes.NewReader(s.small), io.NewSectionReader(s.large, 0, s.size))
}

// Close forgets the mail.
func (s *spool) Close() {
	if s.large != nil {
		_ = s.large.Close()
	}
}
