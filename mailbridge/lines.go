package mailbridge

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxLine is the longest line that is looked at in one piece, in octets. RFC
// 5322 §2.1.1 allows 998; what is longer comes in several pieces.
const maxLine = 64 << 10

// lines reads a mail line by line and stops at the boundaries of the multiparts
// around the cursor (RFC 2046 §5.1.1). An inner multipart that was never closed
// ends where an outer one goes on.
type lines struct {
	r     *bufio.Reader
	marks [][]byte // "--boundary", outermost first
	hit   int      // index of the mark that was reached, -1: none
	last  bool     // that mark closes its multipart
	line  []byte
	long  []byte // room for a line longer than the reader's buffer
	held  bool   // line was given back
	inner bool   // the cursor is inside a line that was too long
	err   error
}

func newLines(r io.Reader) *lines {
	l := &lines{r: bufio.NewReaderSize(r, 8<<10), hit: -1}
	if start, _ := l.r.Peek(512); bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0 {
		l.r = bufio.NewReaderSize(&bareCR{r: l.r}, 8<<10)
	}
	return l
}

// bareCR makes line ends of the lone CRs that programs of old end lines with.
type bareCR struct{ r io.Reader }

func (b *bareCR) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	for i := range p[:n] {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// peek gives the next line without its end, if it is short. The current line is
// no longer valid.
func (l *lines) peek() []byte {
	if l.held || l.inner {
		return nil
	}
	start, _ := l.r.Peek(min(128, l.r.Size()))
	line, _, ok := bytes.Cut(start, []byte("\n"))
	if !ok {
		return nil
	}
	return bytes.TrimSuffix(line, []byte("\r"))
}

// comes reports whether the next line begins with the prefix, in any case. The
// current line is no longer valid.
func (l *lines) comes(prefix string) bool {
	if l.held || l.inner {
		return false
	}
	start, _ := l.r.Peek(len(prefix))
	return strings.EqualFold(string(start), prefix)
}

// next gives the next line with its line ending; false at a boundary or the
// end. The line is valid until the following call.
func (l *lines) next() ([]byte, bool) {
	if l.held {
		l.held = false
		return l.line, true
	}
	if l.hit >= 0 || l.err != nil {
		return nil, false
	}
	start := !l.inner
	l.read()
	if len(l.line) == 0 {
		return nil, false
	}
	if start && l.boundary(l.line) {
		return nil, false
	}
	return l.line, true
}

// back gives the last line back: next will return it again.
func (l *lines) back() { l.held = true }

// skip goes on to the next boundary, or the end.
func (l *lines) skip() {
	for ok := true; ok; {
		_, ok = l.next()
	}
}

func (l *lines) read() {
	piece, err := l.r.ReadSlice('\n')
	l.line = piece
	if err == bufio.ErrBufferFull {
		l.long = append(l.long[:0], piece...)
		for err == bufio.ErrBufferFull && len(l.long) < maxLine {
			piece, err = l.r.ReadSlice('\n')
			l.long = append(l.long, piece...)
		}
		l.line = l.long
	}
	l.inner = err == bufio.ErrBufferFull
	if err != bufio.ErrBufferFull {
		l.err = err
	}
}

func (l *lines) boundary(line []byte) bool {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' {
		return false
	}
	for i := len(l.marks) - 1; i >= 0; i-- {
		rest, ok := bytes.CutPrefix(line, l.marks[i])
		if !ok {
			continue
		}
		rest = bytes.TrimRight(rest, " \t\r\n")
		if len(rest) == 0 || bytes.Equal(rest, []byte("--")) {
			l.hit, l.last = i, len(rest) > 0
			return true
		}
	}
	return false
}

// ioError is what the reader failed with; nil at the end of the mail.
func (l *lines) ioError() error {
	if errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}
