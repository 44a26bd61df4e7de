package at

import "strings"

// Stored is a message in a memory (3GPP TS 27.005 §4.1, §4.2).
type Stored struct {
	Index  int // -1 if not told, as after AT+CMGR
	Status StoredStatus
	Length int    // octets of the TPDU as announced; -1 if not told
	PDU    string // hexadecimal; empty or cut off where the line got lost
}

// StoredStatus is what a memory knows of a message. Reading changes it.
type StoredStatus int

// The states.
const (
	StatusUntold StoredStatus = iota - 1
	Unread
	Read
	Unsent
	Sent
)

// Ours reports whether the message is one that was to be sent, and no received one.
func (s StoredStatus) Ours() bool { return s == Unsent || s == Sent }

// textStatus are the states in text mode, which some modems use in either.
var textStatus = []string{"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"}

// ParseList reads the answer to AT+CMGL, and passes over what is no message. A message whose PDU is missing has none.
func ParseList(a Answer) []Stored { return stored(a.Lines, "+CMGL") }

// ParseRead reads the answer to AT+CMGR; ok is false where the place is empty.
func ParseRead(a Answer) (s Stored, ok bool) {
	all := stored(a.Lines, "+CMGR")
	if len(all) == 0 || all[0].Length == 0 && all[0].PDU == "" {
		return Stored{}, false
	}
	return all[0], true
}

func stored(lines []string, wanted string) []Stored {
	var all []Stored
	for _, line := range lines {
		if name, fields := Fields(line); name == wanted {
			all = append(all, storedHeader(fields, wanted == "+CMGL"))
			continue
		}
		if len(all) == 0 || strings.Trim(line, "0123456789ABCDEFabcdef") != "" {
			continue
		}
		if m := &all[len(all)-1]; m.PDU == "" || m.Length >= 0 && !fits(m.PDU, m.Length) && len(m.PDU) < 2*m.Length {
			m.PDU += line // some modems break it
		}
	}
	return all
}

// storedHeader reads index, state, name and length, of which any may be missing; the length is last.
func storedHeader(fields []Field, indexed bool) Stored {
	s := Stored{Index: -1, Status: StatusUntold, Length: -1}
	if indexed && len(fields) > 0 {
		s.Index = number(fields, 0)
		fields = fields[1:]
	}
	if len(fields) > 1 {
		s.Length = number(fields, len(fields)-1)
	}
	if n := number(fields, 0); n >= 0 && n <= int(Sent) {
		s.Status = StoredStatus(n)
	}
	for i, name := range textStatus {
		if strings.EqualFold(text(fields, 0), name) {
			s.Status = StoredStatus(i)
		}
	}
	return s
}

// ParseReference reads the answer to AT+CMGS: the TP-MR that the modem chose, by which a status report names the text.
func ParseReference(a Answer) (byte, error) {
	line, fields := a.named("+CMGS")
	if n := number(fields, 0); n >= 0 && n <= 255 {
		return byte(n), nil
	}
	return 0, formError("+CMGS", line)
}

// ParsePlace reads where a +CMTI, +CDSI or +CBMI says that something was stored. Some modems leave out the memory.
func ParsePlace(u Unsolicited) (memory string, index int, err error) {
	_, fields := Fields(u.Line)
	index = number(fields, len(fields)-1)
	if index < 0 {
		return "", 0, formError(u.Name, u.Line)
	}
	if len(fields) > 1 {
		memory = strings.ToUpper(text(fields, 0))
	}
	return memory, index, nil
}

// ParseLength reads how many octets the TPDU of a +CMT, +CDS or +CBM has; -1 if it is not told.
func ParseLength(u Unsolicited) int {
	_, fields := Fields(u.Line)
	if len(fields) > 2 {
		return -1
	}
	return number(fields, len(fields)-1)
}
