package modem

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Part is one SMS-SUBMIT that the network took, as it was decoded by the phone.
type Part struct {
	Number string // "+" in front of international ones
	Type   byte   // of the address
	SMSC   string // the service centre that was named; "" is the SIM's
	Text   string // unless the data are binary
	Data   []byte // user data without header, if they are binary
	UDH    []byte // information elements, without UDHL
	PID    byte
	DCS    byte

	Reference        byte // TP-MR, as the network got it
	Ref, Seq, Total  int  // of concatenated parts; 0, 1, 1 for others
	ReportAsked      bool // TP-SRR
	RejectDuplicates bool // TP-RD
	HasValidity      bool
	Validity         time.Duration // relative ones only (TS 23.040 §9.2.3.12.1)
	Arrived          bool          // the phone got it, or nothing is known to the contrary
	TPDU             []byte        // as the modem got it from the driver
	At               time.Time
}

// Message is what a phone shows: parts put together.
type Message struct {
	Number string
	Text   string
	Data   []byte
	Parts  []Part
}

// readSubmit reads an SMS-SUBMIT (TS 23.040 §9.2.2.2).
func readSubmit(b []byte) (Part, error) {
	p := Part{Seq: 1, Total: 1, Arrived: true, TPDU: slices.Clone(b), At: time.Now()}
	if len(b) < 2 {
		return p, errShort
	}
	first := b[0]
	if first&3 != 1 {
		return p, fmt.Errorf("message type %d is not SMS-SUBMIT", first&3)
	}
	p.RejectDuplicates, p.ReportAsked, p.Reference = first&0x04 != 0, first&0x20 != 0, b[1]
	var err error
	if p.Number, p.Type, b, err = readAddress(b[2:]); err != nil {
		return p, err
	}
	validity := [...]int{0, 7, 1, 7}[first>>3&3]
	if len(b) < 3+validity {
		return p, errShort
	}
	p.PID, p.DCS = b[0], b[1]
	if p.HasValidity = validity > 0; validity == 1 {
		p.Validity = relative(b[2])
	}
	return p, p.readUserData(b[2+validity:], first&0x40 != 0)
}

// relative is a relative validity period (TS 23.040 §9.2.3.12.1).
func relative(vp byte) time.Duration {
	const day = 24 * time.Hour
	switch n := time.Duration(vp); {
	case n <= 143:
		return (n + 1) * 5 * time.Minute
	case n <= 167:
		return 12*time.Hour + (n-143)*30*time.Minute
	case n <= 196:
		return (n - 166) * day
	default:
		return (n - 192) * 7 * day
	}
}

func (p *Part) readUserData(b []byte, headed bool) error {
	if len(b) == 0 {
		return errShort
	}
	length, data := int(b[0]), b[1:]
	a := alphabetOf(p.DCS)
	octets := length
	if a == sevenBit {
		octets = (length*7 + 7) / 8
	}
	if octets != len(data) || octets > 140 {
		return fmt.Errorf("TP-UDL %d needs %d octets, and there are %d", length, octets, len(data))
	}
	header := 0
	if headed {
		if len(data) == 0 || 1+int(data[0]) > len(data) {
			return errShort
		}
		header = 1 + int(data[0])
		p.UDH = data[1:header]
	}
	locking, shift, err := p.readHeader()
	if err != nil {
		return err
	}
	switch a {
	case sevenBit:
		skip := (header*8 + 6) / 7
		septets := unpack(data[header:], length-skip, (7-header*8%7)%7)
		p.Text = fromSeptets(septets, locking, shift)
	case ucs2:
		p.Text = fromUCS2(data[header:])
	default:
		p.Data = data[header:]
	}
	return nil
}

// readHeader walks over the information elements (TS 23.040 §9.2.3.24), and
// tells which national tables the text needs.
func (p *Part) readHeader() (locking, shift int, err error) {
	for h := p.UDH; len(h) > 0; {
		if len(h) < 2 || len(h) < 2+int(h[1]) {
			return 0, 0, errShort
		}
		id, v := h[0], h[2:2+h[1]]
		h = h[2+h[1]:]
		switch {
		case id == 0x00 && len(v) == 3:
			p.Ref, p.Total, p.Seq = int(v[0]), int(v[1]), int(v[2])
		case id == 0x08 && len(v) == 4:
			p.Ref, p.Total, p.Seq = int(v[0])<<8|int(v[1]), int(v[2]), int(v[3])
		case id == 0x24 && len(v) == 1:
			shift = int(v[0])
		case id == 0x25 && len(v) == 1:
			locking = int(v[0])
		}
	}
	return locking, shift, nil
}

// Join puts the parts that arrived together as a phone does: by number,
// reference and total. A message that lacks a part is left out; a part that came
// twice with the same content counts once.
func Join(parts []Part) (messages []Message) {
	open := map[string][]Part{}
	for _, p := range parts {
		if !p.Arrived {
			continue
		}
		key := fmt.Sprint(p.Number, " ", p.Ref, " ", p.Total)
		if p.Total > 1 && slices.ContainsFunc(open[key], func(q Part) bool { return q.Seq == p.Seq }) {
			continue
		}
		open[key] = append(open[key], p)
		if len(open[key]) < p.Total {
			continue
		}
		whole := open[key]
		delete(open, key)
		slices.SortFunc(whole, func(a, b Part) int { return a.Seq - b.Seq })
		var text strings.Builder
		m := Message{Number: p.Number, Parts: whole}
		for _, q := range whole {
			text.WriteString(q.Text)
			m.Data = append(m.Data, q.Data...)
		}
		m.Text = text.String()
		messages = append(messages, m)
	}
	return messages
}
