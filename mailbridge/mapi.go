package mailbridge

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// property is a value of a property of a string or binary type.
type property struct {
	octets []byte
	wide   bool // UTF-16
}

func (v property) text(charset string) string {
	if v.wide {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		if out, err := utf16.NewDecoder().Bytes(v.octets); err == nil {
			return strings.TrimRight(string(out), "\x00")
		}
		return ""
	}
	return decodeText(bytes.TrimRight(v.octets, "\x00"), charset)
}

// properties goes through a list of MAPI properties ([MS-OXTNEF] §2.1.3.4), up to
// what is malformed.
func properties(list []byte) func(yield func(id uint16, v property) bool) {
	return func(yield func(uint16, property) bool) {
		p := props{left: list}
		for n := p.number(); n > 0 && !p.bad; n-- {
			kind, id := p.short(), p.short()
			if id >= 0x8000 {
				p.skip(16) // the set of names
				if p.number() == 0 {
					p.skip(4)
				} else {
					p.skip(padded(p.number()))
				}
			}
			v := p.value(kind)
			if p.bad || !yield(id, v) {
				return
			}
		}
	}
}

// props is a list of properties being read.
type props struct {
	left []byte
	bad  bool
}

func (p *props) skip(n uint32) []byte {
	if uint64(n) > uint64(len(p.left)) {
		p.bad, p.left = true, nil
		return nil
	}
	octets := p.left[:n]
	p.left = p.left[n:]
	return octets
}

func (p *props) short() uint16 {
	if b := p.skip(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (p *props) number() uint32 {
	if b := p.skip(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// padded is a length with what fills the last four octets.
func padded(n uint32) uint32 {
	if n > 1<<31 {
		return n
	}
	return (n + 3) &^ 3
}

// value reads a value, the last one of several.
func (p *props) value(kind uint16) (v property) {
	const several = 0x1000
	n := uint32(1)
	size := fixedSize(kind &^ several)
	if kind&several != 0 || size == 0 {
		n = p.number()
	}
	for ; n > 0 && !p.bad; n-- {
		if size > 0 {
			v.octets = p.skip(size)
			continue
		}
		length := p.number()
		octets := p.skip(padded(length))
		v = property{octets: octets[:min(int(length), len(octets))], wide: kind&^several == 0x1f}
	}
	return v
}

// fixedSize is that of a type of property with its padding, 0 if it varies.
func fixedSize(kind uint16) uint32 {
	switch kind {
	case 0x1e, 0x1f, 0x102, 0x0d: // text, UTF-16, binary, object
		return 0
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	}
	return 4
}
