package mailbridge

import "bytes"

// transfer undoes a content transfer encoding (RFC 2045 §6), line by line. It
// does what can be done with broken input and never fails.
type transfer struct {
	decode  func(t *transfer, dst, line []byte) []byte
	lines   bool   // a line end is one after decoding
	plain   bool   // and the line is what it was
	bits    uint32 // base64: what was read and not yet written
	n       int    // base64: how many bits
	longest int    // base64: octets of the longest line
	ended   bool   // base64: by its padding, or by a line that is shorter than others
	text    bool   // base64: it is one, and a list may have put its footer below, as it is
	words   bool   // base64: this is the footer
	inside  bool   // uuencode: between begin and end
	over    bool   // uuencode: behind the end
}

func newTransfer(encoding string) *transfer {
	switch encoding {
	case "base64":
		return &transfer{decode: (*transfer).base64}
	case "quoted-printable":
		return &transfer{decode: (*transfer).quotedPrintable, lines: true}
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return &transfer{decode: (*transfer).uu}
	}
	return &transfer{decode: (*transfer).identity, lines: true, plain: true}
}

func (t *transfer) identity(dst, line []byte) []byte { return append(dst, line...) }

// base64 leaves out what is not of the alphabet, as RFC 2045 §6.8 asks. Padding
// ends a quantum, so that joined encodings decode; the alphabet of RFC 4648 §5
// is understood too.
func (t *transfer) base64(dst, line []byte) []byte {
	text := bytes.TrimSpace(line)
	if t.words = t.words || t.text && t.ended && footerLine(text); t.words {
		return append(append(dst, text...), '\n')
	}
	t.longest = max(t.longest, len(text))
	t.ended = t.ended || len(text) > 0 && len(text) < t.longest || bytes.HasSuffix(text, []byte("="))
	for t.n == 0 && len(line) >= 4 { // whole quanta, as nearly all are
		a, b, c, d := base64Value[line[0]], base64Value[line[1]], base64Value[line[2]], base64Value[line[3]]
		if a|b|c|d >= 64 {
			break
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
		line = line[4:]
	}
	for _, c := range line {
		v := base64Value[c]
		if v >= 64 {
			if c == '=' {
				t.n = 0
			}
			continue
		}
		t.bits = t.bits<<6 | uint32(v)
		if t.n += 6; t.n >= 8 {
			t.n -= 8
			dst = append(dst, byte(t.bits>>t.n))
		}
	}
	return dst
}

// footerLine knows words, and the line that is drawn above them.
func footerLine(text []byte) bool {
	return bytes.Count(text, []byte(" ")) > 1 ||
		len(text) > 10 && bytes.Count(text, text[:1]) == len(text) && (text[0] == '_' || text[0] == '-')
}

// base64Value gives the six bits that a character stands for, 64 for none.
var base64Value = func() (values [256]byte) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for c := range values {
		values[c] = 64
	}
	for v, c := range []byte(alphabet) {
		values[c] = byte(v)
	}
	values['-'], values['_'] = 62, 63
	return values
}()

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

// uu decodes the lines between "begin" and "end": the first character is the
// number of octets, then four characters stand for three of them.
func (t *transfer) uu(dst, line []byte) []byte {
	line = bytes.TrimRight(line, "\r\n")
	if !t.inside {
		_, t.inside = uuBegins(line)
		return dst
	}
	if bytes.Equal(line, []byte("end")) {
		t.inside, t.over = false, true
		return dst
	}
	if len(line) == 0 {
		return dst
	}
	n := int(line[0]-' ') & 0x3f
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 0x3f
		}
		return 0 // spaces at the end were lost
	}
	for i := 1; n > 0; i, n = i+4, n-3 {
		three := [3]byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		dst = append(dst, three[:min(n, 3)]...)
	}
	return dst
}

// uuBegins reads "begin 644 picture.gif".
func uuBegins(line []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return "", false
	}
	mode, file, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(mode) < 3 || len(mode) > 4 || len(bytes.Trim(mode, "01234567")) > 0 {
		return "", false
	}
	file = bytes.TrimSpace(file)
	return string(file), len(file) > 0
}

// uuLine reports whether a line without its end is one of uuencoded data: its
// first character tells its length.
func uuLine(line []byte) bool {
	if len(line) == 0 || line[0] <= ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 0x3f
	want := 1 + (n+2)/3*4
	return len(line) >= want && len(line) <= want+2
}
