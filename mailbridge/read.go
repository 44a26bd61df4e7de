package mailbridge

import (
	"cmp"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/postel-mail/postel/mailbridge/quote"
	"github.com/postel-mail/postel/smsengine"
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
	maxFiles = 100       // attachments that are told of
)

// Reader reads mails. The zero Reader keeps of attachments what they are called,
// and how large they are.
type Reader struct {
	Disclaimers []string // how the site's own footers begin
	Shelf       Shelf    // where attachments are kept, nil for nowhere
}

// Shelf keeps the files that come with mails.
type Shelf interface {
	// Put stores a file, and says where whoever gets the text can fetch it; ""
	// if the shelf does not take it. content comes while the mail is read, and
	// its error, that the mail broke off, is to be returned as it is. Any other
	// error is a temporary failure of the whole mail.
	Put(name, mediaType string, content io.Reader) (url string, err error)
}

// Read reads a mail and keeps none of its attachments; see [Reader.Read].
func Read(r io.Reader) (Mail, error) { return Reader{}.Read(r) }

// Read reads a mail: its header, the words in it, and what its attachments are.
// It takes any mail, however broken; the error is that of r, or a temporary one
// of the shelf. r is read to its end, so that a mail whose end never came is not
// taken for a whole one, but what is not words passes through, and is never in
// memory as a whole.
func (rd Reader) Read(r io.Reader) (Mail, error) {
	in := &counted{r: r}
	l := newLines(in)
	h := l.header()
	m := factsOf(h)

	w := walker{lines: l, shelf: rd.Shelf}
	found := w.entity(h, "", 0)
	if !found.empty() {
		text := bounded(tidy(found.text), MaxText)
		m.Passages = quote.Passages(text, quote.Options{
			Answers:  m.InReplyTo != "" || quote.Answers(m.Subject),
			Forwards: quote.Forwards(m.Subject), Disclaimers: rd.Disclaimers,
		})
		m.Body = quote.Own(m.Passages)
	} else if w.encrypted {
		m.Why = "the mail is encrypted"
	}
	m.Attachments, m.traits = w.files, w.traits
	if err := l.ioError(); err != nil {
		return Mail{}, fmt.Errorf("read mail: %w", err)
	}
	if _, err := io.Copy(io.Discard, l.r); err != nil {
		return Mail{}, fmt.Errorf("read mail: %w", err)
	}
	if w.err != nil {
		return Mail{}, smsengine.Fail("read mail", smsengine.Temporary, "4.3.1",
			"the attachments cannot be kept now, try again later", w.err)
	}
	m.Size = in.n
	return m, nil
}

// factsOf gives what the header alone tells of a mail.
func factsOf(h Header) Mail {
	m := Mail{
		Subject:  decodeWords(h.Get("Subject")),
		Date:     dateOf(h.Get("Date")),
		Language: cmp.Or(primarySubtag(h.Get("Content-Language")), primarySubtag(h.Get("Accept-Language"))),
		Header:   h,
	}
	m.Name, m.From = authorOf(h.Get("From"))
	if ids := msgIDs(h.Get("Message-ID")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	m.InReplyTo, m.References = thread(h)
	m.Type, _ = mediaType(h.Get("Content-Type"))
	return m
}

// counted counts what is read through it.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
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
