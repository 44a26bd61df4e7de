package mailbridge

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decodeText makes UTF-8 of text in the charset that its label names. A label
// that is unknown, or that the octets show to be a lie, gives way to a guess.
func decodeText(b []byte, label string) string {
	label = charsetName(label)
	if label == "utf-7" && !surelyUTF8(b) {
		return decodeUTF7(b)
	}
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

// charsetName gives a label as the tables know it: lower case, one spelling of
// the many that are in use.
func charsetName(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if i := strings.IndexAny(label, " \t;,("); i >= 0 {
		label = label[:i]
	}
	if name, ok := charsetAliases[label]; ok {
		return name
	}
	digits := strings.TrimLeft(strings.TrimPrefix(label, "x-"), "abcdefghijklmnopqrstuvwxyz_-")
	if digits == "" {
		return label
	}
	switch letters := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(label, "x-"), digits), "-_"); letters {
	case "cp", "ibm", "windows", "win", "ms", "codepage":
		if strings.HasPrefix(digits, "125") {
			return "windows-" + digits
		}
		if name, ok := charsetAliases["cp"+digits]; ok {
			return name
		}
		return "ibm" + digits
	case "", "iso", "iso8859", "iso-8859", "iso_8859", "latin":
		if part, ok := strings.CutPrefix(strings.ReplaceAll(digits, "_", "-"), "8859-"); ok {
			return "iso-8859-" + part
		}
	}
	return label
}

// charsetAliases are names that the tables do not know, of charsets that they
// do. "" is for those that say nothing.
var charsetAliases = map[string]string{
	"ansi": "", "default": "", "none": "", "binary": "", "8bit": "", "7bit": "", "unknown": "",
	"unknown-8bit": "", "x-unknown": "", "x-user-defined": "", "_autodetect": "", "charset": "",
	"ansi_x3.4-1968": "", "ansi_x3.4-1986": "", "us": "", "iso646-us": "", "646": "", "7-bit": "", "us-ascii": "", "ascii": "",
	"utf8": "utf-8", "utf_8": "utf-8", "utf-8mb4": "utf-8", "utf8mb4": "utf-8", "cp65001": "utf-8", "x-utf-8": "utf-8", "unicode-1-1-utf-8": "utf-8",
	"utf7": "utf-7", "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7", "cp65000": "utf-7",
	"utf16": "utf-16", "ucs-2": "utf-16", "ucs2": "utf-16", "iso-10646-ucs-2": "utf-16", "unicode": "utf-16",
	"utf16le": "utf-16le", "utf16be": "utf-16be",
	"cp932": "shift_jis", "cp943": "shift_jis", "windows-31j": "shift_jis", "ms_kanji": "shift_jis", "sjis": "shift_jis",
	"cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp50222": "iso-2022-jp", "iso-2022-jp-1": "iso-2022-jp",
	"iso-2022-jp-2": "iso-2022-jp", "iso-2022-jp-3": "iso-2022-jp", "iso-2022-jp-ms": "iso-2022-jp",
	"cp51932": "euc-jp", "eucjp": "euc-jp", "x-euc": "euc-jp",
	"cp936": "gbk", "hz-gb-2312": "hz-gb-2312", "hz": "hz-gb-2312", "cp54936": "gb18030", "gb18030-2000": "gb18030",
	"cp949": "euc-kr", "uhc": "euc-kr", "ks_c_5601": "euc-kr", "ksc5601": "euc-kr", "euckr": "euc-kr",
	"cp950": "big5", "big5hkscs": "big5", "cp874": "windows-874", "tis620": "windows-874",
	"koi8": "koi8-r", "koi8-ru": "koi8-u", "cp866": "ibm866", "cp878": "koi8-r", "cp21866": "koi8-u",
	"cp10000": "macintosh", "mac-roman": "macintosh", "macroman": "macintosh", "x-macroman": "macintosh",
}

// encodingOf gives nil for UTF-8 and for what must be guessed: unknown labels,
// and those that programs write without looking (Latin-1, US-ASCII). Text in
// Latin-1 is practically never valid UTF-8, so guessing is safe there. label is
// as charsetName gives it.
func encodingOf(label string) encoding.Encoding {
	switch label {
	case "", "utf-8", "iso-8859-1", "latin1", "windows-1252":
		return nil
	case "hz-gb-2312": // the tables of the web refuse it
		return simplifiedchinese.HZGB2312
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-32", "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	}
	// The tables of the web first: they know gb2312 as the GBK that is really
	// written. What they declare unsafe for browsers is fine as mail.
	if enc, err := htmlindex.Get(label); err == nil && enc != encoding.Replacement && enc != unicode.UTF8 {
		return enc
	}
	for _, index := range []*ianaindex.Index{ianaindex.MIME, ianaindex.IANA} {
		if enc, err := index.Encoding(label); err == nil && enc != nil && enc != unicode.UTF8 {
			return enc
		}
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
	if bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@")) { // nothing else has these escapes
		if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
			return string(out)
		}
	}
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
	if charsetName(label) == "" && !utf8.Valid(b) {
		enc, _, _ := charset.DetermineEncoding(b, "")
		if out, err := enc.NewDecoder().Bytes(b); err == nil {
			return string(out)
		}
	}
	return decodeText(b, label)
}
