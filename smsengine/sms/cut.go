package sms

import (
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// fill gives how many octets of text go into a part of limit units: as many as fit, short of tearing a cluster.
func (c *coding) fill(text string, limit int) int {
	used := 0
	for i := 0; i < len(text); {
		n, size := 0, 1
		if b := text[i]; b < utf8.RuneSelf {
			n = int(c.ascii[b])
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			n = c.units(r)
		}
		if used += n; used > limit {
			if c == plainGSM { // it has nothing that joins what stands before it
				return i
			}
			return untorn(text, i)
		}
		i += size
	}
	return len(text)
}

// untorn moves a cut at text[:at] back to the nearest boundary between grapheme clusters (UAX 29). A cluster that
// begins the text and does not end before the cut is torn, since it fits no part.
func untorn(text string, at int) int {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, size := utf8.DecodeRuneInString(text[at:])
	if plain(before) && plain(after) {
		return at
	}
	end, state := 0, -1
	for rest := text[:at+size]; rest != ""; { // what comes behind has no say, and may be a cluster of a megabyte
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > at {
			break
		}
		end += len(cluster)
	}
	if end == 0 {
		return at
	}
	return end
}

// plain are common characters that never join what stands beside another of them (grapheme cluster break Other, or
// whole Hangul syllables). Most cuts fall between two of them, and need no look at the clusters.
func plain(r rune) bool {
	switch {
	case r < 0x300: // Latin, and controls: line ends are never CR LF here
		return r != '\r' && r != 0xad
	case r < 0x483: // Greek, Cyrillic
		return r >= 0x370
	case r < 0x530:
		return r >= 0x48a
	case r >= 0x5d0 && r <= 0x5ea, // Hebrew
		r >= 0x621 && r <= 0x64a,   // Arabic
		r >= 0x3041 && r <= 0x3096, // kana
		r >= 0x30a1 && r <= 0x30fa,
		r >= 0x4e00 && r <= 0x9fff, // Han
		r >= 0xac00 && r <= 0xd7a3, // Hangul
		r >= 0x2010 && r <= 0x2027:
		return true
	}
	return false
}

// cut gives the texts of the parts.
func (f form) cut(ref16 bool) []string {
	parts := make([]string, 0, f.parts)
	_, joined := f.limits(ref16)
	text := f.text
	for len(parts) < f.parts-1 {
		n := f.fill(text, joined)
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return append(parts, text)
}

// shorten gives the longest beginning of text that, with an ellipsis, fits the parts that it may have, and goes back to
// the end of a word for it. A beginning that a GSM 7 bit coding has may be longer than one in UCS-2.
func (o Options) shorten(text string) string {
	text = beginning(text, o.max()*160*utf8.UTFMax)
	head, longest, tail := "", -1, "..."
	consider := func(c *coding, text, ellipsis string) {
		_, end := c.span(text)
		h := o.fit(c, text[:end], ellipsis)
		if n := utf8.RuneCountInString(h); n > longest {
			head, longest, tail = endAtWord(h, text), n, ellipsis
		}
	}
	o.each(func(c *coding) {
		consider(c, text, "...")
		if o.Transliterate {
			near, _, _ := c.near(text)
			consider(c, near, "...")
		}
	})
	consider(ucs2, text, "…")
	if _, end := plainGSM.span(head); end == len(head) {
		tail = "..."
	}
	return head + tail
}

// beginning gives at most so many octets of text.
func beginning(text string, octets int) string {
	if len(text) <= octets {
		return text
	}
	for !utf8.RuneStart(text[octets]) {
		octets--
	}
	return text[:octets]
}

// fit gives the longest beginning of text that fits the parts that it may have together with tail.
func (o Options) fit(c *coding, text, tail string) string {
	limit, joined := c.limits(o.Ref16)
	start := 0
	if o.max() > 1 {
		limit = joined
	}
	for range o.max() - 1 {
		start += c.fill(text[start:], limit)
	}
	units, _ := c.span(tail)
	return text[:start+c.fill(text[start:], limit-units)]
}

// maxBack is how many characters are given up to end at a word; a longer word is torn.
const maxBack = 40

// endAtWord shortens head, a beginning of text, to the end of its last whole word.
func endAtWord(head, text string) string {
	next, _ := utf8.DecodeRuneInString(text[len(head):])
	if !unicode.IsSpace(next) {
		i := len(head)
		for range maxBack {
			r, size := utf8.DecodeLastRuneInString(head[:i])
			if size == 0 {
				break
			}
			if unicode.IsSpace(r) {
				head = head[:i]
				break
			}
			i -= size
		}
	}
	return trimRightSpace(head)
}

func trimRightSpace(s string) string {
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		if !unicode.IsSpace(r) {
			break
		}
		s = s[:len(s)-size]
	}
	return s
}
