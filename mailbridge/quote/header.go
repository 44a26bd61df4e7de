package quote

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// headerField is a field of the header that Outlook and others put above the mail that
// they quote.
type headerField int

const (
	noField headerField = iota
	fromField
	sentField
	toField
	ccField
	subjectField
	numFields
)

// headerFields are the fields that a name may stand for: "de" is From in
// French, "a" is To in Italian.
var headerFields = func() map[string][]headerField {
	names := map[string][]headerField{}
	for _, l := range languages {
		for i, list := range []string{l.from, l.sent, l.to, l.cc, l.subject} {
			for name := range strings.SplitSeq(list, "|") {
				if name = folded(strings.TrimSuffix(name, ":")); name != "" {
					names[name] = append(names[name], headerField(i+1))
				}
			}
		}
	}
	return names
}()

const (
	maxFieldName = 40 // octets
	maxQuoted    = 40 // lines of a header
	maxField     = 8  // further lines of one field: many recipients
	minFields    = 3  // that make a header
)

// fieldsOf gives what field a line may be, and its value.
func fieldsOf(line string) ([]headerField, string) {
	line = strings.TrimLeft(line, "*_ ")
	i := strings.IndexByte(line[:min(len(line), maxFieldName)], ':')
	if i < 0 {
		return nil, ""
	}
	name := strings.Trim(line[:i], "* _")
	return headerFields[name], strings.Trim(line[i+1:], "* ")
}

// header gives the line after the header that begins on line i; i if there is
// none.
func (r *reading) header(i int) int { return i + headerLines(r.line[i:r.end]) }

// headerLines gives the number of lines of the header that the lines begin
// with. It has the author, and two other fields.
func headerLines(lines []string) int {
	var seen [numFields]bool
	fields, further, dated, addressed := 0, 0, false, false
	at := 0
	for ; at < min(len(lines), maxQuoted) && lines[at] != ""; at++ {
		of, value := fieldsOf(lines[at])
		if len(of) == 0 {
			if fields == 0 || further == maxField || !continuesField(lines[at]) {
				break
			}
			further++
			continue
		}
		fields, further = fields+1, 0
		for _, f := range of {
			seen[f] = true
			dated = dated || f == sentField && (fullDate.MatchString(value) || clock.MatchString(value))
		}
		addressed = addressed || strings.Contains(value, "@") || angled.MatchString(value)
	}
	if fields >= minFields && seen[fromField] && seen[subjectField] && (dated || seen[toField] && (addressed || seen[sentField])) {
		return at
	}
	return 0
}

// continuesField knows the further lines of recipients.
func continuesField(line string) bool {
	return strings.Contains(line, "@") || strings.HasSuffix(line, ";") || strings.HasSuffix(line, ">")
}

var (
	originalLines  = gather(func(l language) string { return l.original })
	forwardedLines = gather(func(l language) string { return l.forwarded })
)

// dashed gives the words between dashes, and whether there are any dashes.
func dashed(line string) (words string, dashes bool) {
	words = strings.Trim(line, "-_=*> ")
	return words, strings.HasPrefix(strings.TrimLeft(line, "* "), "--") || strings.HasPrefix(line, "__") || strings.HasPrefix(line, "==")
}

// isOriginal knows "-----Original Message-----".
func isOriginal(line string) bool {
	words, dashes := dashed(line)
	return dashes && originalLines.has(words)
}

// isForwarded knows "---------- Forwarded message ---------" and "Begin forwarded
// message:".
func isForwarded(line string) bool {
	words, dashes := dashed(line)
	bare, colon := strings.CutSuffix(words, ":")
	return (dashes || colon) && forwardedLines.has(strings.TrimSpace(bare))
}

// isRule reports whether the line is nothing but a rule across the page.
func isRule(line string) bool {
	return len(line) >= 5 && strings.Trim(line, "_-=*") == ""
}

// markRest finds the first line from which on all is of one kind: the mail that
// is quoted without ">", or the mail that is forwarded, which is the sender's to
// send.
func (r *reading) markRest() {
	for i := 0; i < r.end; i++ {
		if r.quoted(i) || !r.own(i) {
			continue
		}
		if isForwarded(r.line[i]) {
			r.end = i
			return
		}
		start, after := r.introduces(i)
		if start < 0 {
			continue
		}
		switch body := r.next(after); {
		case r.Forwards:
			r.end = start
			return
		case body < len(r.raw) && r.quoted(body):
			i = after - 1 // markQuotes looks at it
		case r.endsHere(start):
			r.mark(start, r.end, smsengine.PassageQuote)
			r.end = start
			return
		case r.above(start) < 0:
			r.end = start
			return
		}
	}
}

// introduces gives the lines that introduce a mail quoted below, of which line
// i is the first, or the last of an attribution; -1 if it does not.
func (r *reading) introduces(i int) (start, after int) {
	if isOriginal(r.line[i]) {
		after = i + 1
		if next := r.next(after); next < r.end {
			if end := r.header(next); end > next {
				after = end
			}
		}
		return i, after
	}
	if end := r.header(i); end > i {
		return r.under(i), end
	}
	if start = r.attributionEnd(i, sure); start >= 0 && (opensAttribution(r.line[start]) || angled.MatchString(r.line[start])) {
		return start, i + 1
	}
	if runsOn(r.line[i]) {
		return i, i + 1
	}
	return -1, i
}

// under gives the line of dashes above the header on line i, or i.
func (r *reading) under(i int) int {
	if over := r.above(i); over >= 0 && r.own(over) && (isRule(r.line[over]) || isOriginal(r.line[over])) {
		return over
	}
	return i
}

// endsHere reports whether a mail that is quoted without marks, from line start
// on, can be left out. If the mail is not known to answer one, it needs words
// above, and such as do not announce what follows; if it is known to answer
// none, it needs a line of dashes: notices of voice mail look like a header, too.
func (r *reading) endsHere(start int) bool {
	if r.Answers {
		return true
	}
	over := r.above(start)
	return over >= 0 && !strings.HasSuffix(r.line[over], ":") &&
		(r.Alone || isOriginal(r.line[start]) || isRule(r.line[start]))
}
