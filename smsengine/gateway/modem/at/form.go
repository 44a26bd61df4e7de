package at

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// FormError is an answer that nobody expected.
type FormError struct {
	Name string // of the answer, "+CSQ"
	Line string // of it, printable and without long hexadecimal numbers; empty if there was none
}

func (e *FormError) Error() string {
	if e.Line == "" {
		return e.Name + ": no answer but a result"
	}
	return fmt.Sprintf("%s: cannot read %q", e.Name, e.Line)
}

func formError(name, line string) error {
	return &FormError{Name: name, Line: hideHex(printable(line))}
}

// named gives the fields of the line with a name. A line without any name does, too, where the modem leaves it out.
func (a Answer) named(name string) (line string, fields []Field) {
	line = a.Line(name)
	if n, fields := Fields(line); n != "" {
		return line, fields
	}
	return line, parameters(line)
}

// number reads the field at a place; -1 if it is not there or no number.
func number(fields []Field, at int) int {
	if at < 0 || at >= len(fields) {
		return -1
	}
	if n, ok := fields[at].Int(); ok {
		return n
	}
	return -1
}

// text gives the field at a place, "" if it is not there.
func text(fields []Field, at int) string {
	if at < 0 || at >= len(fields) {
		return ""
	}
	return fields[at].Text
}

// fromUCS2 reads a parameter in the character set "UCS2", hexadecimal code units, where it can be nothing else: whole
// units, of which the first has the high octet 0. Other texts stay.
func fromUCS2(s string) string {
	if len(s) < 4 || len(s)%4 != 0 || !strings.HasPrefix(s, "00") {
		return s
	}
	decoded, ok := decodeUCS2(s)
	if !ok || strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' || r == utf8.RuneError }) {
		return s
	}
	return decoded
}

func decodeUCS2(s string) (string, bool) {
	octets, err := hex.DecodeString(s)
	if err != nil || len(octets)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
	}
	return string(utf16.Decode(units)), true
}
