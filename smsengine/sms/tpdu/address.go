package tpdu

import (
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Address is a telephone number, a short code or a name (3GPP TS 23.040 §9.1.2.5). The zero value is none.
type Address struct {
	// TOA is the type of address as on the air: the type of number in bits 6 to 4, the numbering plan in the low four.
	TOA byte
	// Value are its digits, of 0123456789*#abc and without a plus sign, or the name where TOA says alphanumeric.
	Value string
}

// Types of address that phones use.
const (
	International = 0x91 // E.164 with country code
	National      = 0xa1
	Unknown       = 0x81 // whatever the network makes of the digits: short codes, and numbers as dialled at home
	Alphanumeric  = 0xd0
)

const (
	numberType     = 0x70
	toaExtension   = 0x80 // always set: no octet of the type follows
	maxDigits      = 20
	maxLetters     = 11 // that fit into 20 digits
	digits         = "0123456789*#abc"
	fill           = 0x0f
	fieldService   = "SC address"
	fieldSender    = "TP-OA"
	fieldRecipient = "TP-DA"
	fieldReported  = "TP-RA"
)

// ParseAddress reads a number as people write it for machines: "+15555550123" is international, digits without a plus
// sign go out as they are, which is what short codes need. Spaces and other signs are an *Error, as are more than 20 digits.
func ParseAddress(number string) (Address, error) {
	a := Address{TOA: Unknown, Value: number}
	if value, ok := strings.CutPrefix(number, "+"); ok {
		a = Address{TOA: International, Value: value}
	}
	return a, a.check("address")
}

// International reports whether the number has its country code.
func (a Address) International() bool { return a.TOA&numberType == International&numberType }

// Alphanumeric reports whether it is a name, to which nobody can answer.
func (a Address) Alphanumeric() bool { return a.TOA&numberType == Alphanumeric&numberType }

// String gives the number, with a plus sign if it is international, or the name.
func (a Address) String() string {
	if a.International() && a.Value != "" {
		return "+" + a.Value
	}
	return a.Value
}

// check says what keeps the address from being written.
func (a Address) check(field string) error {
	switch {
	case a.TOA&toaExtension == 0:
		return wrong(field, "type of address %#02x lacks its highest bit", a.TOA)
	case a.Value == "":
		return wrong(field, "empty")
	case a.Alphanumeric():
		septets, err := sms.Septets(a.Value, nil)
		if err != nil {
			return wrong(field, "%v", err)
		}
		if len(septets) > maxLetters {
			return wrong(field, "%d letters, of at most %d", len(septets), maxLetters)
		}
		return nil
	case len(a.Value) > maxDigits:
		return wrong(field, "%d digits, of at most %d", len(a.Value), maxDigits)
	}
	if i := strings.IndexFunc(a.Value, func(r rune) bool { return !strings.ContainsRune(digits, r) }); i >= 0 {
		return wrong(field, "%q is no digit", a.Value[i:i+1])
	}
	return nil
}

// append writes the address as TPDUs have it: its length is that of the digits, or of as many as the letters take.
func (a Address) append(b []byte, field string) ([]byte, error) {
	if err := a.check(field); err != nil {
		return nil, err
	}
	if a.Alphanumeric() {
		septets, err := sms.Septets(a.Value, nil)
		if err != nil {
			return nil, wrong(field, "%v", err)
		}
		b = append(b, byte((len(septets)*7+3)/4), a.TOA)
		return append(b, Pack(septets, 0)...), nil
	}
	b = append(b, byte(len(a.Value)), a.TOA)
	return appendDigits(b, a.Value), nil
}

// appendService writes the address as it stands in front of a TPDU: its length is that of the octets behind it
// (3GPP TS 24.011 §8.2.5.1). None is one octet, and means the service centre that the modem knows.
func (a Address) appendService(b []byte) ([]byte, error) {
	if a == (Address{}) {
		return append(b, 0), nil
	}
	if a.Alphanumeric() {
		return nil, wrong(fieldService, "a name, where a number is wanted")
	}
	if err := a.check(fieldService); err != nil {
		return nil, err
	}
	b = append(b, byte(1+(len(a.Value)+1)/2), a.TOA)
	return appendDigits(b, a.Value), nil
}

func appendDigits(b []byte, value string) []byte {
	for i := 0; i < len(value); i += 2 {
		high := byte(fill)
		if i+1 < len(value) {
			high = byte(strings.IndexByte(digits, value[i+1]))
		}
		b = append(b, high<<4|byte(strings.IndexByte(digits, value[i])))
	}
	return b
}

// address reads an address of a TPDU.
func (r *reader) address(field string) Address {
	length := int(r.octet(field))
	a := Address{TOA: r.octet(field)}
	if r.err != nil {
		return Address{}
	}
	if a.TOA&toaExtension == 0 {
		r.flaw(field, "type of address %#02x lacks its highest bit", a.TOA)
	}
	if length > maxDigits {
		r.flaw(field, "%d digits, of at most %d", length, maxDigits)
	}
	octets := r.take(field, (length+1)/2)
	if a.Alphanumeric() {
		a.Value = r.letters(field, octets, length)
	} else {
		a.Value = r.digits(field, octets, length)
	}
	return a
}

// service reads the address in front of a TPDU.
func (r *reader) service() Address {
	length := int(r.octet(fieldService))
	if length == 0 || r.err != nil {
		return Address{}
	}
	a := Address{TOA: r.octet(fieldService)}
	a.Value = r.digits(fieldService, r.take(fieldService, length-1), 2*(length-1))
	return a
}

// digits reads semi-octets, the low one of each octet first (3GPP TS 23.040 §9.1.2.3). Filler is passed over wherever
// it is, and so is whatever stands in the place of the filler behind an odd number of digits.
func (r *reader) digits(field string, octets []byte, length int) string {
	var b strings.Builder
	for i := range 2 * len(octets) {
		digit := octets[i/2] >> (i % 2 * 4) & 0x0f
		switch {
		case i >= length:
			if digit != fill {
				r.flaw(field, "%x where filler is wanted", digit)
			}
		case digit != fill:
			b.WriteByte(digits[digit])
		case i < length-1:
			r.flaw(field, "filler between the digits")
		}
	}
	return b.String()
}

// letters reads a name. Senders that count whole octets give it one letter more, which is 0 or CR.
func (r *reader) letters(field string, octets []byte, length int) string {
	septets := Unpack(octets, 0, min(length*4, len(octets)*8)/7)
	if n := len(septets); n > 0 && n%8 == 0 && (septets[n-1] == 0 || septets[n-1] == '\r') {
		septets = septets[:n-1]
	}
	text, err := sms.Text(septets, nil)
	if err != nil {
		r.flaw(field, "%v", err)
	}
	return text
}
