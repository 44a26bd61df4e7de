package sms

import "unicode/utf8"

// form is a text in the coding that it travels in.
type form struct {
	*coding
	text    string // in near characters, if it needed them
	units   int
	parts   int
	changed int // characters that are not as they were written
}

// longestText is how many octets the longest text that can be sent may have. Of one with more only the size is of interest,
// and no table is tried for it.
const longestText = MaxParts * 160 * utf8.UTFMax

// choose gives the form that costs the fewest parts. Of those that cost the same it takes one in GSM 7 bit, with the
// fewest changes to what was written, that asks the least of the phone: the default alphabet before a single shift, a
// single shift before a locking one. The last word has the number of units.
func (o Options) choose(text string) form {
	if len(text) > longestText {
		o.Languages = nil
	}
	units, end := plainGSM.span(text)
	whole := end == len(text)
	if alone, _ := plainGSM.limits(false); whole && (units <= alone || len(o.Languages) == 0 || units == utf8.RuneCountInString(text)) {
		return o.form(plainGSM, text, units)
	}
	c := plainGSM
	if !whole {
		c = ucs2
		units, _ = c.span(text)
	}
	best := o.form(c, text, units)
	if len(o.Languages) == 0 && !o.Transliterate {
		return best
	}
	o.each(func(c *coding) {
		if f, ok := o.in(c, text); ok && f.before(best) {
			best = f
		}
	})
	return best
}

// each calls f with the codings in GSM 7 bit that are allowed, those that ask the least of a phone first.
func (o Options) each(f func(*coding)) {
	f(plainGSM)
	for i := range 3 {
		for _, l := range o.Languages {
			if NoLanguage < l && l <= Urdu {
				f(national[l]()[i])
			}
		}
	}
}

// in gives the form that a text takes in a coding, in near characters if it must be and may be.
func (o Options) in(c *coding, text string) (form, bool) {
	if units, end := c.span(text); end == len(text) {
		return o.form(c, text, units), true
	}
	if !o.Transliterate {
		return form{}, false
	}
	near, changed, ok := c.near(text)
	if !ok || near == "" { // a text that shows nothing stays one, rather than become none
		return form{}, false
	}
	units, _ := c.span(near)
	f := o.form(c, near, units)
	f.changed = changed
	return f, true
}

// form counts the parts of a text that the coding has.
func (o Options) form(c *coding, text string, units int) form {
	f := form{coding: c, text: text, units: units, parts: 1}
	if alone, joined := c.limits(o.Ref16); units > alone {
		f.parts = 0
		for rest := text; rest != ""; f.parts++ {
			rest = rest[c.fill(rest, joined):]
		}
	}
	return f
}

// before reports whether f is better than g. Forms are compared in the order of each: of equal ones the first stays.
func (f form) before(g form) bool {
	switch {
	case f.parts != g.parts:
		return f.parts < g.parts
	case f.Alphabet != g.Alphabet:
		return f.Alphabet == GSM7
	case f.changed != g.changed:
		return f.changed < g.changed
	case f.shift() != g.shift():
		return f.shift() < g.shift()
	}
	return f.units < g.units
}

func (f form) size() Size {
	return Size{Alphabet: f.Alphabet, Units: f.units, Parts: f.parts, Language: f.language(), Shift: f.shift()}
}
