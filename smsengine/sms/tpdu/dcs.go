package tpdu

import "github.com/postel-mail/postel/smsengine/sms"

// DCS is a data coding scheme (3GPP TS 23.038 §4): the alphabet, and what the phone is to do with the message.
type DCS byte

// Class says where a phone keeps a message (3GPP TS 23.038 §4).
type Class int8

// The classes.
const (
	NoClass Class = iota - 1
	Flash         // shown at once and not kept
	InPhone
	InSIM
	InComputer // whatever is connected to the phone
)

// Coding gives the scheme of an alphabet and class: the group "general data coding" without compression.
func Coding(a sms.Alphabet, c Class) DCS {
	var d DCS
	switch a {
	case sms.Binary:
		d = 0x04
	case sms.UCS2:
		d = 0x08
	}
	if c >= Flash && c <= InComputer {
		d |= 0x10 | DCS(c)
	}
	return d
}

// general reports whether the scheme is of the groups 00xx and 01xx, whose bits are flags.
func (d DCS) general() bool { return d < 0x80 }

// Alphabet says what the user data consist of. Schemes that are reserved mean the default alphabet.
func (d DCS) Alphabet() sms.Alphabet {
	switch {
	case d.general() && d&0x0c == 0x04, d >= 0xf0 && d&0x04 != 0:
		return sms.Binary
	case d.general() && d&0x0c == 0x08, d&0xf0 == 0xe0:
		return sms.UCS2
	}
	return sms.GSM7
}

// Class gives the class, or NoClass.
func (d DCS) Class() Class {
	if d.general() && d&0x10 != 0 || d >= 0xf0 {
		return Class(d & 0x03)
	}
	return NoClass
}

// Compressed reports whether the data are compressed (3GPP TS 23.042), which nothing here undoes.
func (d DCS) Compressed() bool { return d.general() && d&0x20 != 0 }

// Deletes reports whether the message is to be deleted once it was read, whatever its class.
func (d DCS) Deletes() bool { return d >= 0x40 && d < 0x80 }

// Reserved reports whether the standard gives the scheme no meaning.
func (d DCS) Reserved() bool {
	switch {
	case d.general():
		return d&0x0c == 0x0c
	case d < 0xc0:
		return true
	case d < 0xf0:
		return d&0x04 != 0
	}
	return d&0x08 != 0
}

// Waiting tells of messages of another kind that wait in a mailbox (3GPP TS 23.038 §4, 3GPP TS 23.040 §9.2.3.24.2).
type Waiting struct {
	Kind   WaitingKind
	Active bool // some wait; false: none any more
	Store  bool // the text that tells it is worth keeping
	Count  int  // how many, where the header tells; 255 for that and more; -1 if it is not told
}

// WaitingKind is what waits.
type WaitingKind uint8

// The kinds.
const (
	Voicemail WaitingKind = iota
	Fax
	Email
	Other
)

// Waiting gives what the scheme says of waiting messages.
func (d DCS) Waiting() (w Waiting, ok bool) {
	if d < 0xc0 || d >= 0xf0 {
		return Waiting{}, false
	}
	return Waiting{Kind: WaitingKind(d & 0x03), Active: d&0x08 != 0, Store: d >= 0xd0, Count: -1}, true
}
