package quote

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
)

const (
	maxSignature     = 24 // lines with words below "-- "
	maxBareSignature = 8  // lines with words below "--"
	maxRounds        = 12 // of footers below one another
)

// markEnds marks the signatures and footers at the end of each stretch of own
// words.
func (r *reading) markEnds() {
	for from := 0; from < r.end; {
		to := from
		for to < r.end && (r.own(to) || r.blank(to)) {
			to++
		}
		r.markEnd(from, to)
		from = to + 1
	}
}

// markEnd goes up from the last line of a stretch.
func (r *reading) markEnd(from, to int) {
	for range maxRounds {
		for to > from && r.blank(to-1) {
			to--
		}
		if to == from {
			return
		}
		start, kind := to, smsengine.PassageOwn
		for _, end := range []struct {
			kind smsengine.PassageKind
			find func(from, to int) int
		}{
			{smsengine.PassageMobile, r.mobile},
			{smsengine.PassageList, r.listFooter},
			{smsengine.PassageDisclaimer, r.disclaimer},
			{smsengine.PassageSignature, r.signature},
		} {
			if start = end.find(from, to); start < to {
				kind = end.kind
				break
			}
		}
		if start == to {
			return
		}
		r.mark(start, to, kind)
		to = start
	}
}

// signature gives the first line of the signature at the end of the stretch:
// that of "-- " (RFC 3676 §4.3), or of "--", which mail programs and relays leave
// of it, if the lines below look like a signature; to if there is none.
func (r *reading) signature(from, to int) int {
	found, lines := to, 0
	for i := to - 1; i >= from && lines <= maxSignature; i-- {
		switch {
		case r.line[i] == "--" && strings.HasPrefix(r.raw[i], "--") && r.raw[i] != "--":
			found = i
		case r.line[i] == "--" && r.raw[i] == "--" && lines > 0 && lines <= maxBareSignature && r.bareSignature(i, from, to):
			found = i
		}
		if !r.blank(i) {
			lines++
		}
	}
	return found
}

var contact = regexp.MustCompile(`\S@\S+\.\S|https?://|www\.\S|(\+|\b0)\d[\d ()/.-]{6,}\d|^(tel|phone|mobile?|fax|cell|handy|gsm|тел|моб)\b[.:]? *[+\d(]`)

// bareSignature reports whether what is below line i is a name, with or without
// where its owner can be reached.
func (r *reading) bareSignature(i, from, to int) bool {
	first := r.next(i + 1)
	if !title(r.raw[first]) {
		return false
	}
	reached := false
	for j := first; j < to; j++ {
		line := r.line[j]
		reached = reached || contact.MatchString(line)
		if utf8.RuneCountInString(line) > 80 || strings.HasSuffix(line, "?") || strings.HasSuffix(line, "!") || len(strings.Fields(line)) > 10 {
			return false
		}
	}
	return reached || i > from && r.blank(i-1) && len(strings.Fields(r.line[first])) >= 2
}

// title reports whether a line may be a name: few words, each of which begins
// with a capital letter.
func title(line string) bool {
	words := strings.Fields(line)
	for _, word := range words {
		c, _ := utf8.DecodeRuneInString(word)
		if !unicode.IsUpper(c) {
			return false
		}
	}
	return len(words) > 0 && len(words) <= 5 && !strings.HasSuffix(line, ":")
}
