package sms

import "slices"

// SplitText cuts a text into parts. Without Options.Cut a text over the limit is a *TooLongError.
func SplitText(text string, o Options) (Split, error) {
	text = Normalize(text)
	size, truncated := measure(text, o.Ref16), false
	if size.Parts > o.max() {
		if !o.Cut {
			return Split{}, &TooLongError{Parts: size.Parts, Max: o.max()}
		}
		text = shorten(text, o.max(), o.Ref16)
		size, truncated = measure(text, o.Ref16), true
	}
	s := Split{Alphabet: size.Alphabet, Units: size.Units, Truncated: truncated, Parts: make([]Part, size.Parts)}
	_, joined := size.Alphabet.limits(o.Ref16)
	for i := range s.Parts {
		n := len(text)
		if size.Parts > 1 {
			n = fill(size.Alphabet, text, joined)
		}
		s.Parts[i] = Part{Text: text[:n], UDH: o.header(nil, size.Parts, i+1)}
		text = text[n:]
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
