package sms

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// near gives text in near characters that the coding has: accents are composed, or go with what bears them replaced by
// the letter alone; typographic quotes, dashes, spaces and signs become those of a typewriter; what is invisible goes.
// changed counts the characters replaced. Whole scripts, emoji and signs without a near one are not replaced: then
// whole is false, and near is what the text becomes up to the first of them.
func (c *coding) near(text string) (near string, changed int, whole bool) {
	var b strings.Builder
	var before rune
	for _, r := range norm.NFC.String(text) {
		if c.septet(r) != 0 {
			b.WriteRune(r)
		} else {
			s, ok := c.nearest(r, before)
			if !ok {
				return b.String(), changed, false
			}
			b.WriteString(s)
			changed++
		}
		before = r
	}
	return b.String(), changed, true
}

// nearest gives what stands for a character that the coding lacks.
func (c *coding) nearest(r, before rune) (string, bool) {
	if invisible(r) {
		return "", true
	}
	if unicode.Is(unicode.Zs, r) || r == '\t' {
		return " ", c.hasAll(" ")
	}
	s, ok := nearby[r]
	if !ok {
		if s, ok = c.parts(r); !ok {
			return "", false
		}
	}
	if unicode.IsDigit(before) && s != "" && s[0] >= '0' && s[0] <= '9' {
		if strings.Contains(s, "/") {
			s = " " + s // 1½
		} else {
			s = "^" + s // 10²
		}
	}
	return s, c.hasAll(s)
}

// compatible are the characters that Unicode itself takes apart into what they look like: accented Latin letters,
// ligatures, fractions, superscripts, letters in other fonts and widths.
var compatible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00b2, 0x00b3, 1}, {0x00b9, 0x00ba, 1}, {0x00aa, 0x00aa, 1}, {0x00bc, 0x00be, 1}, {0x00c0, 0x024f, 1},
		{0x1e00, 0x1eff, 1}, {0x2070, 0x209c, 1}, {0x2100, 0x214f, 1}, {0x2150, 0x217f, 1}, {0xfb00, 0xfb06, 1},
		{0xff01, 0xff5e, 1},
	},
	R32: []unicode.Range32{{0x1d400, 0x1d7ff, 1}},
}

// parts takes a compatible character apart and keeps what the coding has, or has near, without accents.
func (c *coding) parts(r rune) (string, bool) {
	if !unicode.Is(compatible, r) {
		return "", false
	}
	var b strings.Builder
	for _, part := range norm.NFKD.String(string(r)) {
		switch s, ok := nearby[part]; {
		case unicode.Is(unicode.Mn, part):
		case c.septet(part) != 0 && part != r:
			b.WriteRune(part)
		case ok:
			b.WriteString(s)
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

func (c *coding) hasAll(text string) bool {
	for _, r := range text {
		if c.septet(r) == 0 {
			return false
		}
	}
	return true
}

// invisible are characters that show nothing: marks of direction and of joining, soft hyphens, the choice of how an
// emoji looks, accents on letters that have none with it, and controls.
func invisible(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0xfeff, r == 0x61c,
		r >= 0x300 && r <= 0x36f,
		r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfe00 && r <= 0xfe0f,
		r < ' ' && r != '\t' && r != '\v', r >= 0x7f && r <= 0x9f && r != 0x85:
		return true
	}
	return false
}

// nearby are characters that look or read much like others, and that Unicode does not take apart.
var nearby = func() map[rune]string {
	table := map[rune]string{
		'…': "...", '⋯': "...", '‥': "..", '·': ".", '™': "(TM)", '©': "(C)", '®': "(R)", '°': "deg", 'µ': "u", 'μ': "u",
		'×': "x", '÷': "/", '±': "+/-", '≈': "~", '≠': "!=", '≤': "<=", '≥': ">=", '⁄': "/", '∕': "/", '∗': "*", '∶': ":",
		'→': "->", '←': "<-", '↔': "<->", '⇒': "=>", '⇐': "<=", '⇔': "<=>", '➔': "->", '➜': "->", '➡': "->", '⟶': "->",
		'Œ': "OE", 'œ': "oe", 'Ĳ': "IJ", 'ĳ': "ij", 'Þ': "Th", 'þ': "th", 'Ð': "D", 'ð': "d", 'Đ': "D", 'đ': "d", 'Ħ': "H",
		'ħ': "h", 'ı': "i", 'Ł': "L", 'ł': "l", 'Ŋ': "N", 'ŋ': "n", 'Ŧ': "T", 'ŧ': "t", 'ĸ': "k", 'ŉ': "'n", 'ſ': "s", 'ẞ': "SS",
		'Ə': "E", 'ə': "e", 'Æ': "AE", 'æ': "ae", 'Ø': "O", 'ø': "o", 'ß': "ss", 'ƒ': "f", '¢': "c", '₹': "Rs", '₺': "TL",
		'¦': "|", '¨': "\"", '¯': "-", '¸': ",", '\ufffd': "?", '\v': "\n", '\u0085': "\n", '\u2028': "\n", '\u2029': "\n",
	}
	for s, all := range map[string]string{
		"'":  "‘’‚‛ʹʻʼʽˈ′‵‹›`´",
		"\"": "“”„‟″‶«»〝〞",
		"-":  "‐‑‒–—―−⁃﹘﹣－",
		"*":  "•‣∙●○◦▪▫■□◆★☆",
		"|":  "│┃",
	} {
		for _, r := range all {
			table[r] = s
		}
	}
	for r, latin := range map[rune]string{ // Greek capitals for which the alphabet has no letter but the Latin one
		'Α': "A", 'Β': "B", 'Ε': "E", 'Ζ': "Z", 'Η': "H", 'Ι': "I", 'Κ': "K", 'Μ': "M", 'Ν': "N", 'Ο': "O", 'Ρ': "P", 'Τ': "T",
		'Υ': "Y", 'Χ': "X", 'Ά': "A", 'Έ': "E", 'Ή': "H", 'Ί': "I", 'Ό': "O", 'Ύ': "Y", 'Ώ': "Ω", 'Ϊ': "I", 'Ϋ': "Y",
	} {
		table[r] = latin
	}
	return table
}()
