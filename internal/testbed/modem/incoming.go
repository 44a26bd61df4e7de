package modem

import (
	"time"
)

// Incoming is a text that a phone, or something with a name, sends to the modem.
type Incoming struct {
	// From is a number, "+" in front of international ones, or a name of up to
	// 11 characters of the default alphabet.
	From string
	// Type is the type of From's address; 0 is the one that fits.
	Type byte
	// Text goes in the default alphabet if it can and UCS2 is not set. A long one
	// is cut into concatenated parts.
	Text string
	UCS2 bool
	// Data goes as it is, in place of a text, with DCS.
	Data []byte
	// DCS is added to what the alphabet needs: 0x10 for a flash text, for example.
	DCS byte
	// PID is the protocol identifier, as it is.
	PID byte
	// UDH are information elements in front of each part, without UDHL.
	UDH []byte
	// Ref is the reference of the parts; 0 takes a new one.
	Ref int
	// Wide references have 16 bits.
	Wide bool
	// At is when the service centre got it; zero is now.
	At time.Time
}

// refs is the last reference that the network gave to parts.
type refs struct{ last int }

func (r *refs) next() int {
	r.last = r.last%255 + 1
	return r.last
}

// TPDUs are the SMS-DELIVERs that the text becomes (TS 23.040 §9.2.2.1), in order.
func (in Incoming) TPDUs() [][]byte {
	a, limit := sevenBit, 160
	_, fits := toSeptets(in.Text)
	switch {
	case in.Data != nil:
		a, limit = eightBit, 140
	case in.UCS2 || !fits:
		a, limit = ucs2, 140
	}
	pieces := [][]byte{in.Data}
	if a != eightBit {
		pieces = cut(in.Text, a, room(a, limit, in.UDH))
		if len(pieces) > 1 {
			pieces = cut(in.Text, a, room(a, limit, in.header(1, 1)))
		}
	}
	var out [][]byte
	for i, piece := range pieces {
		udh := in.UDH
		if len(pieces) > 1 {
			udh = in.header(i+1, len(pieces))
		}
		out = append(out, in.deliver(a, piece, udh))
	}
	return out
}

// header is the user data header of a part (TS 23.040 §9.2.3.24.1 and .8).
func (in Incoming) header(seq, total int) []byte {
	concat := []byte{0x00, 3, byte(in.Ref), byte(total), byte(seq)}
	if in.Wide {
		concat = []byte{0x08, 4, byte(in.Ref >> 8), byte(in.Ref), byte(total), byte(seq)}
	}
	return append(concat, in.UDH...)
}

// room is how many septets or octets are left beside a header.
func room(a alphabet, limit int, udh []byte) int {
	switch {
	case len(udh) == 0:
		return limit
	case a == sevenBit:
		return limit - ((len(udh)+1)*8+6)/7
	}
	return (limit - len(udh) - 1) &^ 1
}

func (in Incoming) deliver(a alphabet, piece, udh []byte) []byte {
	first := byte(0x04) // SMS-DELIVER, no more messages to send
	if len(udh) > 0 {
		first |= 0x40
	}
	dcs := in.DCS | byte(a)<<2
	if in.Data != nil && in.DCS != 0 {
		dcs = in.DCS
	}
	at := in.At
	if at.IsZero() {
		at = time.Now()
	}
	b := append([]byte{first}, address(in.From, in.Type)...)
	b = append(b, in.PID, dcs)
	b = append(b, timestamp(at)...)
	return append(b, userData(a, piece, udh)...)
}

// userData is TP-UDL and TP-UD (TS 23.040 §9.2.3.16 and .24).
func userData(a alphabet, piece, udh []byte) []byte {
	var header []byte
	if len(udh) > 0 {
		header = append([]byte{byte(len(udh))}, udh...)
	}
	if a != sevenBit {
		return append(append([]byte{byte(len(header) + len(piece))}, header...), piece...)
	}
	fill := (7 - len(header)*8%7) % 7
	length := (len(header)*8+fill)/7 + len(piece)
	return append(append([]byte{byte(length)}, header...), pack(piece, fill)...)
}

// timestamp is a TP-SCTS or TP-DT (TS 23.040 §9.2.3.11).
func timestamp(t time.Time) []byte {
	_, zone := t.Zone()
	quarters, west := zone/900, byte(0)
	if quarters < 0 {
		quarters, west = -quarters, 0x08
	}
	var out []byte
	for _, n := range []int{t.Year() % 100, int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), quarters} {
		out = append(out, byte(n%10)<<4|byte(n/10))
	}
	out[6] |= west
	return out
}

// statusReport is an SMS-STATUS-REPORT (TS 23.040 §9.2.2.3).
func statusReport(mr byte, to string, toa, status byte, sent, done time.Time) []byte {
	b := append([]byte{0x06, mr}, address(to, toa)...)
	b = append(b, timestamp(sent)...)
	b = append(b, timestamp(done)...)
	return append(b, status)
}

// stamp is a timestamp as text mode shows it: yy/MM/dd,hh:mm:ss±zz (TS 27.005 §3.1).
func stamp(b []byte) string {
	two := func(b byte) string { return string([]byte{'0' + b&15, '0' + b>>4}) }
	sign := "+"
	if b[6]&0x08 != 0 {
		sign = "-"
	}
	return two(b[0]) + "/" + two(b[1]) + "/" + two(b[2]) + "," + two(b[3]) + ":" + two(b[4]) + ":" + two(b[5]) + sign + two(b[6]&^0x08)
}

// readDeliver reads an SMS-DELIVER for text mode. What it cannot read is empty.
func readDeliver(b []byte) (from, at, text string) {
	from, _, rest, err := readAddress(b[1:])
	if err != nil || len(rest) < 10 {
		return from, "", ""
	}
	p := Part{DCS: rest[1]}
	if err := p.readUserData(rest[9:], b[0]&0x40 != 0); err == nil {
		text = p.Text
	}
	return from, stamp(rest[2:9]), text
}
