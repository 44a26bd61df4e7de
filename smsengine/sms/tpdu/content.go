package tpdu

import (
	"errors"
	"slices"
	"unicode/utf16"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Content is what a TPDU carries, and how: TP-PID, TP-DCS and TP-UD (3GPP TS 23.040 §9.2.3.9, §9.2.3.10, §9.2.3.24).
type Content struct {
	PID byte
	DCS DCS
	UDH []byte // the user data header as on the air, its length octet first; nil if none
	// Data is what stands behind the header: septets, one an octet, where the alphabet is GSM 7 bit, else octets.
	Data []byte
}

// Protocol identifiers that matter here (TP-PID, 3GPP TS 23.040 §9.2.3.9).
const (
	pidEmail       = 0x32 // Internet electronic mail, by way of a gateway of the network
	pidType0       = 0x40 // acknowledged by the phone and thrown away
	pidSIMDownload = 0x7f
)

// What one TPDU holds.
const (
	maxOctets  = 140
	maxSeptets = 160
)

const (
	fieldData   = "TP-UD"
	fieldLength = "TP-UDL"
	fieldHeader = "TP-UDH"
	fieldCoding = "TP-DCS"
)

// NewContent gives a part as sms.SplitText and sms.SplitBinary cut them.
func NewContent(p sms.Part, a sms.Alphabet, c Class) (Content, error) {
	content := Content{DCS: Coding(a, c), UDH: p.UDH, Data: p.Data}
	switch a {
	case sms.GSM7:
		septets, err := sms.Septets(p.Text, p.UDH)
		if err != nil {
			return Content{}, wrong(fieldData, "%v", err)
		}
		content.Data = septets
	case sms.UCS2:
		content.Data = make([]byte, 0, 2*len(p.Text))
		for _, unit := range utf16.Encode([]rune(p.Text)) {
			content.Data = append(content.Data, byte(unit>>8), byte(unit))
		}
	}
	return content, content.check()
}

// ErrNoText is data that are no text.
var ErrNoText = errors.New("no text, but data")

// Text gives what the part says, its line ends as they came. Half a character, as where a sender cut between the two
// code units of an emoji, is U+FFFD. Octets and compressed text are ErrNoText.
func (c Content) Text() (string, error) {
	switch {
	case c.DCS.Compressed():
		return "", ErrNoText
	case c.DCS.Alphabet() == sms.GSM7:
		return sms.Text(c.Data, c.sound())
	case c.DCS.Alphabet() == sms.UCS2:
		units := make([]uint16, len(c.Data)/2)
		for i := range units {
			units[i] = uint16(c.Data[2*i])<<8 | uint16(c.Data[2*i+1])
		}
		return string(utf16.Decode(units)), nil
	}
	return "", ErrNoText
}

// septets reports whether Data holds them.
func (c Content) septets() bool { return c.DCS.Alphabet() == sms.GSM7 && !c.DCS.Compressed() }

// check says what keeps the content from being written.
func (c Content) check() error {
	if c.DCS.Reserved() {
		return wrong(fieldCoding, "%#02x is reserved", byte(c.DCS))
	}
	if c.DCS.Compressed() {
		return wrong(fieldCoding, "%#02x is compressed", byte(c.DCS))
	}
	if _, _, err := sms.ParseUDH(c.UDH); err != nil {
		return wrong(fieldHeader, "%v", err)
	}
	if c.septets() {
		if n := headerSeptets(len(c.UDH)) + len(c.Data); n > maxSeptets {
			return wrong(fieldData, "%d septets, of at most %d", n, maxSeptets)
		}
		if i := slices.IndexFunc(c.Data, func(b byte) bool { return b > 0x7f }); i >= 0 {
			return wrong(fieldData, "%#02x is no septet", c.Data[i])
		}
		return nil
	}
	if n := len(c.UDH) + len(c.Data); n > maxOctets {
		return wrong(fieldData, "%d octets, of at most %d", n, maxOctets)
	}
	if c.DCS.Alphabet() == sms.UCS2 && len(c.Data)%2 != 0 {
		return wrong(fieldData, "half a code unit at the end")
	}
	return nil
}

// append writes TP-UDL and TP-UD. The bit for the header is the caller's to set.
func (c Content) append(b []byte) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.septets() {
		b = append(b, byte(headerSeptets(len(c.UDH))+len(c.Data)))
		b = append(b, c.UDH...)
		return append(b, Pack(c.Data, len(c.UDH))...), nil
	}
	b = append(b, byte(len(c.UDH)+len(c.Data)))
	b = append(b, c.UDH...)
	return append(b, c.Data...), nil
}

// data reads TP-UDL and TP-UD into c, whose coding is known.
func (r *reader) data(c *Content, header bool) {
	if r.err == nil && r.left() == 0 {
		r.flaw(fieldLength, "missing, read as 0")
		return
	}
	length := int(r.octet(fieldLength))
	want, most := length, maxOctets
	if c.septets() {
		want, most = (7*length+7)/8, maxSeptets
	}
	if length > most {
		r.flaw(fieldLength, "%d, of at most %d", length, most)
	}
	if r.err == nil && c.septets() && !header && unpacked(r.octets[r.at:], length) {
		r.flaw(fieldData, "octets where packed septets are wanted")
		c.Data = slices.Clone(r.take(fieldData, length))
		return
	}
	if r.left() < want {
		r.flaw(fieldData, "%d of %d octets are there", r.left(), want)
		want = r.left()
	}
	octets := r.take(fieldData, want)
	if header {
		c.UDH = r.header(octets)
	}
	switch {
	case c.septets():
		c.Data = Unpack(octets, len(c.UDH), length-headerSeptets(len(c.UDH)))
	default:
		c.Data = slices.Clone(octets[len(c.UDH):])
		if c.DCS.Alphabet() == sms.UCS2 && len(c.Data)%2 != 0 {
			r.flaw(fieldData, "half a code unit at the end")
		}
	}
	if len(c.Data) == 0 {
		c.Data = nil
	}
}

// unpacked reports whether user data that should be packed are letters, one an octet: there are exactly as many octets
// as there should be septets, more than those would take.
func unpacked(octets []byte, length int) bool {
	return len(octets) == length && length > (7*length+7)/8 &&
		!slices.ContainsFunc(octets, func(b byte) bool { return b > 0x7f }) // padding and packed text have such
}

// header gives the header that user data begin with. One that is longer than they are is none.
func (r *reader) header(octets []byte) []byte {
	if len(octets) == 0 || 1+int(octets[0]) > len(octets) {
		r.flaw(fieldHeader, "longer than the user data")
		return nil
	}
	udh := slices.Clone(octets[:1+octets[0]])
	if _, _, err := sms.ParseUDH(udh); err != nil {
		r.flaw(fieldHeader, "%v", err)
	}
	return udh
}

// coding gives TP-PID and TP-DCS.
func (c Content) coding() []byte { return []byte{c.PID, byte(c.DCS)} }
