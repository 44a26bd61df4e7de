package modem

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/warthog618/sms/encoding/gsm7"
)

// alphabet is how user data are coded (TS 23.038 §4).
type alphabet int

const (
	sevenBit alphabet = iota
	eightBit
	ucs2
)

// alphabetOf reads a TP-DCS. Reserved groups are the default alphabet.
func alphabetOf(dcs byte) alphabet {
	switch {
	case dcs&0xC0 == 0x00, dcs&0xC0 == 0x40: // general, and marked for deletion
		return [...]alphabet{sevenBit, eightBit, ucs2, sevenBit}[dcs>>2&3]
	case dcs&0xF0 == 0xE0: // waiting indication, stored
		return ucs2
	case dcs&0xF4 == 0xF4:
		return eightBit
	}
	return sevenBit
}

// The library makes each of its tables when it is first asked for, without a lock:
// modems of tests that run beside each other would race.
func init() {
	_, _ = toSeptets("{")
	for language := range 14 { // the national language identifiers (TS 23.038 §6.2.1.2.4)
		fromSeptets([]byte{0}, language, language)
	}
}

// toSeptets writes a text in the default alphabet, if it can be.
func toSeptets(text string) ([]byte, bool) {
	b, err := gsm7.Encode([]byte(text))
	return b, err == nil
}

// fromSeptets reads a text with national tables, or without them (0).
func fromSeptets(septets []byte, locking, shift int) string {
	var options []gsm7.DecoderOption
	if locking != 0 {
		options = append(options, gsm7.WithCharset(locking))
	}
	if shift != 0 {
		options = append(options, gsm7.WithExtCharset(shift))
	}
	b, _ := gsm7.Decode(septets, options...)
	return string(b)
}

// pack puts septets into octets, behind some bits of fill (TS 23.038 §6.1.2.1).
func pack(septets []byte, fill int) []byte {
	out := make([]byte, (len(septets)*7+fill+7)/8)
	for i, s := range septets {
		bit := i*7 + fill
		both := uint16(s&0x7F) << (bit % 8)
		out[bit/8] |= byte(both)
		if both > 0xFF {
			out[bit/8+1] |= byte(both >> 8)
		}
	}
	return out
}

// unpack gives n septets, or as many as there are.
func unpack(octets []byte, n, fill int) []byte {
	out := make([]byte, 0, n)
	for i := range n {
		bit := i*7 + fill
		if bit+7 > len(octets)*8 {
			break
		}
		both := uint16(octets[bit/8])
		if bit/8+1 < len(octets) {
			both |= uint16(octets[bit/8+1]) << 8
		}
		out = append(out, byte(both>>(bit%8))&0x7F)
	}
	return out
}

func toUCS2(text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

func fromUCS2(b []byte) string {
	var units []uint16
	for ; len(b) > 1; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	return string(utf16.Decode(units))
}

// cut cuts a text, as it is coded, into pieces of at most so many octets. It
// separates neither an escape from what follows it nor the two halves of a
// character outside of the Basic Multilingual Plane.
func cut(text string, a alphabet, limit int) (pieces [][]byte) {
	var piece []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		one := toUCS2(string(r))
		if a == sevenBit {
			one, _ = toSeptets(text[:n])
		}
		if len(piece)+len(one) > limit {
			pieces, piece = append(pieces, piece), nil
		}
		piece, text = append(piece, one...), text[n:]
	}
	return append(pieces, piece)
}
