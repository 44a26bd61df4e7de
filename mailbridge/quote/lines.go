package quote

import (
	"regexp"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// run is a stretch of lines that begin with ">", with blank lines between them.
type run struct {
	from, to   int // lines, to is the first after it
	intro      int // the first line of its attribution, or from
	introduced bool
}

// markQuotes marks the quoted lines. Below an attribution all lines with ">"
// are quotes; where there is none they may be a list of the sender's own.
func (r *reading) markQuotes() {
	introduced := false
	for _, q := range r.runs() {
		forward := !introduced && q.intro == q.from && isForwarded(strings.TrimLeft(r.line[q.from], "> "))
		if introduced = introduced || q.introduced; forward || introduced && r.Forwards {
			r.end = q.intro
			return
		}
		if introduced || r.quotes(q) {
			r.mark(q.intro, q.to, smsengine.PassageQuote)
			introduced = introduced || r.above(q.from) < 0
		}
	}
	if r.Forwards && r.end == len(r.raw) {
		r.end = 0 // it cannot be told what is forwarded
	}
}

func (r *reading) runs() []run {
	var runs []run
	for i := 0; i < r.end; i++ {
		if !r.quoted(i) {
			continue
		}
		q := run{from: i, to: i + 1, intro: i}
		for next := i + 1; next < r.end && (r.quoted(next) || r.blank(next)); next++ {
			if r.quoted(next) {
				q.to = next + 1
			}
		}
		if start := r.intro(q.from); start >= 0 {
			q.intro, q.introduced = start, true
		}
		q.introduced = q.introduced || r.attributed(q)
		runs = append(runs, q)
		i = q.to - 1
	}
	return runs
}

// needed is how sure an attribution has to be in this mail.
func (r *reading) needed() certainty {
	switch {
	case r.Answers:
		return hinted
	case r.Alone:
		return spoken
	}
	return withDate
}

// intro gives the first line of what introduces the quoted line; -1 if nothing
// does.
func (r *reading) intro(quote int) int {
	last := r.above(quote)
	if last < 0 || !r.own(last) {
		return -1
	}
	if isOriginal(r.line[last]) {
		return last
	}
	if start := r.attributionEnd(last, r.needed()); start >= 0 {
		return start
	}
	for i := last - 1; i >= 0 && i > last-2*maxField && r.own(i) && !r.quoted(i); i-- {
		if r.header(i) > last {
			return r.under(i)
		}
	}
	return -1
}

// attributed reports whether the attribution, or the header, is quoted itself,
// as Apple Mail does it.
func (r *reading) attributed(q run) bool {
	var lines []string
	joined := ""
	for i := q.from; i < min(q.to, q.from+2*maxField); i++ {
		line := strings.TrimLeft(r.line[i], "> ")
		lines = append(lines, line)
		joined = strings.TrimSpace(joined + " " + line)
		if len(lines) <= maxWrapped && attribution(joined) >= max(r.needed(), spoken) {
			return true
		}
	}
	return isOriginal(lines[0]) || headerLines(lines) > 0
}

var (
	prompt = regexp.MustCompile(`^(>>>|>=|>:|>_|>\.|><|> ?[\d$€£%])`)
	lesser = regexp.MustCompile(`^(<|> ?\d)`)
)

// quotes judges a run that nothing introduces.
func (r *reading) quotes(q run) bool {
	if !r.Answers && !r.Alone || r.signs(q) {
		return false
	}
	over, under := r.above(q.from), r.next(q.to)
	announced := over >= 0 && strings.HasSuffix(r.line[over], ":")
	switch {
	case r.Answers:
		return !announced || r.likeMail(q)
	case over < 0:
		return under < r.end // it is answered below
	case announced, over == q.from-1, under == q.to && under < r.end:
		return false
	}
	return r.likeMail(q)
}

// signs reports whether ">" means something else in the run: greater than, or a
// computer's prompt.
func (r *reading) signs(q run) bool {
	if q.to < r.end && lesser.MatchString(r.line[q.to]) || q.from > 0 && strings.HasPrefix(r.line[q.from-1], "<") {
		return true
	}
	for i := q.from; i < q.to; i++ {
		if !r.blank(i) && !prompt.MatchString(r.line[i]) {
			return false
		}
	}
	return true
}

// likeMail reports whether the run reads like a mail and not like a list.
func (r *reading) likeMail(q run) bool {
	for i := q.from; i < q.to; i++ {
		line := r.line[i]
		words := strings.TrimLeft(line, "> ")
		switch {
		case line == ">", strings.HasPrefix(line, "> >"), len(words) >= 40,
			strings.HasSuffix(words, ".") || strings.HasSuffix(words, "?") || strings.HasSuffix(words, "!") || strings.HasSuffix(words, ","):
			return true
		}
	}
	return false
}
