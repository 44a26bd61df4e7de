package mailbridge

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds of what is looked at in a mail. What lies beyond them is read and
// forgotten.
const (
	// MaxText is the longest text that is taken from a mail, in octets. 128
	// parts, the most that a message may have, hold 19,584 characters.
	MaxText = 64 << 10

	maxHTML  = 512 << 10 // octets of a page that are looked at
	maxDepth = 16        // of multiparts in multiparts
	maxParts = 200       // of one mail
)

// Read reads a mail: its header, and the words in it. It takes any mail, however
// broken; the error is that of r alone. r is read to its end, so that a mail
// whose end never came is not taken for a whole one, but what follows the words
// costs neither memory nor much time.
func Read(r io.Reader) (Mail, error) {
	l := newLines(r)
	h := l.header()
	m := Mail{
		Subject: decodeWords(h.Get("Subject")),
		From:    author(h.Get("From")),
		Date:    dateOf(h.Get("Date")),
		Header:  h,
	}
	if ids := msgIDs(h.Get("Message-ID")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	m.InReplyTo, m.References = thread(h)
	m.Type, _ = mediaType(h.Get("Content-Type"))

	w := walker{lines: l}
	if found := w.entity(h, 0); !found.empty() {
		m.Body = bounded(ownWords(tidy(found.text), m.answers(), m.forwards()), MaxText)
	}
	if err := l.ioError(); err != nil {
		return Mail{}, fmt.Errorf("read mail: %w", err)
	}
	if _, err := io.Copy(io.Discard, l.r); err != nil {
		return Mail{}, fmt.Errorf("read mail: %w", err)
	}
	return m, nil
}

// bounded cuts a text to at most n octets, between characters.
func bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
