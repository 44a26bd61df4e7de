package tpdu

import "github.com/postel-mail/postel/smsengine/sms"

// Information element identifiers (3GPP TS 23.040 §9.2.3.24) beside those that package sms reads.
const (
	ieConcat8  = 0x00
	ieWaiting  = 0x01
	iePorts8   = 0x04
	iePorts16  = 0x05
	ieConcat16 = 0x08
)

// Element is an information element of a user data header.
type Element struct {
	ID   byte
	Data []byte
}

// Elements gives those of the header, as far as they can be read.
func (c Content) Elements() []Element {
	var all []Element
	if len(c.UDH) == 0 {
		return nil
	}
	for rest := c.UDH[1:]; len(rest) >= 2 && len(rest) >= 2+int(rest[1]); rest = rest[2+rest[1]:] {
		all = append(all, Element{ID: rest[0], Data: rest[2 : 2+rest[1]]})
	}
	return all
}

// header puts elements together, nil if there are none.
func header(all []Element) []byte {
	if len(all) == 0 {
		return nil
	}
	udh := []byte{0}
	for _, e := range all {
		udh = append(udh, e.ID, byte(len(e.Data)))
		udh = append(udh, e.Data...)
	}
	udh[0] = byte(len(udh) - 1)
	return udh
}

// sound gives the header without what cannot be read at its end.
func (c Content) sound() []byte { return header(c.Elements()) }

// Concat says which part of which message it is, if it is a part.
func (c Content) Concat() (sms.Concat, bool) {
	concat, found, err := sms.ParseUDH(c.sound())
	return concat, found && err == nil
}

// OwnHeader gives the header without what joins parts, nil if nothing is left: the parts of a binary message have it
// in common.
func (c Content) OwnHeader() []byte {
	var own []Element
	for _, e := range c.Elements() {
		if e.ID != ieConcat8 && e.ID != ieConcat16 {
			own = append(own, e)
		}
	}
	return header(own)
}

// Ports are where in the phone a message goes (3GPP TS 23.040 §9.2.3.24.3, §9.2.3.24.4).
type Ports struct{ To, From uint16 }

// Ports gives those of the header; the last of several hold.
func (c Content) Ports() (p Ports, ok bool) {
	for _, e := range c.Elements() {
		switch d := e.Data; {
		case e.ID == iePorts8 && len(d) == 2:
			p, ok = Ports{To: uint16(d[0]), From: uint16(d[1])}, true
		case e.ID == iePorts16 && len(d) == 4:
			p, ok = Ports{To: uint16(d[0])<<8 | uint16(d[1]), From: uint16(d[2])<<8 | uint16(d[3])}, true
		}
	}
	return p, ok
}

// Waiting gives what the header, or else the coding scheme, says of messages that wait in a mailbox.
func (c Content) Waiting() (w Waiting, ok bool) {
	w, ok = c.DCS.Waiting()
	for _, e := range c.Elements() {
		if e.ID == ieWaiting && len(e.Data) == 2 { // 3GPP TS 23.040 §9.2.3.24.2
			count := int(e.Data[1])
			w = Waiting{Kind: WaitingKind(e.Data[0] & 0x03), Active: count > 0, Store: e.Data[0]&0x80 != 0, Count: count}
			ok = true
		}
	}
	return w, ok
}

// Purpose says what a received message is for.
type Purpose uint8

// The purposes.
const (
	ForReading Purpose = iota // a text to a person
	ForMailbox                // it tells of waiting messages, often in words, too
	ForApp                    // to a port, or data that nothing says more of
	ForWAP                    // WAP push, a port of its own: MMS notifications, settings
	ForSIM                    // the operator's data for the SIM card
	ForMail                   // a mail by way of the network's gateway: the sender's address stands in the text
	ForNothing                // type 0, "silent": to be acknowledged and thrown away
)

// Ports of WAP push, without and with security (registered with IANA, OMA WAP-259-WDP).
const (
	wapPush       = 2948
	wapPushSecure = 2949
)

// Purpose tells the messages for people from all others.
func (c Content) Purpose() Purpose {
	ports, toPort := c.Ports()
	_, waiting := c.Waiting()
	text := c.DCS.Alphabet() != sms.Binary && !c.DCS.Compressed()
	switch {
	case c.PID == pidType0:
		return ForNothing
	case c.PID == pidSIMDownload, c.DCS.Class() == InSIM && !text:
		return ForSIM
	case toPort && (ports.To == wapPush || ports.To == wapPushSecure):
		return ForWAP
	case waiting:
		return ForMailbox
	case toPort, !text:
		return ForApp
	case c.PID == pidEmail:
		return ForMail
	}
	return ForReading
}
