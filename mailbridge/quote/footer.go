package quote

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

const (
	maxListFooter = 12      // lines of a list's footer
	maxNotice     = 8 << 10 // octets of a paragraph that is a company's footer
	minNotice     = 100     // octets
	maxBanner     = 6       // lines of a warning, and of a virus scanner's footer
	maxWarnings   = 3       // above one another
	minBeware     = 3       // words about outside, links and the like, that make a warning
)

var (
	listBegin  = gather(func(l language) string { return l.list })
	titles     = gather(func(l language) string { return l.titles })
	notices    = gather(func(l language) string { return l.notices })
	secretStem = gather(func(l language) string { return l.secret })
	recipients = gather(func(l language) string { return l.recipient })
	eraseStems = gather(func(l language) string { return l.erase })
	complete   = gather(func(l language) string { return l.complete })
	outside    = gather(func(l language) string { return l.outside })
	seldom     = gather(func(l language) string { return l.seldom })
	beware     = gather(func(l language) string { return l.beware })
	green      = gather(func(l language) string { return l.green })
	printing   = gather(func(l language) string { return l.printing })

	// scanners are what puts "no virus was found" below mails.
	scanners = phrases{"avast", "avg", "mailscanner", "clamav", "sophos", "mimecast", "barracuda", "symantec", "messagelabs", "eset",
		"bitdefender", "kaspersky", "norton", "mcafee", "avira", "f-secure", "trend micro", "proofpoint", "dr.web"}

	// listLink is the page, or the address, to leave a list by.
	listLink = regexp.MustCompile(`listinfo|mailman|[-+]unsubscribe@|-leave@|/unsub|/sympa|wa\.exe`)
)

// listFooter gives the first line of what a mailing list put at the end of the
// stretch; to if there is nothing. It says how to leave the list, and is below a
// rule or begins with that.
func (r *reading) listFooter(from, to int) int {
	if !r.leaves(max(from, to-maxListFooter), to) {
		return to
	}
	found, leave, linked, reached := to, false, false, false
	for i := to - 1; i >= from && i >= to-maxListFooter; i-- {
		line := r.line[i]
		if line == "" && !linked {
			break // a paragraph that leads nowhere is no footer
		}
		linked = line != "" && linked || contact.MatchString(line)
		reached = reached || linked
		begins := listBegin.begin(line) != ""
		leave = leave || begins || isListLink(line)
		if isListRule(line) && i < to-1 {
			if leave && reached {
				found = i
			}
			break
		}
		if begins && reached {
			found = i
		}
	}
	return found
}

// leaves reports whether one of the lines says how to leave a list.
func (r *reading) leaves(from, to int) bool {
	return slices.ContainsFunc(r.line[from:to], func(line string) bool { return isListLink(line) || listBegin.begin(line) != "" })
}

func isListLink(line string) bool { return !strings.Contains(line, " ") && listLink.MatchString(line) }

// isListRule knows the lines that lists put above their footers.
func isListRule(line string) bool {
	return isRule(line) && len(line) >= 10 || line == "--" || hasBeginning(line, []string{"__._,_", "-=-=-", "####"})
}

// disclaimer gives the first line of what a company or a virus scanner put at
// the end of the stretch; to if there is nothing. It consists of whole
// paragraphs.
func (r *reading) disclaimer(from, to int) int {
	found := to
	for i := to - 1; i >= from && i >= to-maxNotice/40; i-- {
		if r.announced(i) {
			found = i
		}
	}
	if found < to {
		return found
	}
	start := to
	for start > from && !r.blank(start-1) {
		start--
	}
	if r.isNotice(start, to) {
		found = start
		if over := r.above(start); over >= from && titles.has(strings.Trim(r.line[over], "*_-=: ")) {
			found = over
		}
	}
	return found
}

// announced reports whether line i is one with which the site's own footers
// begin.
func (r *reading) announced(i int) bool {
	for _, begin := range r.Disclaimers {
		if begin = folded(begin); begin != "" && strings.HasPrefix(r.line[i], begin) {
			return true
		}
	}
	return false
}

// isNotice judges a paragraph. A company's begins with a title, or speaks of
// itself: it is confidential, for its recipient, and nobody else may copy it. A
// scanner's names the scanner.
func (r *reading) isNotice(from, to int) bool {
	for from < to-1 && strings.Trim(r.line[from], "*_-=#") == "" {
		from++
	}
	size := 0
	for i := from; i < to; i++ {
		size += len(r.line[i]) + 1
	}
	if size > maxNotice {
		return false
	}
	first := strings.TrimLeft(r.line[from], "*_-=#[\"'( ")
	text := strings.Join(r.line[from:to], " ")
	if complete.begin(first) != "" {
		return to-from <= maxBanner && (scanners.in(text) || green.stems(text) > 0 && printing.stems(text) > 0)
	}
	title := titles.begin(first) != "" && strings.ContainsAny(first, ":.-") || titles.has(strings.Trim(first, "*_-=: "))
	switch { // what is told by the first words comes before what takes a look at all of them
	case size < minNotice || !title && notices.begin(first) == "" || eraseStems.stems(text) == 0:
		return false
	case title:
		return recipients.stems(text) > 0 || secretStem.stems(text) > 0
	}
	return recipients.stems(text) > 0 && secretStem.stems(text) > 0
}

// banner marks the warnings on top of a mail that it came from outside.
func (r *reading) banner() {
	for range maxWarnings {
		first := r.next(0)
		for first < len(r.raw) && r.kind[first] != smsengine.PassageOwn {
			first = r.next(first + 1)
		}
		start := first
		if first < len(r.raw) && isRule(r.line[first]) {
			first = r.next(first + 1)
		}
		if first >= len(r.raw) || !isBanner(r.line[first]) {
			return
		}
		end := r.bannerEnd(first)
		if start < first && end < len(r.raw) && isRule(r.line[end]) {
			end++
		}
		r.mark(start, end, smsengine.PassageDisclaimer)
	}
}

// bannerEnd gives the line after the warning that begins on line first.
func (r *reading) bannerEnd(first int) int {
	end := first + 1
	for end < len(r.raw) && end < first+maxBanner && !r.blank(end) {
		needed := 1
		if strings.HasSuffix(strings.TrimRight(r.line[end-1], "]*"), ".") {
			needed = 2 // it may be over
		}
		if beware.stems(r.line[end]) < needed {
			break
		}
		end++
	}
	return end
}

// isBanner reports whether a warning begins with the line: a mere tag, or words
// about outside, links, attachments.
func isBanner(line string) bool {
	line = strings.Trim(line, "*_-=!⚠️ ")
	if seldom.begin(line) != "" {
		return strings.Contains(line, "@") && beware.stems(line) > 0
	}
	begin := outside.begin(line)
	if begin == "" {
		return false
	}
	rest := strings.Trim(line[len(begin):], ":.-*! ")
	return rest == "" && begin[0] == '[' || beware.stems(rest) >= minBeware
}
