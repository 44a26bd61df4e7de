package sms

import (
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// fill gives how many octets of text go into a part of limit units: as many as fit, short of tearing a cluster.
func fill(a Alphabet, text string, limit int) int {
	used := 0
	for i, r := range text {
		n := unitsOf(a, r)
		if used += n; used <= limit {
			continue
		}
		if a == GSM7 {
			return i
		}
		return untorn(text, i)
	}
	return len(text)
}

// untorn moves a cut at text[:at] back to the nearest boundary between grapheme clusters (UAX 29). A cluster that
// begins the text and does not end before the cut is torn, since it fits no part.
func untorn(text string, at int) int {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	if plain(before) && plain(after) {
		return at
	}
	end, state := 0, -1
	for rest := text; rest != ""; {
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

// Cut gives what Measure gives and the texts of the parts, however many there are.
func Cut(text string) (Size, []string) {
	text = Normalize(text)
	size := measure(text, false)
	_, joined := size.Alphabet.limits(false)
	parts := make([]string, 0, size.Parts)
	for len(parts) < size.Parts-1 {
		n := fill(size.Alphabet, text, joined)
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return size, append(parts, text)
}

// shorten gives the longest beginning of text that, with an ellipsis, fits max parts, and goes back to
// the end of a word for it. A beginning that the default alphabet has may be longer than one in UCS-2.
func shorten(text string, max int, ref16 bool) string {
	gsm := text[:gsmPrefix(text)]
	head := fit(GSM7, gsm, "...", max, ref16)
	if len(gsm) < len(text) {
		if wide := fit(UCS2, text, "…", max, ref16); len(wide) > len(head) {
			head = wide
		}
	}
	head = endAtWord(head, text)
	if gsmPrefix(head) < len(head) {
		return head + "…"
	}
	return head + "..."
}

// fit gives the longest beginning of text that fits max parts together with tail.
func fit(a Alphabet, text, tail string, max int, ref16 bool) string {
	limit, joined := a.limits(ref16)
	start := 0
	if max > 1 {
		limit = joined
	}
	for range max - 1 {
		start += fill(a, text[start:], limit)
	}
	return text[:start+fill(a, text[start:], limit-unitsIn(a, tail))]
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
