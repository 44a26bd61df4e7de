package sms

import "slices"

// Information element identifiers of concatenation (3GPP TS 23.040 §9.2.3.24.1, §9.2.3.24.8).
const (
	concat8  = 0x00
	concat16 = 0x08
)

// Information element identifiers of the national language tables (3GPP TS 23.040 §9.2.3.24.15, §9.2.3.24.16), and the
// octets of such an element.
const (
	singleShift  = 0x24
	lockingShift = 0x25
	shiftLen     = 3
)

// Octets of a header that holds nothing but a concatenation element, its length octet included.
const (
	len8  = 6
	len16 = 7
)

// Concat says which part of which message a part is.
type Concat struct {
	Ref        uint16 // 8 bits of it unless Ref16; unique only for a time, per sender and receiver
	Ref16      bool
	Total, Seq int // Seq counts from 1
}

// ParseUDH finds the concatenation element in a user data header that begins with its length octet. found is false
// where there is none, or one that counts wrongly and has to be ignored (3GPP TS 23.040 §9.2.3.24.1). The last of
// several holds. A header that does not end where its lengths say is ErrHeader; an empty one is none.
func ParseUDH(udh []byte) (c Concat, found bool, err error) {
	err = elements(udh, func(id byte, data []byte) {
		var element Concat
		switch {
		case id == concat8 && len(data) == 3:
			element = Concat{Ref: uint16(data[0]), Total: int(data[1]), Seq: int(data[2])}
		case id == concat16 && len(data) == 4:
			element = Concat{Ref: uint16(data[0])<<8 | uint16(data[1]), Ref16: true, Total: int(data[2]), Seq: int(data[3])}
		}
		if 1 <= element.Seq && element.Seq <= element.Total {
			c, found = element, true
		}
	})
	if err != nil {
		return Concat{}, false, err
	}
	return c, found, nil
}

// elements calls f with each information element of a user data header that begins with its length octet. A header
// that does not end where its lengths say is ErrHeader.
func elements(udh []byte, f func(id byte, data []byte)) error {
	if len(udh) == 0 {
		return nil
	}
	if int(udh[0]) != len(udh)-1 || len(udh) > 140 {
		return ErrHeader
	}
	for rest := udh[1:]; len(rest) > 0; {
		if len(rest) < 2 || len(rest) < 2+int(rest[1]) {
			return ErrHeader
		}
		f(rest[0], rest[2:2+rest[1]])
		rest = rest[2+rest[1]:]
	}
	return nil
}

// Header makes a user data header of information elements that come without their length octet, as in udh=.
func Header(elements []byte) ([]byte, error) {
	if len(elements) == 0 {
		return nil, nil
	}
	if len(elements) > 139 {
		return nil, ErrHeader
	}
	udh := append([]byte{byte(len(elements))}, elements...)
	_, _, err := ParseUDH(udh)
	return udh, err
}

// header gives own, with the concatenation element added if there are several parts.
func (o Options) header(own []byte, total, seq int) []byte {
	if total == 1 {
		return slices.Clone(own)
	}
	udh := slices.Clone(own)
	if len(udh) == 0 {
		udh = []byte{0}
	}
	if o.Ref16 {
		udh = append(udh, concat16, 4, byte(o.Ref>>8), byte(o.Ref), byte(total), byte(seq))
	} else {
		udh = append(udh, concat8, 3, byte(o.Ref), byte(total), byte(seq))
	}
	udh[0] = byte(len(udh) - 1)
	return udh
}

// elementLen is the size of a concatenation element in octets.
func elementLen(ref16 bool) int {
	if ref16 {
		return len16 - 1
	}
	return len8 - 1
}

func concatenated(udh []byte) bool {
	_, found, _ := ParseUDH(udh)
	return found
}
