package quote

import (
	"regexp"
	"strings"
)

// An attribution is the line above a quote, wrapped or not: "On Mon, 5 Jan 2026
// at 10:11, John <john@example.org> wrote:". It ends with a colon.

// certainty says how sure it is that a line is an attribution.
type certainty int

const (
	unlikely certainty = iota
	hinted             // it has a date and time, an address, or a word for "wrote"
	spoken             // it has a word for "wrote", or an address and a date
	withDate           // it has a word for "wrote" and a date, or an address, a date and a time
	sure               // and what a program alone would write: an address or a time beside them
)

var (
	openWords = gather(func(l language) string { return l.opens })
	verbWords = gather(func(l language) string { return l.verbs })
	dayStems  = gather(func(l language) string { return l.days })
	monthStem = gather(func(l language) string { return l.months })
)

const (
	maxWrapped     = 4   // lines of one attribution
	maxAttribution = 400 // octets of one attribution
	maxColons      = 3   // in one attribution, without those of times
)

var (
	fullDate = regexp.MustCompile(`\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{4}[./-] ?\d{1,2}[./-] ?\d{1,2}|\b(?:19|20)\d{2}(?:\D|$)`)
	clock    = regexp.MustCompile(`\d{1,2}[:.h時点] ?\d{2}`)
	angled   = regexp.MustCompile(`<[^<>\s]+@[^<>\s]+>|<\+?\d{5,15}>|\[mailto:[^\]\s]+\]|\(mailto:[^)\s]+\)`)
	loose    = regexp.MustCompile(`\S@\S+\.\S|\+\d{7,15}`)
	numeric  = regexp.MustCompile(`^(?:\d{1,2}[./-] ?\d{1,2}[./-]|\d{4}[./-] ?\d{1,2}[./-]|\d{4}年|\d{1,2}\.? \pL)`)
)

// attribution says how sure it is that s, which is folded, is one as a whole.
func attribution(s string) certainty {
	if !strings.HasSuffix(s, ":") || len(s) > maxAttribution || unbalanced(s) {
		return unlikely
	}
	verb := verbWords.in(s)
	address := strings.ContainsAny(s, "<[(") && angled.MatchString(s)
	undated, untimed := s, s
	if strings.ContainsAny(s, "0123456789") {
		undated = fullDate.ReplaceAllString(s, " ")
		untimed = clock.ReplaceAllString(undated, " ")
	}
	date := undated != s
	time := date && untimed != undated
	if strings.Count(untimed, ":") > maxColons {
		return unlikely // a line of a log
	}
	switch {
	case date && (verb && (time || address) || time && strings.HasSuffix(s, ">:") && address):
		return sure
	case date && verb:
		return withDate
	case verb, address && date:
		return spoken
	case address, time, date && loose.MatchString(s):
		return hinted
	}
	return unlikely
}

// runsOn reports whether the line begins with an attribution and goes on with the
// quote, as Yahoo writes it on phones.
func runsOn(line string) bool {
	if !opensAttribution(line) {
		return false
	}
	at := 0
	for range 2 * maxColons {
		i := strings.Index(line[at:], ": ")
		if i < 0 {
			return false
		}
		at += i + 1
		if head := line[:at]; attribution(head) == sure && angled.MatchString(head) && verbWords.in(head) {
			return true
		}
	}
	return false
}

// unbalanced tells the later half of something: it closes what it did not open.
func unbalanced(s string) bool {
	return strings.Count(s, "<") < strings.Count(s, ">") || strings.Count(s, "(") < strings.Count(s, ")")
}

// opensAttribution reports whether an attribution begins with s as programs
// write it: with a date, or with "On" and a date.
func opensAttribution(s string) bool {
	if open := openWords.begin(s); open != "" {
		if strings.Contains(open, " ") {
			return true
		}
		s = strings.TrimSpace(s[len(open):])
		if s == "" || s[0] >= '0' && s[0] <= '9' {
			return true
		}
	}
	return numeric.MatchString(s) || beginsWithStem(dayStems, s) || beginsWithStem(monthStem, s)
}

// beginsWithStem reports whether the first word of s is a date's: it begins as one of
// the stems does, and digits follow soon.
func beginsWithStem(stems phrases, s string) bool {
	if !strings.ContainsAny(s[:min(len(s), 40)], "0123456789") {
		return false
	}
	for _, stem := range stems {
		if strings.HasPrefix(s, stem) {
			return true
		}
	}
	return false
}

// attributionEnd gives the first line of the attribution that ends on line last,
// if it is as sure as it needs to be; -1 if there is none.
func (r *reading) attributionEnd(last int, needed certainty) int {
	if !strings.HasSuffix(r.line[last], ":") {
		return -1
	}
	found, best, joined := -1, unlikely, ""
	for i := last; i >= 0 && i > last-maxWrapped; i-- {
		if !r.own(i) || r.quoted(i) {
			break
		}
		joined = strings.TrimSpace(r.line[i] + " " + joined)
		is := attribution(joined)
		if is >= needed {
			if found < 0 || is > best && r.continues(i) {
				found, best = i, is
			}
			if is > hinted && opensAttribution(r.line[i]) && (i == last || fullDate.MatchString(joined)) {
				return i
			}
		}
	}
	return found
}

// continues reports whether line i is the first of a wrapped attribution that
// begins with the author.
func (r *reading) continues(i int) bool {
	return opensAttribution(r.line[i]) || angled.MatchString(r.line[i]) || verbWords.in(r.line[i])
}
