package mailbridge

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Older Outlooks wrap the words of a mail as compressed Rich Text and in no other
// form.

// rtfDictionary is what a compressed text can refer to from its beginning
// ([MS-OXRTFCP] §2.1.2.1).
const rtfDictionary = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor ` +
	"MS Sans SerifSymbolArialTimes New RomanCourier" + `{\colortbl\red0\green0\blue0` + "\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// inflateRTF undoes the compression ([MS-OXRTFCP] §2.2), up to limit octets. What
// is malformed ends it.
func inflateRTF(b []byte, limit int) []byte {
	const header, compressed, stored = 16, 0x75465a4c, 0x414c454d
	if len(b) < header {
		return nil
	}
	kind := binary.LittleEndian.Uint32(b[8:])
	b = b[header:]
	if kind == stored {
		return b[:min(len(b), limit)]
	}
	if kind != compressed {
		return nil
	}
	var window [4096]byte
	at := copy(window[:], rtfDictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % len(window)
	}
	for len(b) > 0 && len(out) < limit {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(b) > 0; bit++ {
			if control>>bit&1 == 0 {
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			reference := int(b[0])<<8 | int(b[1])
			b = b[2:]
			from := reference >> 4
			if from == at {
				return out // the end
			}
			for range reference&0xf + 2 {
				put(window[from])
				from = (from + 1) % len(window)
			}
		}
	}
	return out
}

// rtf is Rich Text being read.
type rtf struct {
	out     strings.Builder
	raw     []byte // octets of the code page, not yet decoded
	charset string
	groups  []rtfGroup
	rtfGroup
	skip int  // characters that stand for a \u before them
	half rune // the first half of a pair of UTF-16, 0 for none
}

// rtfGroup is what a group inherits from the one around it.
type rtfGroup struct {
	silent   bool // a destination that is no text
	fallback int  // how many characters follow a \u for programs that do not know it
}

// rtfText gives the words of Rich Text, and of HTML in it ([MS-OXRTFEX]).
func rtfText(source []byte) string {
	const deepest = 1000
	r := &rtf{rtfGroup: rtfGroup{fallback: 1}}
	s := string(source)
	for s != "" && r.out.Len() < MaxText {
		c := s[0]
		switch {
		case c == '{' && len(r.groups) < deepest:
			r.groups = append(r.groups, r.rtfGroup)
			s = s[1:]
		case c == '}' && len(r.groups) > 0:
			r.flush()
			r.rtfGroup, r.groups = r.groups[len(r.groups)-1], r.groups[:len(r.groups)-1]
			s = s[1:]
		case c == '\\' && len(s) > 1:
			s = r.control(s[1:])
		case c == '\r' || c == '\n' || c == '{' || c == '}':
			s = s[1:]
		default:
			r.octet(c)
			s = s[1:]
		}
	}
	r.flush()
	return r.out.String()
}

// control reads what follows a backslash, and gives the rest.
func (r *rtf) control(s string) string {
	if s[0] == '\'' {
		if len(s) > 2 {
			hi, ok1 := unhex(s[1])
			lo, ok2 := unhex(s[2])
			if ok1 && ok2 {
				r.octet(hi<<4 | lo)
				return s[3:]
			}
		}
		return s[1:]
	}
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	if n == 0 { // a control symbol
		switch s[0] {
		case '{', '}', '\\':
			r.octet(s[0])
		case '~':
			r.write(" ")
		case '*':
			r.silent = true
		}
		return s[1:]
	}
	word, rest := s[:n], s[n:]
	n = 0
	for n < len(rest) && n < 12 && (rest[n] >= '0' && rest[n] <= '9' || n == 0 && rest[n] == '-') {
		n++
	}
	number, _ := strconv.Atoi(rest[:n])
	r.word(word, number)
	return strings.TrimPrefix(rest[n:], " ")
}

func (r *rtf) word(word string, number int) {
	switch word {
	case "par", "line", "sect", "row":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "emdash":
		r.write("—")
	case "endash":
		r.write("–")
	case "lquote":
		r.write("‘")
	case "rquote":
		r.write("’")
	case "ldblquote":
		r.write("“")
	case "rdblquote":
		r.write("”")
	case "bullet":
		r.write("•")
	case "u":
		r.unicode(rune(uint16(number)))
	case "uc":
		r.fallback = min(max(number, 0), 10)
	case "ansicpg":
		r.charset = codePage(uint32(max(number, 0)))
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object":
		r.silent = true
	}
}

// octet takes a character in the code page.
func (r *rtf) octet(c byte) {
	if r.skip > 0 {
		r.skip--
		return
	}
	if !r.silent {
		r.raw = append(r.raw, c)
	}
}

// unicode takes a unit of UTF-16.
func (r *rtf) unicode(unit rune) {
	if r.silent {
		return
	}
	r.flush()
	r.skip = r.fallback
	switch whole := utf16.DecodeRune(r.half, unit); {
	case whole != utf8.RuneError:
		r.out.WriteRune(whole)
	case utf16.IsSurrogate(unit):
		r.half = unit
		return
	default:
		r.out.WriteRune(unit)
	}
	r.half = 0
}

func (r *rtf) write(s string) {
	if !r.silent {
		r.flush()
		r.out.WriteString(s)
	}
}

// flush decodes the octets that have come.
func (r *rtf) flush() {
	if len(r.raw) > 0 {
		r.out.WriteString(decodeText(r.raw, r.charset))
		r.raw = r.raw[:0]
	}
}
