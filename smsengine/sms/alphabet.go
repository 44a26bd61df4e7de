package sms

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// coding is one way in which a text can travel: UCS-2, or GSM 7 bit with a pair of tables.
type coding struct {
	Alphabet
	tables
	beyond [2]septet            // of the only characters beyond reach that are in a table, in the order of far
	known  [reach]septet        // by code point
	ascii  [utf8.RuneSelf]uint8 // how many units each takes
}

// tables are those that the septets of a part are read with. The zero value is the default alphabet and its extension.
type tables struct{ locking, single Language }

// reach is above the code points of all tables but two.
const reach = 0x0e00

var far = [2]rune{'€', '∞'}

// septet is how a coding writes a character: its code in the low 7 bits, and how many septets it takes in the two
// highest. One that takes two is written behind an escape; 0 is a character that the coding lacks.
type septet uint16

func (s septet) length() int { return int(s >> 14) }
func (s septet) code() byte  { return byte(s & 0x7f) }

var (
	plainGSM = newCoding(tables{})
	ucs2     = newUCS2()
)

func newUCS2() *coding {
	c := &coding{Alphabet: UCS2}
	for r := range c.ascii {
		c.ascii[r] = 1
	}
	return c
}

func newCoding(t tables) *coding {
	c := &coding{Alphabet: GSM7, tables: t}
	c.learn(lockingPage(t.locking), 1)
	c.learn(singlePage(t.single), 2)
	for r := range c.ascii {
		c.ascii[r] = uint8(c.known[r].length())
	}
	return c
}

// learn takes the characters of a page that are not known yet, each with its first code.
func (c *coding) learn(p *page, length int) {
	for code, r := range p {
		if r == 0 || r == escape {
			continue
		}
		place := &c.beyond[0]
		if int(r) < reach {
			place = &c.known[r]
		} else if i := slices.Index(far[:], r); i >= 0 {
			place = &c.beyond[i]
		}
		if *place == 0 {
			*place = septet(length)<<14 | septet(code)
		}
	}
}

// septet is how the coding writes a character.
func (c *coding) septet(r rune) septet {
	if int(r) < reach {
		return c.known[r]
	}
	if i := slices.Index(far[:], r); i >= 0 {
		return c.beyond[i]
	}
	return 0
}

// national are the codings of one language, by what they cost a reader whose phone does not know the tables: behind an
// unknown single shift it shows the letter of the default alphabet that looks most like the one meant.
var national = func() (all [Urdu + 1]func() [3]*coding) {
	for l := range all {
		language := Language(l)
		all[l] = sync.OnceValue(func() [3]*coding {
			return [3]*coding{
				newCoding(tables{single: language}), newCoding(tables{locking: language}), newCoding(tables{language, language}),
			}
		})
	}
	return all
}()

func (c *coding) language() Language { return max(c.locking, c.single) }

func (c *coding) shift() (s Shift) {
	if c.single != NoLanguage {
		s |= SingleShift
	}
	if c.locking != NoLanguage {
		s |= LockingShift
	}
	return s
}

// units says what a character takes, in a coding that has it.
func (c *coding) units(r rune) int {
	if c.Alphabet == GSM7 {
		return c.septet(r).length()
	}
	return utf16Of(r)
}

func utf16Of(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// span counts the units of the longest beginning of text that the coding has, and its octets.
func (c *coding) span(text string) (units, end int) {
	for end < len(text) {
		if b := text[end]; b < utf8.RuneSelf {
			n := c.ascii[b]
			if n == 0 {
				break
			}
			units += int(n)
			end++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[end:])
		n := c.units(r)
		if n == 0 {
			break
		}
		units += n
		end += size
	}
	return units, end
}

// header gives the user data header of a part that stands alone: the elements that name its tables (3GPP TS 23.040
// §9.2.3.24.15, §9.2.3.24.16), or nil.
func (c *coding) header() []byte {
	if c.tables == (tables{}) {
		return nil
	}
	udh := []byte{0}
	if c.single != NoLanguage {
		udh = append(udh, singleShift, 1, byte(c.single))
	}
	if c.locking != NoLanguage {
		udh = append(udh, lockingShift, 1, byte(c.locking))
	}
	udh[0] = byte(len(udh) - 1)
	return udh
}

// limits are the units of a part that stands alone, and of one that is joined to others.
func (c *coding) limits(ref16 bool) (alone, joined int) {
	elements := 0
	if c.single != NoLanguage {
		elements += shiftLen
	}
	if c.locking != NoLanguage {
		elements += shiftLen
	}
	alone = 140
	if elements > 0 {
		alone -= 1 + elements
	}
	joined = 140 - 1 - elements - elementLen(ref16)
	switch c.Alphabet {
	case GSM7:
		return alone * 8 / 7, joined * 8 / 7
	case UCS2:
		return alone / 2, joined / 2
	}
	return alone, joined
}
