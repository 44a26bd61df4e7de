package smsengine

import (
	"fmt"
	"slices"
)

// Abilities are what a kind of gateway can carry, as its driver knows from its
// settings. A text is routed past those that cannot carry it.
type Abilities struct {
	Alphabets []string // as Body.Alphabet has them; none: all
	National  bool     // gsm7 with national tables (3GPP TS 23.038 §6.2.1.2)
	MaxParts  int      // of one message; 0: any number
	Octets    int      // parts of a binary message; 0: as MaxParts
	Bare      bool     // of a binary message only the data, without a header of its own
	Sender    bool     // a text can show another sender than the gateway's number
	Receipts  bool     // the network reports what became of a text
}

// Carrier is the settings of a driver, if they tell what it can carry.
type Carrier interface{ Abilities() Abilities }

// Carries refuses a message that the gateway cannot carry; nil if it can.
func (a Abilities) Carries(m Message) *Error {
	binary := m.Body.Alphabet == "binary"
	alphabet := len(a.Alphabets) == 0 || slices.Contains(a.Alphabets, m.Body.Alphabet)
	switch {
	case !alphabet && binary:
		return unable("5.6.1", "this gateway carries no binary messages")
	case !alphabet:
		return unable("5.6.1", "this gateway cannot carry the characters of this text")
	case m.Body.National != "" && !a.National:
		return unable("5.6.1", "this gateway knows no national alphabets")
	case a.MaxParts > 0 && len(m.Parts) > a.MaxParts:
		return unable("5.2.3", fmt.Sprintf("the text is too long: this gateway carries %d part(s)", a.MaxParts))
	case binary && a.Octets > 0 && len(m.Parts) > a.Octets:
		return unable("5.2.3", fmt.Sprintf("this gateway carries binary messages of %d part(s)", a.Octets))
	case binary && a.Bare && len(m.Body.UDH) > 0:
		return unable("5.6.1", "this gateway carries no user data headers")
	}
	return nil
}

func unable(code, text string) *Error { return Fail("carries", Permanent, code, text, nil) }
