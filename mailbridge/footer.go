package mailbridge

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

const (
	maxListFooter = 12      // lines of a list's footer
	maxNotice     = 8 << 10 // octets of a paragraph that is a company's footer
	minNotice     = 100     // octets
	maxBanner     = 6       // lines of a warning, and of a virus scanner's footer
	maxWarnings   = 3       // above one another
)

var (
	listBegin  = gather(func(l language) string { return l.list })
	listMarks  = phrases{"mailing list", "mailinglist", "mailinglista", "mailing-liste", "mailingliste", "listinfo", "google groups", "groups.io", "yahoo groups", "list-unsubscribe", "unsubscribe", "mailman", "lists.sourceforge.net", "liste de diffusion", "lista de correo", "lista di distribuzione", "lista dyskusyjna", "konference", "список рассылки", "рассылки", "sändlista", "e-postlista", "verteiler", "google gruppen", "google grupy"}
	titles     = gather(func(l language) string { return l.titles })
	notices    = gather(func(l language) string { return l.notices })
	secretStem = gather(func(l language) string { return l.secret })
	recipients = gather(func(l language) string { return l.recipient })
	eraseStems = gather(func(l language) string { return l.erase })
	complete   = gather(func(l language) string { return l.complete })
	outside    = gather(func(l language) string { return l.outside })
	seldom     = gather(func(l language) string { return l.seldom })
	beware     = gather(func(l language) string { return l.beware })
)

// listFooter gives the first line of what a mailing list put at the end of the
// stretch; to if there is nothing. It is below a rule, or its first line is what
// lists write, and has an address to go to.
func (r *reading) listFooter(from, to int) int {
	marked, reached, found := false, false, to
	for i := to - 1; i >= from && i >= to-maxListFooter; i-- {
		line := r.line[i]
		marked = marked || listMarks.in(line) || listBegin.begin(line) != ""
		reached = reached || contact.MatchString(line)
		rule := isRule(line) && len(line) >= 10 || line == "--" || strings.HasPrefix(line, "__._,_") || strings.HasPrefix(line, "-=-=-") || strings.HasPrefix(line, "####")
		if rule && i < to-1 {
			if marked && reached {
				found = i
			}
			break
		}
		if listBegin.begin(line) != "" && reached {
			found = i
		}
	}
	return found
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

// isNotice judges a paragraph. What says that it is confidential is taken for a
// footer if it also speaks of recipients, and of what they must not do.
func (r *reading) isNotice(from, to int) bool {
	for from < to-1 && strings.Trim(r.line[from], "*_-=#") == "" {
		from++
	}
	first := strings.TrimLeft(r.line[from], "*_-=#[\"'( ")
	if complete.begin(first) != "" {
		return to-from <= maxBanner
	}
	size := 0
	for i := from; i < to; i++ {
		size += len(r.line[i]) + 1
	}
	if size > maxNotice {
		return false
	}
	text := strings.Join(r.line[from:to], " ")
	secret, to1, erase := secretStem.stems(text) > 0, recipients.stems(text) > 0, eraseStems.stems(text) > 0
	switch {
	case titles.begin(first) != "" && strings.ContainsAny(first, ":.-") || titles.has(strings.Trim(first, "*_-=: ")):
		return size >= minNotice && (secret || to1) && erase
	case notices.begin(first) != "":
		return size >= minNotice && (secret && (to1 || erase) || to1 && erase)
	}
	return size >= 2*minNotice && secret && to1 && erase
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
	return rest == "" && begin[0] == '[' || beware.stems(rest) >= 2
}
