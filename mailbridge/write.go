package mailbridge

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// writer writes a mail: CRLF line ends, header fields that nothing can be
// smuggled through, bodies in 7 bits.
type writer struct{ bytes.Buffer }

func newWriter() *writer {
	w := new(writer)
	w.Grow(2 << 10)
	return w
}

// field writes a header field. Control characters in the value become spaces,
// so a value is never more than one field; non-ASCII words are encoded (RFC
// 2047); long lines are folded (RFC 5322 §2.2.3).
func (w *writer) field(name, value string) {
	if !isASCII(value) {
		value = mime.BEncoding.Encode("utf-8", oneLine(value))
	}
	w.raw(name, value)
}

// raw writes a field whose value needs no encoding.
func (w *writer) raw(name, value string) {
	value = strings.Map(controlToSpace, value)
	const wide = 76
	w.WriteString(name + ":")
	col := len(name) + 1
	for word := range strings.SplitSeq(value, " ") {
		if col+1+len(word) > wide && col > len(name)+1 {
			w.WriteString("\r\n")
			col = 0
		}
		for len(word) > 900 { // RFC 5322 §2.1.1: no line over 998
			w.WriteString(" " + word[:900] + "\r\n")
			word, col = word[900:], 0
		}
		w.WriteString(" " + word)
		col += 1 + len(word)
	}
	w.WriteString("\r\n")
}

func controlToSpace(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// date writes a date-time field (RFC 5322 §3.3) in the time's own zone.
func (w *writer) date(name string, t time.Time) {
	w.raw(name, t.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
}

// ids writes a field of msg-ids; those that could not stand there are left out.
func (w *writer) ids(name string, ids ...string) {
	var list []string
	for _, id := range ids {
		if id = cleanID(id); id != "" {
			list = append(list, "<"+id+">")
		}
	}
	if list != nil {
		w.raw(name, strings.Join(list, " "))
	}
}

func (w *writer) line(s string) { w.WriteString(s + "\r\n") }

// text writes the MIME fields of a mail that is a text, the blank line and the text.
func (w *writer) text(s string) {
	w.line("MIME-Version: 1.0")
	w.textPart(s)
}

// textPart is text for a body part. The text is written as it is if it is ASCII of
// moderate lines, else in UTF-8 as quoted-printable, or as base64 where most of it
// is not Latin. It is not format=flowed (RFC 3676): the line ends are those that
// were typed on a phone, and clients wrap what is long by themselves.
func (w *writer) textPart(s string) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	foreign, plain := measure(s)
	charset := "utf-8"
	if foreign == 0 {
		charset = "us-ascii"
	}
	encoding := "quoted-printable"
	switch {
	case foreign == 0 && plain:
		encoding = "7bit"
	case foreign*2 > len(s):
		encoding = "base64"
	}
	w.line("Content-Type: text/plain; charset=" + charset)
	w.line("Content-Transfer-Encoding: " + encoding)
	w.line("")
	crlf := strings.ReplaceAll(s, "\n", "\r\n")
	switch encoding {
	case "7bit":
		w.WriteString(crlf)
	case "quoted-printable":
		qp := quotedprintable.NewWriter(w)
		_, _ = qp.Write([]byte(crlf)) // a bytes.Buffer takes everything
		_ = qp.Close()
	default:
		w.base64(crlf)
	}
}

func (w *writer) base64(s string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(s))
	for len(encoded) > 76 {
		w.line(encoded[:76])
		encoded = encoded[76:]
	}
	w.line(encoded)
}

// measure counts the octets that are not ASCII, and says whether the text can
// stand in a mail unencoded.
func measure(s string) (foreign int, plain bool) {
	plain = true
	col := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			foreign++
		case c == '\n':
			col = -1
		case c < ' ' && c != '\t', c == 0x7f:
			plain = false
		}
		if col++; col > 900 {
			plain = false
		}
	}
	return foreign, plain
}

// wrap breaks long lines between words. Texts are not wrapped: only what Postel
// says itself is.
func wrap(s string) string {
	const wide = 72
	var b strings.Builder
	col := 0
	for i, word := range strings.Split(s, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case col+1+n > wide && !strings.Contains(":;!?", word): // French has a space before them
			b.WriteByte('\n')
			col = 0
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
