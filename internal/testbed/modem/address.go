package modem

import (
	"errors"
	"strings"
)

// The types of address that the emulator writes by itself (TS 23.040 §9.1.2.5).
const (
	international = 0x91
	unknownType   = 0x81
	alphanumeric  = 0xD0
)

var errShort = errors.New("the PDU ends too early")

// semi are the digits of an address in their code (TS 23.040 §9.1.2.3).
const semi = "0123456789*#abc"

// typeOf is the type of address that goes with a number or name as people write it.
func typeOf(number string) byte {
	switch {
	case strings.HasPrefix(number, "+"):
		return international
	case strings.Trim(number, semi) == "":
		return unknownType
	}
	return alphanumeric
}

// address writes a TP-OA, TP-DA or TP-RA: its length counts digits.
func address(number string, toa byte) []byte {
	if toa == 0 {
		toa = typeOf(number)
	}
	if toa&0x70 == alphanumeric&0x70 {
		septets, _ := toSeptets(number)
		packed := pack(septets, 0)
		return append([]byte{byte((len(septets)*7 + 3) / 4), toa}, packed...)
	}
	digits := strings.TrimPrefix(number, "+")
	return append([]byte{byte(len(digits)), toa}, semiOctets(digits)...)
}

// centreAddress writes the address of a service centre, as it stands in front
// of a TPDU (TS 27.005 §3.1): its length counts octets. Without a number it is 00.
func centreAddress(number string) []byte {
	if number == "" {
		return []byte{0}
	}
	digits := semiOctets(strings.TrimPrefix(number, "+"))
	return append([]byte{byte(len(digits) + 1), typeOf(number)}, digits...)
}

func semiOctets(digits string) []byte {
	var out []byte
	for i := 0; i < len(digits); i += 2 {
		b := byte(0xF0)
		if i+1 < len(digits) {
			b = byte(strings.IndexByte(semi, digits[i+1])) << 4
		}
		out = append(out, b|byte(strings.IndexByte(semi, digits[i])))
	}
	return out
}

func digits(octets []byte, n int) string {
	var out strings.Builder
	for _, b := range octets {
		for _, d := range []byte{b & 15, b >> 4} {
			if int(d) < len(semi) && out.Len() < n {
				out.WriteByte(semi[d])
			}
		}
	}
	return out.String()
}

// readAddress reads a TP-DA, and gives what is behind it.
func readAddress(b []byte) (number string, toa byte, rest []byte, err error) {
	if len(b) < 2 || len(b) < 2+(int(b[0])+1)/2 {
		return "", 0, nil, errShort
	}
	n := int(b[0])
	toa, octets, rest := b[1], b[2:2+(n+1)/2], b[2+(n+1)/2:]
	switch toa & 0x70 {
	case alphanumeric & 0x70:
		number = fromSeptets(unpack(octets, n*4/7, 0), 0, 0)
	case international & 0x70:
		number = "+" + digits(octets, n)
	default:
		number = digits(octets, n)
	}
	return number, toa, rest, nil
}

// readCentre reads the service centre's address in front of a TPDU.
func readCentre(b []byte) (number string, rest []byte, err error) {
	if len(b) == 0 || len(b) <= int(b[0]) {
		return "", nil, errShort
	}
	own, rest := b[1:1+b[0]], b[1+b[0]:]
	if len(own) == 0 {
		return "", rest, nil
	}
	number = digits(own[1:], 2*len(own))
	if own[0]&0x70 == international&0x70 {
		number = "+" + number
	}
	return number, rest, nil
}
