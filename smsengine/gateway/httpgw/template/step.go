package template

import (
	"golang.org/x/text/encoding"

	"github.com/postel-mail/postel/smsengine/sms"
)

// step is one attribute of a variable.
type step struct {
	kind          kind
	prefix        string            // stepInterprefix
	charset       encoding.Encoding // stepCharset
	charsetName   string
	fixed, masked string // stepValue: as it goes out; as it is shown in logs
	source        string // stepValue: as it was written, or ***
	also          bool   // stepASCII: binary data counts as ASCII
}

type kind uint8

const (
	stepASCII kind = iota
	stepUnicode
	stepBinary
	stepUCS2
	stepCharset
	stepHex
	stepB64
	stepLen
	stepRaw // beyond R: octets as they are, where octets can stand
	stepInterprefix
	stepValue
)

// attributes are the names of the steps; those that end in = have a value.
var attributes = map[string]kind{
	"isascii": stepASCII, "isunicode": stepUnicode, "isbinary": stepBinary,
	"unicode": stepUCS2, "charset=": stepCharset, "hex": stepHex, "b64": stepB64, "len": stepLen, "raw": stepRaw,
	"interprefix=": stepInterprefix, "value=": stepValue,
}

// condition reports whether the step asks what kind of text it is.
func (s step) condition() bool { return s.kind <= stepBinary }

// holds answers a condition.
func (s step) holds(a sms.Alphabet) bool {
	switch s.kind {
	case stepASCII:
		return a == sms.GSM7 || s.also && a == sms.Binary
	case stepUnicode:
		return a == sms.UCS2
	default:
		return a == sms.Binary
	}
}

// choose gives the steps that count for a text of this alphabet. A condition
// chooses what stands behind it, up to the next one; where there are conditions
// and none holds, nothing of the variable stands.
func choose(steps []step, a sms.Alphabet) (chosen []step, stands bool) {
	on, asked := true, false
	for _, s := range steps {
		if s.condition() {
			asked, on = true, s.holds(a)
			stands = stands || on
		} else if on {
			chosen = append(chosen, s)
		}
	}
	return chosen, stands || !asked
}

func (p piece) stands(a sms.Alphabet) bool {
	_, stands := choose(p.steps, a)
	return stands
}
