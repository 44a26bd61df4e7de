package mailbridge

import (
	"bytes"
	"io"
	"strings"
	"unicode"

	"github.com/postel-mail/postel/smsengine"
)

// maxName bounds the name of a file, in octets.
const maxName = 200

// attach takes in a part that is a file.
func (w *walker) attach(p part) {
	w.keep(p.name, p.kind, &content{l: w.lines, t: newTransfer(p.encoding)})
}

// attachMail takes in a mail in a mail. It is called by its subject.
func (w *walker) attachMail(p part) {
	c := &content{l: w.lines, t: newTransfer(p.encoding)}
	name := p.name
	var head bytes.Buffer
	if name == "" {
		subject := newLines(io.TeeReader(io.LimitReader(c, maxHeader), &head)).header().Get("Subject")
		if name = fileName(decodeWords(subject)); name != "" {
			name = bounded(name, maxName-len(".eml")) + ".eml"
		}
	}
	w.keep(name, p.kind, io.MultiReader(&head, c))
}

// attachUU takes in a file that stands in the text, as programs of old wrote it
// (POSIX uuencode). Its first line was read.
func (w *walker) attachUU(name string) {
	t := newTransfer("x-uuencode")
	t.inside = true
	w.keep(fileName(name), "application/octet-stream", &content{l: w.lines, t: t})
}

// keep puts a file on the shelf and into the list. Files without name and content are
// not listed.
func (w *walker) keep(name, kind string, content io.Reader) {
	if len(w.files) == maxFiles || w.err != nil {
		return
	}
	in := &counted{r: content}
	var url string
	var err error
	if w.shelf != nil {
		url, err = w.shelf.Put(name, kind, in)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	if err != nil {
		w.err = err
		return
	}
	if name != "" || in.n > 0 {
		w.files = append(w.files, smsengine.Attachment{Name: name, Type: kind, Size: in.n, URL: url})
	}
}

// content is the decoded content of a part, while it comes.
type content struct {
	l    *lines
	t    *transfer
	buf  []byte
	rest []byte
	end  []byte // the line end of the last line: before a boundary it belongs to that (RFC 2046 §5.1.1)
}

// Read gives io.EOF at the boundary, and the reader's own error where the mail
// broke off.
func (c *content) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.t.over {
			return 0, io.EOF
		}
		line, ok := c.l.next()
		if ok {
			c.buf = c.t.decode(c.t, append(c.buf[:0], c.end...), line)
			c.rest, c.end = withoutEnd(c.buf, c.t)
			continue
		}
		if err := c.l.ioError(); err != nil {
			return 0, err
		}
		if c.l.hit >= 0 || len(c.end) == 0 {
			return 0, io.EOF
		}
		c.rest, c.end = c.end, nil
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// withoutEnd cuts the line end off what was decoded from a line.
func withoutEnd(b []byte, t *transfer) (text, end []byte) {
	if !t.lines {
		return b, nil
	}
	n := len(b)
	switch {
	case bytes.HasSuffix(b, []byte("\r\n")):
		n -= 2
	case bytes.HasSuffix(b, []byte("\n")):
		n--
	}
	return b[:n], crlf[2-(len(b)-n):]
}

var crlf = []byte("\r\n")

// fileName makes the name that a mail gives to a file fit for people: without
// the path, decoded, on one line, and bounded.
func fileName(s string) string {
	s = decodeWords(s)
	s = s[strings.LastIndexByte(s, '\\')+1:]
	s = s[strings.LastIndexByte(s, '/')+1:]
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) || visible(r) < 0 {
			return -1 // "invoice\u202efdp.exe" shows as invoiceexe.pdf
		}
		return r
	}, s))
	if s == "." || s == ".." {
		return ""
	}
	if len(s) > maxName { // what it is stands at the end
		end := s[max(strings.LastIndexByte(s, '.'), 0):]
		if len(end) > 16 {
			end = ""
		}
		s = bounded(s, maxName-len(end)) + end
	}
	return s
}
