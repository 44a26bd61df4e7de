package stage

import (
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine/sms"
)

// maxLine bounds what is kept of a text that is told of, in characters.
const maxLine = 600

// briefs are how long a line may be, in characters, from the longest on: the first
// with which all of them fit is taken.
var briefs = []int{maxLine, 400, 300, 240, 160, 100, 70, 50, 40}

// digestWords is what a digest says: how many texts, from whom and since when, and
// what they say, each thing once, in the order in which it was said first, for what
// broke first is most often why the rest did. What does not fit is counted. fits says
// whether a text does.
//
//	17 more texts from alerts@example.org since 14:02:
//	5x disk full on db1
//	link down sw3
//	and 11 others
func digestWords(g gathered, since string, fits func(text string) bool) string {
	head := g.head(since)
	var text string
	for _, n := range briefs {
		if text = head + g.tell(len(g.lines), n); fits(text) {
			return text
		}
	}
	for n := len(g.lines) - 1; n >= 0; n-- {
		text = head + g.tell(n, briefs[len(briefs)-1])
		if fits(text) {
			return text
		}
	}
	return text // it is cut: the sender's address alone is too long
}

func (g gathered) head(since string) string {
	from := ""
	switch {
	case len(g.senders) > 1:
		from = " from several senders"
	case g.senders[0] != "":
		from = " from " + g.senders[0]
	}
	if g.count == 1 {
		return "1 more text" + from + " at " + since
	}
	return fmt.Sprintf("%d more texts%s since %s", g.count, from, since)
}

// tell gives the first lines, so many, each of n characters at most, and counts the
// texts that are left.
func (g gathered) tell(lines, n int) string {
	if lines == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte(':')
	left := g.count
	for _, l := range g.lines[:lines] {
		left -= l.times
		b.WriteByte('\n')
		if l.times > 1 {
			fmt.Fprintf(&b, "%dx ", l.times)
		}
		b.WriteString(sms.Brief(l.text, n))
	}
	switch {
	case left == 1:
		b.WriteString("\nand 1 other")
	case left > 1:
		fmt.Fprintf(&b, "\nand %d others", left)
	}
	return b.String()
}

// oneLine joins what stands on several lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
