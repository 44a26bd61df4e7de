package sms

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSeptet is a character that the tables of a part lack, or an octet that is no septet.
var ErrSeptet = errors.New("not in the GSM 7 bit tables")

// Septets gives a text in the tables that its user data header names, one septet an octet: what a driver packs into the
// user data of a TPDU (3GPP TS 23.038 §6.1.2.1). A character that they lack is ErrSeptet.
func Septets(text string, udh []byte) ([]byte, error) {
	t, err := tablesOf(udh)
	if err != nil {
		return nil, err
	}
	c := t.coding()
	septets := make([]byte, 0, len(text))
	for _, r := range text {
		s := c.septet(r)
		switch s.length() {
		case 0:
			return nil, fmt.Errorf("%q: %w", r, ErrSeptet)
		case 2:
			septets = append(septets, escape)
		}
		septets = append(septets, s.code())
	}
	return septets, nil
}

// Text reads the septets of a part, one an octet, with the tables that its user data header names; a table that is not
// known is the default one. An escape to a character that the table lacks gives the one of the other table, an escape
// to an escape, or to nothing, a space (3GPP TS 23.038 §6.2.1.1), and an empty place U+FFFD. Line ends are as they
// came, for a CR at the end of a part may belong to an LF that begins the next: Normalize what Join gives.
func Text(septets, udh []byte) (string, error) {
	t, err := tablesOf(udh)
	if err != nil {
		return "", err
	}
	locking, single := lockingPage(t.locking), singlePage(t.single)
	var b strings.Builder
	for i := 0; i < len(septets); i++ {
		code := septets[i]
		if code > 0x7f {
			return "", fmt.Errorf("octet %#x: %w", code, ErrSeptet)
		}
		r := locking[code]
		if code == escape {
			r = ' '
			if i++; i < len(septets) && septets[i] != escape {
				if septets[i] > 0x7f {
					return "", fmt.Errorf("octet %#x: %w", septets[i], ErrSeptet)
				}
				if r = single[septets[i]]; r == 0 {
					r = locking[septets[i]]
				}
			}
		}
		if r == 0 {
			r = '\ufffd'
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// tablesOf finds the tables that a user data header names; of several for one place the last holds.
func tablesOf(udh []byte) (t tables, err error) {
	err = elements(udh, func(id byte, data []byte) {
		if len(data) != 1 || Language(data[0]) > Urdu {
			return
		}
		switch id {
		case singleShift:
			t.single = Language(data[0])
		case lockingShift:
			t.locking = Language(data[0])
		}
	})
	return t, err
}

// coding gives the one that has these tables.
func (t tables) coding() *coding {
	switch {
	case t == tables{}:
		return plainGSM
	case t.locking == NoLanguage:
		return national[t.single]()[0]
	case t.single == NoLanguage:
		return national[t.locking]()[1]
	case t.single == t.locking:
		return national[t.single]()[2]
	}
	return newCoding(t)
}
