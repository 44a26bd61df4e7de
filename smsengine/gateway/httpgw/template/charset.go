package template

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// Charset gives the encoding of a charset's name: one of IANA's, where
// ISO-8859-1 is itself, else a label of the WHATWG, "cp1252". UCS-2 is UTF-16 in
// network order without a mark, as on the air.
func Charset(name string) (encoding.Encoding, bool) {
	switch strings.ToLower(name) {
	case "ucs-2", "ucs2", "ucs-2be", "ucs2be", "iso-10646-ucs-2":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), true
	case "replacement", "x-user-defined": // the WHATWG's, which no text is written in
		return nil, false
	}
	for _, index := range []*ianaindex.Index{ianaindex.MIME, ianaindex.IANA} {
		if e, err := index.Encoding(name); err == nil && e != nil {
			return e, true
		}
	}
	e, err := htmlindex.Get(name)
	if err != nil || e == encoding.Replacement {
		return nil, false
	}
	return e, true
}
