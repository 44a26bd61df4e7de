// Package tpdu reads and writes the short messages that a modem takes and gives in PDU mode: the service centre's
// address, then a TPDU of the Short Message Transfer Layer (3GPP TS 23.040 §9.2.2), in hexadecimal digits (3GPP TS
// 27.005 §4).
//
// ParseLine reads such a line and FormatLine writes one; Decode and a TPDU's Encode do the same for the octets behind
// the service centre. What may come is a Deliver (a text from a phone), a StatusReport (what became of ours), or, from
// a memory, a Submit; the two reports by which a text is taken or refused are there for modems that show them.
// Content is what they have in common: text or data with its coding, its header and what that says.
//
// Reading is tolerant. Networks and modems send lengths that do not fit, headers that are cut off, dates that are none:
// what can be understood is, and each thing that is not as it should be is a flaw that comes with the result. Only what
// leaves nothing to deliver is an error. Writing is strict: a TPDU that leaves here has its reserved bits zero, its
// lengths right and its fields within their bounds, or is an error that names the field.
//
// Everything here is pure.
package tpdu

import "fmt"

// Direction says whose TPDU it is, for the same type indicator means another thing each way (3GPP TS 23.040 §9.2.3.1).
type Direction uint8

// The directions, as seen from the phone or modem. What a memory lists as unsent or sent is MobileOriginated.
const (
	MobileTerminated Direction = iota // from the service centre
	MobileOriginated                  // to the service centre
)

// TPDU is one of *Deliver, *Submit, *StatusReport, *DeliverReport and *SubmitReport.
type TPDU interface {
	// Name is "deliver", "submit", "status-report", "deliver-report" or "submit-report".
	Name() string
	// Encode gives the octets, without a service centre. An error is an *Error.
	Encode() ([]byte, error)
}

// Error is what is wrong with a field: in what Decode returns beside a TPDU it was passed over.
type Error struct {
	Field   string // "TP-UD", as the standard has it
	Octet   int    // where, counted from 0 at the first octet that was given; -1 in what Encode returns
	Problem string // for people
}

func (e *Error) Error() string {
	if e.Octet < 0 {
		return e.Field + ": " + e.Problem
	}
	return fmt.Sprintf("%s at octet %d: %s", e.Field, e.Octet, e.Problem)
}

// wrong is an error of what is to be written.
func wrong(field, format string, args ...any) error {
	return &Error{Field: field, Octet: -1, Problem: fmt.Sprintf(format, args...)}
}

// Bits of the first octet (3GPP TS 23.040 §9.2.3).
const (
	typeBits  = 0x03 // TP-MTI
	noMore    = 0x04 // TP-MMS: no more messages wait
	rejectDup = 0x04 // TP-RD
	loop      = 0x08 // TP-LP
	formatVP  = 0x18 // TP-VPF
	report    = 0x20 // TP-SRI, TP-SRR, TP-SRQ
	hasHeader = 0x40 // TP-UDHI
	replyPath = 0x80 // TP-RP
)

// Values of TP-MTI.
const (
	typeDeliver  = 0 // to us a text, from us a report on one
	typeSubmit   = 1 // from us a text, to us a report on one
	typeStatus   = 2 // from us a command
	typeReserved = 3
)

// Decode reads a TPDU without its service centre. It keeps nothing of b. The flaws are what it passed over; an error is
// an *Error.
func Decode(b []byte, d Direction) (t TPDU, flaws []*Error, err error) {
	r := &reader{octets: b}
	first := r.octet("TP-MTI")
	switch kind := first & typeBits; {
	case kind == typeDeliver && d == MobileTerminated:
		t = readDeliver(r, first)
	case kind == typeReserved && d == MobileTerminated:
		r.flaw("TP-MTI", "reserved, read as SMS-DELIVER") // 3GPP TS 23.040 §9.2.3.1
		t = readDeliver(r, first)
	case kind == typeSubmit && d == MobileOriginated:
		t = readSubmit(r, first)
	case kind == typeStatus && d == MobileTerminated:
		t = readStatusReport(r, first)
	case kind == typeSubmit:
		t = readSubmitReport(r, first)
	case kind == typeDeliver:
		t = readDeliverReport(r, first)
	default:
		r.fail("TP-MTI", "%d is neither a text nor a report", kind)
	}
	if r.err != nil {
		return nil, r.flaws, r.err
	}
	if left := r.left(); left > 0 {
		r.flaw("TPDU", "%d octets too many", left)
	}
	return t, r.flaws, nil
}

// reader takes octets one field after the other. The first error stays, and gives zeros from then on.
type reader struct {
	octets []byte
	at     int
	flaws  []*Error
	err    error
}

func (r *reader) left() int { return len(r.octets) - r.at }

func (r *reader) octet(field string) byte {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

// take gives the next n octets, or nil and an error.
func (r *reader) take(field string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if r.left() < n {
		r.fail(field, "%d of %d octets are there", r.left(), n)
		return nil
	}
	r.at += n
	return r.octets[r.at-n : r.at]
}

func (r *reader) fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Field: field, Octet: r.at, Problem: fmt.Sprintf(format, args...)}
	}
}

// flaw notes something that is passed over, at the octet that was read last.
func (r *reader) flaw(field, format string, args ...any) {
	if r.err == nil {
		r.flaws = append(r.flaws, &Error{Field: field, Octet: max(r.at-1, 0), Problem: fmt.Sprintf(format, args...)})
	}
}

// bit gives mask if set is true.
func bit(set bool, mask byte) byte {
	if set {
		return mask
	}
	return 0
}
