package mailbridge

import (
	"bufio"
	"errors"
	"io"
)

// Tags of BER (X.690 §8.1.2) that stand on the way to the content.
const (
	tagEnd         = 0x00
	tagInteger     = 0x02
	tagOctets      = 0x04
	tagOID         = 0x06
	tagOctetPieces = 0x24
	tagSequence    = 0x30
	tagSet         = 0x31
	tagExplicit    = 0xa0
)

var errBER = errors.New("not the BER of a signed mail")

// ber reads BER (X.690), element by element; DER is a part of it. The first error
// stays.
type ber struct {
	r   *bufio.Reader
	at  int64 // octets read
	err error
}

func (b *ber) octet() byte {
	if b.err != nil {
		return 0
	}
	c, err := b.r.ReadByte()
	if err != nil {
		b.err = err
		return 0
	}
	b.at++
	return c
}

// element reads tag and length; the length is -1 where an end marker follows
// (X.690 §8.1.3.6).
func (b *ber) element() (tag byte, length int64) {
	tag = b.octet()
	first := b.octet()
	switch {
	case first < 0x80:
		return tag, int64(first)
	case first == 0x80:
		return tag, -1
	case first > 0x84:
		b.fail()
		return tag, 0
	}
	for range first & 0x7f {
		length = length<<8 | int64(b.octet())
	}
	return tag, length
}

func (b *ber) fail() {
	if b.err == nil {
		b.err = errBER
	}
}

// enter goes into an element of the tag.
func (b *ber) enter(want byte) {
	if tag, _ := b.element(); tag != want {
		b.fail()
	}
}

// pass goes behind an element of the tag.
func (b *ber) pass(want byte) {
	tag, length := b.element()
	if tag != want {
		b.fail()
	}
	b.skip(length, 0)
}

func (b *ber) skip(length int64, depth int) {
	const deepest = 8
	if length >= 0 {
		n, err := io.CopyN(io.Discard, b.r, length)
		b.at += n
		if err != nil && b.err == nil {
			b.err = err
		}
		return
	}
	if depth == deepest {
		b.fail()
	}
	for b.err == nil {
		tag, length := b.element()
		if tag == tagEnd && length == 0 {
			return
		}
		b.skip(length, depth+1)
	}
}

func (b *ber) oid() []byte {
	tag, length := b.element()
	if tag != tagOID || length < 1 || length > 32 {
		b.fail()
		return nil
	}
	id := make([]byte, length)
	for i := range id {
		id[i] = b.octet()
	}
	return id
}

// octets is an OCTET STRING as it comes, in one piece or in many (X.690 §8.7). It
// ends where it is malformed; an error is that of the mail around it.
type octets struct {
	*ber
	begun bool
	left  int64   // of the piece
	ends  []int64 // of the strings of pieces around: where they end, -1 at a marker
}

func (o *octets) Read(p []byte) (int, error) {
	for o.left == 0 {
		if o.begun && len(o.ends) == 0 {
			return 0, io.EOF
		}
		if n := len(o.ends); n > 0 && o.ends[n-1] >= 0 && o.at >= o.ends[n-1] {
			o.ends = o.ends[:n-1]
			continue
		}
		o.piece()
		switch {
		case errors.Is(o.err, errBER):
			return 0, io.EOF // what came so far is there
		case o.err != nil:
			return 0, o.err
		}
	}
	n, err := o.r.Read(p[:min(int64(len(p)), o.left)])
	o.left -= int64(n)
	o.at += int64(n)
	return n, err
}

// piece reads the next tag and length.
func (o *octets) piece() {
	const deepest = 8
	o.begun = true
	tag, length := o.element()
	switch {
	case tag == tagOctets && length >= 0:
		o.left = length
	case tag == tagOctetPieces && len(o.ends) < deepest:
		end := int64(-1)
		if length >= 0 {
			end = o.at + length
		}
		o.ends = append(o.ends, end)
	case tag == tagEnd && length == 0 && len(o.ends) > 0:
		o.ends = o.ends[:len(o.ends)-1]
	default:
		o.fail()
	}
}
