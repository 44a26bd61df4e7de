package at

import (
	"fmt"
	"strings"
)

// fits reports whether a line has as many octets as its TPDU is said to have, with a service centre or without.
func fits(line string, length int) bool {
	octets := len(line) / 2
	if octets == length || octets == 0 {
		return octets == length
	}
	first := strings.IndexByte("0123456789ABC", upper(line[1]))
	return line[0] == '0' && first >= 0 && octets == 1+first+length
}

func upper(b byte) byte {
	if b >= 'a' && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

// isHex reports whether a line may be a PDU, or a good part of one.
func isHex(line string) bool {
	if len(line) < 8 {
		return false
	}
	for i := range len(line) {
		if strings.IndexByte("0123456789ABCDEF", upper(line[i])) < 0 {
			return false
		}
	}
	return true
}

// isHexPiece reports whether a line may be what is left of a PDU.
func isHexPiece(line string) bool { return len(line) >= 6 && isHex(line+"00") }

// longHex is more hexadecimal digits than any number of a modem, a SIM or a cell has, and fewer than a PDU.
const longHex = 24

func hideHex(text string) string {
	var b strings.Builder
	run := 0
	flush := func(end int) {
		if run >= longHex {
			fmt.Fprintf(&b, "(%d characters)", run)
		} else {
			b.WriteString(text[end-run : end])
		}
		run = 0
	}
	for i := range len(text) {
		if strings.IndexByte("0123456789ABCDEF", upper(text[i])) >= 0 {
			run++
			continue
		}
		flush(i)
		b.WriteByte(text[i])
	}
	flush(len(text))
	return b.String()
}
