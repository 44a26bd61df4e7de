// Package sms turns a text into the parts that go over the air, and parts back into a text.
//
// A text travels in the GSM 7 bit default alphabet (3GPP TS 23.038 §6.2.1) if that has all its characters, else in
// UCS-2. One part holds 160 septets, 70 UTF-16 code units or 140 octets; a part of several gives some of that to the
// header that joins them (3GPP TS 23.040 §9.2.3.24.1). Measure says what a text will cost, SplitText cuts it, Join puts
// received parts together; Septets and Text are what goes over the air.
//
// Two things keep a text out of UCS-2, which more than doubles its parts, where Options allow them: the tables of a
// language (Language, 3GPP TS 23.038 Annex A), which its header names in three octets each, and near characters for
// those that the alphabet lacks, such as ' for ’.
//
// Parts are filled to the last unit; where they are put together again nobody sees the seam. What must not be torn is
// not: an escape pair, a surrogate pair, and a grapheme cluster (an emoji with its modifiers, a letter with its
// accents) unless it is longer than a whole part. A text that is cut short, on the other hand, ends at a word and an
// ellipsis.
//
// Cause and the functions that give one say what the network's codes mean.
//
// Everything here is pure. Line ends are LF: CR LF and CR become LF, and what is not UTF-8 becomes U+FFFD.
package sms

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Alphabet is how the user data of a part is coded (3GPP TS 23.038 §4).
type Alphabet uint8

// The alphabets, with what their units are.
const (
	GSM7   Alphabet = iota // septets of the default alphabet; a character of its extension takes two
	UCS2                   // UTF-16 code units
	Binary                 // octets
)

// String gives gsm7, ucs2 or binary.
func (a Alphabet) String() string {
	switch a {
	case GSM7:
		return "gsm7"
	case UCS2:
		return "ucs2"
	}
	return "binary"
}

// MarshalText gives what String gives.
func (a Alphabet) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// MaxParts is the highest number of parts that a concatenation header can count.
const MaxParts = 255

// Size is what a text takes.
type Size struct {
	Alphabet Alphabet
	Units    int      // septets, UTF-16 code units or octets, headers not counted
	Parts    int      // at least 1: an empty text is one empty part
	Language Language // whose tables it uses in GSM7, if not the default alphabet alone
	Shift    Shift    // which of them
}

// Options say how to split.
type Options struct {
	MaxParts int    // 1 to 255; 0 means 255
	Ref      uint16 // joins the parts of one message; the low 8 bits count unless Ref16
	Ref16    bool   // 16-bit references, which repeat less often but cost one or two characters a part
	Cut      bool   // cut a text that is too long at a word, with an ellipsis, instead of refusing it

	// Languages whose tables a text may use where the default alphabet costs more. A phone that does not know them
	// shows wrong letters.
	Languages []Language
	// Transliterate puts near characters for those that the alphabet lacks, if the text can then travel in GSM 7 bit
	// and costs no more parts for it. A text that needs UCS-2 all the same stays as it is written.
	Transliterate bool
}

func (o Options) max() int {
	if o.MaxParts < 1 || o.MaxParts > MaxParts {
		return MaxParts
	}
	return o.MaxParts
}

// Split is a text or data in parts.
type Split struct {
	Alphabet  Alphabet
	Language  Language // as in Size
	Shift     Shift
	Units     int
	Parts     []Part // in order, at least one
	Truncated bool   // the text was cut short
	Whole     int    // how many parts it would have had, if it was cut short; else 0
}

// Part is one SMS on the air.
type Part struct {
	Text string // what it says; empty in binary
	Data []byte // what it carries in binary, the header not included
	UDH  []byte // user data header as on the air, its length octet first; nil if none
}

// TooLongError is what Cut would have prevented.
type TooLongError struct{ Parts, Max int }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the text needs %d parts and may have %d", e.Parts, e.Max)
}

// ErrHeader is a user data header that is malformed, or that leaves no room.
var ErrHeader = errors.New("malformed user data header")

// Measure says what a text takes with 8-bit references, in the default alphabet or UCS-2. It agrees with SplitText.
func Measure(text string) Size { return MeasureWith(text, Options{}) }

// MeasureWith says what SplitText with the same options makes of a text, however many parts it has.
func MeasureWith(text string, o Options) Size { return o.choose(Normalize(text)).size() }

// Cut gives what MeasureWith gives and the texts of the parts, however many there are.
func Cut(text string, o Options) (Size, []string) {
	f := o.choose(Normalize(text))
	return f.size(), f.cut(o.Ref16)
}

// Normalize makes all line ends LF and the text UTF-8, as it will be read on the phone. Parts joined give this text.
// Accents stay as they are written, composed or not: composing them is left to Options.Transliterate.
func Normalize(text string) string {
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return text
}
