package mailbridge

import "bytes"

// transfer undoes a content transfer encoding (RFC 2045 §6), line by line. It
// does what can be done with broken input and never fails.
type transfer struct {
	decode func(t *transfer, dst, line []byte) []byte
	bits   uint32 // base64: what was read and not yet written
	n      int    // base64: how many bits
}

func newTransfer(encoding string) *transfer {
	switch encoding {
	case "base64":
		return &transfer{decode: (*transfer).base64}
	case "quoted-printable":
		return &transfer{decode: (*transfer).quotedPrintable}
	}
	return &transfer{decode: (*transfer).identity}
}

func (t *transfer) identity(dst, line []byte) []byte { return append(dst, line...) }

// base64 leaves out what is not of the alphabet, as RFC 2045 §6.8 asks. Padding
// ends a quantum, so that joined encodings decode; the alphabet of RFC 4648 §5
// is understood too.
func (t *transfer) base64(dst, line []byte) []byte {
	for _, c := range line {
		switch {
		case c >= 'A' && c <= 'Z':
			c -= 'A'
		case c >= 'a' && c <= 'z':
			c -= 'a' - 26
		case c >= '0' && c <= '9':
			c += 52 - '0'
		case c == '+' || c == '-':
			c = 62
		case c == '/' || c == '_':
			c = 63
		case c == '=':
			t.n = 0
			continue
		default:
			continue
		}
		t.bits = t.bits<<6 | uint32(c)
		if t.n += 6; t.n >= 8 {
			t.n -= 8
			dst = append(dst, byte(t.bits>>t.n))
		}
	}
	return dst
}

// quotedPrintable leaves a "=" that encodes nothing as it is, as RFC 2045 §6.7
// recommends.
func (t *transfer) quotedPrintable(dst, line []byte) []byte {
	text := bytes.TrimRight(line, " \t\r\n")
	soft := bytes.HasSuffix(text, []byte("="))
	if soft {
		text = text[:len(text)-1]
	}
	for i := 0; i < len(text); i++ {
		if text[i] == '=' && i+2 < len(text) {
			hi, ok1 := unhex(text[i+1])
			lo, ok2 := unhex(text[i+2])
			if ok1 && ok2 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, text[i])
	}
	if !soft && bytes.HasSuffix(line, []byte("\n")) {
		dst = append(dst, '\n')
	}
	return dst
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
