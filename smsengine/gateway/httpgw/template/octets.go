package template

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// octets are what a variable stands for, on their way through its attributes.
type octets struct {
	of     []byte
	binary bool // no text
	// form is how binary octets are written unless an attribute says it: base64
	// for data and headers, hexadecimal for what ;unicode made.
	form form
}

type form uint8

const (
	raw form = iota
	inHex
	inB64
)

// written gives the octets as they are written.
func (o octets) written() string {
	switch o.form {
	case inHex:
		return strings.ToUpper(hex.EncodeToString(o.of))
	case inB64:
		return base64.StdEncoding.EncodeToString(o.of)
	}
	return string(o.of)
}

// apply gives what a step makes of the octets, or says why it cannot. What is
// empty stays so. Charsets and ;unicode are for text, and leave others alone.
func (s step) apply(o octets) (octets, string) {
	if len(o.of) == 0 {
		return o, ""
	}
	switch s.kind {
	case stepUCS2:
		if o.binary {
			return o, ""
		}
		ucs2, _ := Charset("ucs-2")
		o.of, _ = ucs2.NewEncoder().Bytes(o.of)
		return octets{o.of, true, inHex}, ""
	case stepCharset:
		if o.binary {
			return o, ""
		}
		of, err := s.charset.NewEncoder().Bytes(o.of)
		if err != nil {
			return o, "the text has characters that " + s.charsetName + " lacks"
		}
		return octets{of, true, raw}, ""
	case stepHex:
		return octets{of: []byte(octets{of: o.of, form: inHex}.written())}, ""
	case stepB64:
		return octets{of: []byte(octets{of: o.of, form: inB64}.written())}, ""
	case stepLen:
		if len(o.of) > 255 {
			return o, "it has more than 255 octets, which ;len cannot count"
		}
		return octets{append([]byte{byte(len(o.of))}, o.of...), true, o.form}, ""
	case stepRaw:
		o.form = raw
	case stepInterprefix:
		if rest, ok := strings.CutPrefix(string(o.of), "+"); ok {
			o.of = []byte(s.prefix + rest)
		}
	}
	return o, ""
}
