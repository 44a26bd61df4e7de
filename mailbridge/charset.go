package mailbridge

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// decodeText makes UTF-8 of text in the charset that its label names. A label
// that is unknown, or that the octets show to be a lie, gives way to a guess.
func decodeText(b []byte, label string) string {
	enc := encodingOf(label)
	if enc == nil || surelyUTF8(b) {
		return guess(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b)
	}
	return string(bytes.ToValidUTF8(out, []byte("\uFFFD")))
}

// surelyUTF8 reports whether the text is UTF-8 whatever its label says: three
// characters beyond ASCII that are well formed do not come about by chance.
func surelyUTF8(b []byte) bool {
	beyond := 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return false
		}
		beyond++
		i += n
	}
	return beyond >= 3
}

// encodingOf gives nil for UTF-8 and for what must be guessed: unknown labels,
// and those that programs write without looking (Latin-1, US-ASCII). Text in
// Latin-1 is practically never valid UTF-8, so guessing is safe there.
func encodingOf(label string) encoding.Encoding {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return nil
	}
	// The tables of the web first: they know gb2312 as the GBK that is really
	// written. What they declare unsafe for browsers is fine as mail.
	if enc, err := htmlindex.Get(label); err == nil && enc != encoding.Replacement && enc != unicode.UTF8 {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil && enc != unicode.UTF8 {
		return enc
	}
	return nil
}

// guess takes text for UTF-8 if it is, or mostly is; otherwise for windows-1252,
// which contains Latin-1.
func guess(b []byte) string {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		utf16 := unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
		if out, err := utf16.NewDecoder().Bytes(b); err == nil {
			return string(out)
		}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if utf8.Valid(b) {
		return string(b)
	}
	good, bad := 0, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		i += n
	}
	if good > bad {
		return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	}
	return string(out)
}

// decodeHTML also heeds what the page says about itself, if the mail does not.
func decodeHTML(b []byte, label string) string {
	if label == "" && !utf8.Valid(b) {
		enc, _, _ := charset.DetermineEncoding(b, "")
		if out, err := enc.NewDecoder().Bytes(b); err == nil {
			return string(out)
		}
	}
	return decodeText(b, label)
}

// charsetReader serves the decoder of encoded words; it never refuses.
func charsetReader(label string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	return strings.NewReader(decodeText(b, label)), err
}
