// Package quote tells what a person wrote in a mail from what programs put around
// it: the mail that is answered, signatures, the footers of phones, mailing lists
// and companies. [Passages] divides a text; nothing of it is lost.
//
// It knows the forms of mail programs in nineteen languages: languages*.go are
// data, and a language more is a struct more. It goes by lines, in time in
// proportion to the text, and its one rule above all others is that what may be
// the person's own is the person's own.
package quote

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Options is what is known of a mail beside its text.
type Options struct {
	Answers     bool     // its header says that it answers another
	Forwards    bool     // its subject says that it forwards another
	Alone       bool     // nothing is known of it: the text has to speak for itself
	Disclaimers []string // with which a site's own footers begin
}

// passages tells what of a text its sender wrote, and what programs put around
// it. The passages' texts, joined with line ends, are the text, which is UTF-8
// with LF.
//
// Whatever might be the sender's own words is [smsengine.PassageOwn]. First come
// the marks below which nothing is the sender's (a header that Outlook quotes) or
// all of it is to be passed on (a forward); then the quoted lines; and at the end
// of each stretch of own words, from its last line up, footers and signature.
func Passages(text string, o Options) []smsengine.Passage {
	if text == "" {
		return nil
	}
	r := newReading(text, o)
	r.banner()
	r.markRest()
	r.markQuotes()
	r.markEnds()
	return r.passages()
}

// Visible gives what a person wrote in the body of a mail, of which nothing else
// is known: without quotes, signature and footers. In doubt it keeps what might
// be the person's own.
func Visible(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return Own(Passages(text, Options{Alone: true}))
}

// own gives what of the passages the sender wrote.
func Own(passages []smsengine.Passage) string {
	var words []string
	for _, p := range passages {
		if p.Kind == smsengine.PassageOwn {
			words = append(words, p.Text)
		}
	}
	return trimLines(strings.Join(words, "\n"))
}

// reading is a text being told apart, line by line.
type reading struct {
	Options
	raw  []string                // the lines
	line []string                // the same as the rules see them: folded
	kind []smsengine.PassageKind // of each line
	end  int                     // what is from here on is settled
}

func newReading(text string, o Options) *reading {
	o.Answers = o.Answers && !o.Forwards // which has a thread, too
	raw := strings.Split(text, "\n")
	r := &reading{Options: o, raw: raw, end: len(raw)}
	r.line = make([]string, len(raw))
	r.kind = make([]smsengine.PassageKind, len(raw))
	for i, line := range raw {
		r.line[i], r.kind[i] = folded(line), smsengine.PassageOwn
	}
	return r
}

func (r *reading) blank(i int) bool  { return r.line[i] == "" }
func (r *reading) quoted(i int) bool { return strings.HasPrefix(r.raw[i], ">") }

// own reports whether there are words on line i that nothing has claimed.
func (r *reading) own(i int) bool {
	return r.kind[i] == smsengine.PassageOwn && !r.blank(i)
}

func (r *reading) mark(from, to int, kind smsengine.PassageKind) {
	for i := from; i < to; i++ {
		r.kind[i] = kind
	}
}

// next gives the first line from i on that is not blank, or the number of lines.
func (r *reading) next(i int) int {
	for i < len(r.raw) && r.blank(i) {
		i++
	}
	return i
}

// above gives the last line before i that is not blank, or -1.
func (r *reading) above(i int) int {
	for i--; i >= 0 && r.blank(i); i-- {
	}
	return i
}

// passages joins lines of a kind. A blank line belongs to what it follows.
func (r *reading) passages() []smsengine.Passage {
	first := min(r.next(0), len(r.raw)-1)
	var list []smsengine.Passage
	start, kind := 0, r.kind[first]
	for i := first + 1; i < len(r.raw); i++ {
		if !r.blank(i) && r.kind[i] != kind {
			list = append(list, smsengine.Passage{Kind: kind, Text: strings.Join(r.raw[start:i], "\n")})
			start, kind = i, r.kind[i]
		}
	}
	return append(list, smsengine.Passage{Kind: kind, Text: strings.Join(r.raw[start:], "\n")})
}

// trimLines takes the spaces off the ends of the lines, and blank lines off the
// ends of the text.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
