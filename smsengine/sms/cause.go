package sms

import (
	"fmt"
	"strings"
)

// Class says what a cause means for the next step. The values are those of the engine's class of the same name.
type Class uint8

// The classes.
const (
	OK        Class = iota // no failure
	Temporary              // not sent or not delivered; another try can succeed
	Permanent              // no later try will change it
	Uncertain              // perhaps sent
)

// Cause is what the telephone network says about a text, in the words of mail.
type Cause struct {
	Class  Class
	Trying bool   // the network goes on by itself: nothing is final yet
	Fault  bool   // the trouble of a modem or its SIM: no text can leave through it, and this one is not to blame
	Code   string // RFC 3463; 2.1.5 if the phone has it, 2.1.9 if it was handed on and nobody can tell
	Text   string // for people, one line
	// Diagnostic is the network's own code and name, "TP-Status 0x45 (no interworking available)", for the
	// Diagnostic-Code of RFC 3464 §2.3.6.
	Diagnostic string
}

// words are what people are told, each with the second and third digit of its RFC 3463 code.
type words struct{ code, text string }

var (
	delivered    = words{"1.5", "the phone has it"}
	handedOn     = words{"1.9", "the network handed it on and cannot tell whether the phone got it"}
	noNumber     = words{"1.1", "the phone network knows no such number"}
	badNumber    = words{"1.3", "the phone network does not take this number"}
	barred       = words{"7.1", "the phone network does not allow texts to this number from here"}
	refused      = words{"7.1", "the phone network refused the text"}
	refusedThere = words{"2.1", "the phone refused the text"}
	outOfReach   = words{"4.1", "the phone is switched off or out of reach"}
	phoneBusy    = words{"2.1", "the phone is busy"}
	phoneTrouble = words{"2.0", "the phone had trouble with the text"}
	undelivered  = words{"2.0", "the phone network could not deliver it to the phone"}
	phoneFull    = words{"2.2", "the phone's memory for texts is full"}
	congested    = words{"4.5", "the phone network is busy"}
	outOfOrder   = words{"4.0", "the phone network is out of order"}
	noService    = words{"4.1", "the gateway has no connection to the phone network"}
	noAnswer     = words{"4.2", "the phone network did not answer; perhaps the text was sent"}
	noRoute      = words{"4.4", "there is no way from this network to that phone"}
	tooOld       = words{"4.7", "the phone network gave up: the phone could not be reached in time"}
	removed      = words{"7.0", "the text was removed from the phone network"}
	forgotten    = words{"4.0", "the phone network no longer knows what became of the text"}
	unsuitable   = words{"6.1", "the phone or its network cannot take this kind of text"}
	malformed    = words{"5.4", "the phone network did not understand the gateway"}
	modemFault   = words{"3.0", "the gateway's modem is out of order"}
	simFault     = words{"3.0", "the SIM card of the gateway's modem cannot be used"}
	modemFull    = words{"3.1", "the memory of the gateway's modem is full"}
	otherTrouble = words{"0.0", "the phone network reported trouble that it did not explain"}
)

// row is one entry of a table of causes.
type row struct {
	class Class
	words words
	name  string // the network's own
}

func (r row) cause(diagnostic string) Cause {
	if r.name != "" {
		diagnostic += " (" + r.name + ")"
	}
	return Cause{Class: r.class, Code: r.class.digit() + r.words.code, Text: r.words.text, Diagnostic: diagnostic}
}

// digit is what an RFC 3463 code of the class begins with. What is uncertain is not known to have failed for good.
func (c Class) digit() string {
	switch c {
	case OK:
		return "2."
	case Permanent:
		return "5."
	}
	return "4."
}

// TPStatus reads the status of a status report (3GPP TS 23.040 §9.2.3.15). Values that are reserved mean that the
// service was rejected.
func TPStatus(status byte) Cause {
	r, known := statuses[status]
	switch {
	case known:
	case status >= 0x10 && status <= 0x1f:
		r = row{OK, handedOn, "specific to the SC"}
	case status >= 0x30 && status <= 0x3f, status >= 0x70 && status <= 0x7f:
		r = row{Temporary, otherTrouble, "specific to the SC"}
	case status >= 0x50 && status <= 0x5f:
		r = row{Permanent, otherTrouble, "specific to the SC"}
	case status >= 0x40 && status <= 0x4f:
		r = row{Permanent, refused, "reserved"}
	default:
		r = row{Temporary, refused, "reserved"}
	}
	c := r.cause(fmt.Sprintf("TP-Status 0x%02X", status))
	c.Trying = status >= 0x20 && status <= 0x3f
	return c
}

// TPFailure reads the failure cause with which a service centre or phone refuses a text (3GPP TS 23.040 §9.2.3.22).
func TPFailure(cause byte) Cause {
	return failure(cause).cause(fmt.Sprintf("TP-FCS 0x%02X", cause))
}

func failure(cause byte) row {
	r, known := failures[cause]
	switch {
	case known:
		return r
	case cause >= 0x80 && cause <= 0x8f:
		return row{Permanent, unsuitable, "TP-PID error"}
	case cause >= 0x90 && cause <= 0x9f:
		return row{Permanent, unsuitable, "TP-DCS error"}
	case cause >= 0xa0 && cause <= 0xaf:
		return row{Permanent, malformed, "TP-Command error"}
	}
	return row{Temporary, otherTrouble, ""}
}

// RPCause reads the cause with which the network refuses to take a text (3GPP TS 24.011 §8.2.5.4). One that is not
// listed there counts as 41, a temporary failure.
func RPCause(cause byte) Cause {
	return relay(cause).cause(fmt.Sprintf("RP-Cause %d", cause))
}

func relay(cause byte) row {
	if r, ok := relays[cause]; ok {
		return r
	}
	return row{Temporary, otherTrouble, ""}
}

// CMSError reads the number of +CMS ERROR (3GPP TS 27.005 §3.2.5) in answer to +CMGS: an RP cause up to 127, a failure
// cause of TP up to 255, then errors of the modem. What is not known to have failed is Uncertain.
func CMSError(code int) Cause {
	r, known := cmsErrors[code]
	switch {
	case known:
	case code >= 0 && code <= 127:
		r = relay(byte(code))
	case code >= 128 && code <= 255:
		r = failure(byte(code))
	default:
		r = row{Uncertain, noAnswer, ""}
	}
	return r.modem(fmt.Sprintf("CMS ERROR %d", code))
}

// CMEError reads the number of +CME ERROR (3GPP TS 27.007 §9.2), with which some modems answer +CMGS.
func CMEError(code int) Cause {
	r, known := cmeErrors[code]
	if !known {
		r = row{Uncertain, noAnswer, ""}
	}
	return r.modem(fmt.Sprintf("CME ERROR %d", code))
}

func (r row) modem(diagnostic string) Cause {
	c := r.cause(diagnostic)
	c.Fault = r.words == modemFault || r.words == simFault || r.words == modemFull
	return c
}

// SMPPState reads the state of a message as SMPP numbers it in message_state (SMPP 3.4 §5.2.28, 5.0 §4.7.15).
func SMPPState(state byte) Cause {
	if int(state) < len(states) {
		return SMPPStat(states[state].word)
	}
	return row{Uncertain, forgotten, ""}.cause(fmt.Sprintf("SMPP message_state %d", state))
}

// SMPPStat reads the word behind stat: in the text of an SMPP receipt (SMPP 3.4 Appendix B), in any case.
func SMPPStat(word string) Cause {
	word = strings.ToUpper(strings.TrimSpace(word))
	for _, s := range states {
		if s.word == word {
			c := s.cause("SMPP " + word)
			c.Trying = s.trying
			return c
		}
	}
	return row{Uncertain, forgotten, ""}.cause("SMPP " + printable(word))
}

// printable keeps what a stranger's word may show in a report: at most 16 letters and digits.
func printable(word string) string {
	keep := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, word)
	if keep == "" {
		return "state unknown"
	}
	return keep[:min(len(keep), 16)]
}
