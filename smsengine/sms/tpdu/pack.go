package tpdu

// Pack puts septets, one an octet, into octets, eight into seven, the first in the lowest bits (3GPP TS 23.038
// §6.1.2.1). They begin at the first septet boundary behind so many octets of header; the fill bits before it are zero.
func Pack(septets []byte, header int) []byte {
	first := headerSeptets(header)
	packed := make([]byte, (7*(first+len(septets))+7)/8)
	for i, s := range septets {
		at := 7 * (first + i)
		wide := uint16(s&0x7f) << (at % 8)
		packed[at/8] |= byte(wide)
		if wide > 0xff {
			packed[at/8+1] |= byte(wide >> 8)
		}
	}
	return packed[min(header, len(packed)):]
}

// Unpack gives n septets, or as many as there are. octets begin with the header, of so many octets, which gives none.
func Unpack(octets []byte, header, n int) []byte {
	first := headerSeptets(header)
	n = max(0, min(n, len(octets)*8/7-first))
	septets := make([]byte, n)
	for i := range septets {
		at := 7 * (first + i)
		wide := uint16(octets[at/8])
		if at/8+1 < len(octets) {
			wide |= uint16(octets[at/8+1]) << 8
		}
		septets[i] = byte(wide >> (at % 8) & 0x7f)
	}
	return septets
}

// headerSeptets gives how many septets a header of so many octets takes, fill bits included.
func headerSeptets(octets int) int { return (8*octets + 6) / 7 }
