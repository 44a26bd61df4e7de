package tpdu

import (
	"encoding/hex"
	"strings"
)

// Line is what a modem gives and takes in PDU mode.
type Line struct {
	Service Address // the service centre; the zero value: not told, or the one that the modem knows
	TPDU    TPDU
	Flaws   []*Error // what was passed over; their octets count from the beginning of the line
}

// maxLine is more octets than any PDU has, with the padding of a SIM record.
const maxLine = 512

const fieldLine = "PDU"

// maxService is how many octets a service centre's address has at most: its type and 20 digits.
const maxService = 1 + maxDigits/2

// ParseLine reads the hexadecimal digits of a PDU. length is what the modem said before it: the octets of the TPDU
// without the service centre's address, or -1 if it did not say. Some modems leave the address out: the length tells,
// or where there is none, which reading makes sense. Digits in small letters, quotes, spaces and a digit too many at
// the end are passed over; what is no digit is an *Error, as is a TPDU that cannot be read.
func ParseLine(digits string, length int, d Direction) (Line, error) {
	b, flaws, err := unhex(digits)
	if err != nil {
		return Line{}, err
	}
	l, err := parse(b, true, length, d)
	if err != nil || len(l.Flaws) > 0 {
		other, otherErr := parse(b, false, length, d)
		if otherErr == nil && (len(b) == length && (err != nil || len(other.Flaws) < len(l.Flaws)) || length < 0 && other.certain()) {
			l, err = other, nil
		}
	}
	l.Flaws = append(flaws, l.Flaws...)
	return l, err
}

// ParseTPDU reads the hexadecimal digits of a TPDU that has no service centre in front, as ParseLine reads a line.
func ParseTPDU(digits string, d Direction) (Line, error) {
	b, flaws, err := unhex(digits)
	if err != nil {
		return Line{}, err
	}
	t, more, err := Decode(b, d)
	return Line{TPDU: t, Flaws: append(flaws, more...)}, err
}

// certain reports whether a reading is to be believed where another one is possible: nothing in it is wrong, and it is
// of more than a few octets, which always mean something.
func (l Line) certain() bool {
	switch l.TPDU.(type) {
	case *Deliver, *Submit, *StatusReport:
		return len(l.Flaws) == 0
	}
	return false
}

func parse(b []byte, service bool, length int, d Direction) (Line, error) {
	var l Line
	r := &reader{octets: b}
	if service {
		l.Service = r.service()
		if own := r.at - 1; own > maxService || own > 0 && l.Service.TOA&toaExtension == 0 {
			r.flaw(fieldService, "no address")
		}
		if r.err != nil {
			return Line{}, r.err
		}
	}
	begin := r.at
	r.at = 0
	if got := len(b) - begin; length >= 0 && got != length {
		r.flaw(fieldLine, "%d octets, where the modem says %d", got, length)
	}
	t, flaws, err := Decode(b[begin:], d)
	for _, f := range flaws {
		f.Octet += begin
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // Decode wraps nothing
		e.Octet += begin
	}
	l.TPDU, l.Flaws = t, append(r.flaws, flaws...)
	if err != nil {
		return Line{Service: l.Service, Flaws: l.Flaws}, err
	}
	return l, nil
}

// unhex reads hexadecimal digits.
func unhex(text string) ([]byte, []*Error, error) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '"' || r == 0 {
			return -1
		}
		return r
	}, text)
	if len(text) > 2*maxLine {
		return nil, nil, &Error{Field: fieldLine, Octet: maxLine, Problem: "too long"}
	}
	var flaws []*Error
	if len(text)%2 != 0 {
		text = text[:len(text)-1]
		flaws = []*Error{{Field: fieldLine, Octet: len(text) / 2, Problem: "half an octet at the end"}}
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, flaws, &Error{Field: fieldLine, Octet: len(b), Problem: "not hexadecimal"}
	}
	return b, flaws, nil
}

// FormatLine gives the digits for the prompt of AT+CMGS, and the length that its command line names: the octets of the
// TPDU alone (3GPP TS 27.005 §4.3).
func FormatLine(service Address, t TPDU) (digits string, length int, err error) {
	b, err := service.appendService(nil)
	if err != nil {
		return "", 0, err
	}
	octets, err := t.Encode()
	if err != nil {
		return "", 0, err
	}
	return strings.ToUpper(hex.EncodeToString(append(b, octets...))), len(octets), nil
}
