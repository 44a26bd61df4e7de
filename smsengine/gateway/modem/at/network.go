package at

import (
	"strconv"
	"strings"
)

// Registration is the state of the modem in its network (3GPP TS 27.007 §7.2, §10.1.20, §10.1.22).
type Registration struct {
	Status RegistrationStatus
	Area   string // location or tracking area, hexadecimal, as it came; empty if not told
	Cell   string
	Access int // access technology: 0 and 3 GSM, 2 and 4 to 6 UMTS, 7 LTE; -1 if not told
}

// RegistrationStatus is the <stat> of +CREG and its like.
type RegistrationStatus int

// The states that matter. 8 is for emergency calls only, 9 and 10 are without circuit-switched fallback.
const (
	NotSearching  RegistrationStatus = 0
	Home          RegistrationStatus = 1
	Searching     RegistrationStatus = 2
	Denied        RegistrationStatus = 3
	UnknownStatus RegistrationStatus = 4 // out of coverage, among others
	Roaming       RegistrationStatus = 5
	HomeSMS       RegistrationStatus = 6
	RoamingSMS    RegistrationStatus = 7
	lastStatus    RegistrationStatus = 11
)

// Registered reports whether messages can be sent.
func (s RegistrationStatus) Registered() bool {
	return s == Home || s == Roaming || s == HomeSMS || s == RoamingSMS
}

// Roams reports whether they are sent through a network that is not the SIM's own.
func (s RegistrationStatus) Roams() bool { return s == Roaming || s == RoamingSMS }

// String gives the words for people.
func (s RegistrationStatus) String() string {
	names := [...]string{
		"not registered", "registered", "searching", "denied", "unknown", "roaming", "registered for texts", "roaming for texts",
		"emergency calls only", "registered", "roaming", "emergency calls only",
	}
	if s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return "status " + strconv.Itoa(int(s))
}

// answersRegistration reports whether a line answers AT+CREG?, which names the mode of reports first, and is no report:
// behind the state of a report stands an area, in quotes or of four digits.
func answersRegistration(line string) bool {
	_, fields := Fields(line)
	if len(fields) < 2 || fields[1].Quoted || len(fields[1].Text) > 3 {
		return false
	}
	n, ok := fields[1].Int()
	return ok && n >= 0 && RegistrationStatus(n) <= lastStatus
}

// ParseRegistration reads a line of +CREG, +CGREG or +CEREG, be it an answer or a report.
func ParseRegistration(line string) (Registration, error) {
	name, fields := Fields(line)
	at := 0
	if answersRegistration(line) {
		at = 1
	}
	r := Registration{Status: RegistrationStatus(number(fields, at)), Access: number(fields, at+3)}
	if r.Status < 0 || r.Status > lastStatus || name != "+CREG" && name != "+CGREG" && name != "+CEREG" {
		return Registration{}, formError("+CREG", line)
	}
	r.Area, r.Cell = text(fields, at+1), text(fields, at+2)
	return r, nil
}

// Signal is what AT+CSQ says (3GPP TS 27.007 §8.5).
type Signal struct {
	RSSI int // 0 to 31; 99 is not known; UMTS and LTE modems go on from 100 to 191 and 199
	BER  int // 0 to 7; 99 is not known
}

// DBm gives the strength; ok is false where it is not known, which says nothing about the reception.
func (s Signal) DBm() (dBm int, ok bool) {
	switch {
	case s.RSSI >= 0 && s.RSSI <= 31:
		return -113 + 2*s.RSSI, true
	case s.RSSI >= 100 && s.RSSI <= 191:
		return -216 + s.RSSI, true
	}
	return 0, false
}

// Percent gives the strength between -113 dBm and -51 dBm.
func (s Signal) Percent() (percent int, ok bool) {
	dBm, ok := s.DBm()
	if !ok {
		return 0, false
	}
	return min(100, (dBm+113)*100/62), true
}

// ParseSignal reads the answer to AT+CSQ.
func ParseSignal(a Answer) (Signal, error) {
	line, fields := a.named("+CSQ")
	s := Signal{RSSI: number(fields, 0), BER: number(fields, 1)}
	if s.RSSI < 0 || s.RSSI > 199 {
		return Signal{}, formError("+CSQ", line)
	}
	if s.BER < 0 {
		s.BER = 99
	}
	return s, nil
}

// Operator is the network that AT+COPS? names (3GPP TS 27.007 §7.3).
type Operator struct {
	Mode   int    // 0 chosen by the modem, 1 by hand, 2 none wanted, 4 by hand or else by the modem
	Name   string // or its number, "26201"; empty without a network
	Access int    // as in Registration
}

// ParseOperator reads the answer to AT+COPS?.
func ParseOperator(a Answer) (Operator, error) {
	line, fields := a.named("+COPS")
	o := Operator{Mode: number(fields, 0), Name: strings.TrimSpace(fromUCS2(text(fields, 2))), Access: number(fields, 3)}
	if o.Mode < 0 {
		return Operator{}, formError("+COPS", line)
	}
	return o, nil
}
