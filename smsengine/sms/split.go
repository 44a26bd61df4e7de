package sms

import "slices"

// SplitText cuts a text into parts. Without Options.Cut a text over the limit is a *TooLongError.
func SplitText(text string, o Options) (Split, error) {
	text = Normalize(text)
	f, whole := o.choose(text), 0
	if f.parts > o.max() {
		if !o.Cut {
			return Split{}, &TooLongError{Parts: f.parts, Max: o.max()}
		}
		whole = f.parts
		f = o.choose(o.shorten(text))
	}
	s := Split{
		Alphabet: f.Alphabet, Language: f.language(), Shift: f.shift(), Units: f.units,
		Parts: make([]Part, f.parts), Truncated: whole > 0, Whole: whole,
	}
	_, joined := f.limits(o.Ref16)
	own, rest := f.header(), f.text
	for i := range s.Parts {
		n := len(rest)
		if f.parts > 1 {
			n = f.fill(rest, joined)
		}
		s.Parts[i] = Part{Text: rest[:n], UDH: o.header(own, f.parts, i+1)}
		rest = rest[n:]
	}
	return s, nil
}

// SplitBinary cuts data into parts of octets. udh is a header for each of them, its length octet first, or nil; to it
// the elements that join the parts are added where there are several. Data is never cut short: too much is a
// *TooLongError.
func SplitBinary(data, udh []byte, o Options) (Split, error) {
	if _, _, err := ParseUDH(udh); err != nil {
		return Split{}, err
	}
	room := 140 - len(udh)
	count := 1
	if len(data) > room {
		if len(udh) == 0 {
			room--
		}
		if room -= elementLen(o.Ref16); room <= 0 || concatenated(udh) {
			return Split{}, ErrHeader
		}
		count = (len(data) + room - 1) / room
	}
	if count > o.max() {
		return Split{}, &TooLongError{Parts: count, Max: o.max()}
	}
	s := Split{Alphabet: Binary, Units: len(data)}
	for i := range count {
		chunk := data[min(i*room, len(data)):min((i+1)*room, len(data))]
		s.Parts = append(s.Parts, Part{Data: slices.Clone(chunk), UDH: o.header(udh, count, i+1)})
	}
	return s, nil
}
