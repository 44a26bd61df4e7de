package mailbridge

import (
	"regexp"
	"strings"
)

// ownWords leaves what the person wrote: it takes away the signature that RFC
// 3676 §4.3 marks with "-- ", and the mail that a reply quotes. It is careful
// rather than thorough: what might be the person's own stays, and nothing is
// taken from a mail that forwards another.
func ownWords(text string, answers, forwards bool) string {
	if forwards {
		return trimLines(text)
	}
	lines := strings.Split(text, "\n")
	lines = cutOriginal(lines)
	own := cutSignature(lines)
	if rest := cutQuotes(own, answers); !blank(rest) {
		own = rest
	}
	return trimLines(strings.Join(own, "\n"))
}

var (
	subjectAnswers  = regexp.MustCompile(`(?i)^(re|aw|sv|antw|rif|rép|odp)(\[\d+\])?\s*:`)
	subjectForwards = regexp.MustCompile(`(?i)^(fwd?|wg|tr|vs|rv|doorst)\s*:`)
)

// answers reports whether the mail says that it answers another.
func (m Mail) answers() bool {
	return m.InReplyTo != "" || subjectAnswers.MatchString(m.Subject)
}

func (m Mail) forwards() bool { return subjectForwards.MatchString(m.Subject) }

// cutSignature cuts at the first "-- " line. Nothing but a signature is an empty
// mail.
func cutSignature(lines []string) []string {
	for i, line := range lines {
		if line == "-- " {
			return lines[:i]
		}
	}
	return lines
}

// originalMessage is the line that Outlook puts above what it quotes.
var originalMessage = regexp.MustCompile(`(?i)^\s*-{2,}\s*(original message|original appointment)\s*-{2,}\s*$`)

// cutOriginal cuts what Outlook quotes: below its line of dashes, or below the
// header lines From, Sent, To that newer ones put there.
func cutOriginal(lines []string) []string {
	for i, line := range lines {
		if originalMessage.MatchString(line) || outlookHeader(lines[i:]) {
			if !blank(lines[:i]) {
				return lines[:i]
			}
			return lines
		}
	}
	return lines
}

func outlookHeader(lines []string) bool {
	if !strings.HasPrefix(lines[0], "From:") || len(lines) < 3 {
		return false
	}
	second, third := lines[1], lines[2]
	return (strings.HasPrefix(second, "Sent:") || strings.HasPrefix(second, "Date:")) &&
		(strings.HasPrefix(third, "To:") || strings.HasPrefix(third, "Subject:"))
}

// attribution is the last line of "On Mon, 5 Jan 2026 at 10:11, John wrote:": it
// ends with a colon, and this line or the one above has an address, a date, a
// phone number (the name that our own mails come from), or says "wrote".
var attribution = regexp.MustCompile(`@|\d{1,2}[:.]\d{2}|\b(19|20)\d{2}\b|\+\d{6,}|` +
	`(?i)\b(wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev)\s*:\s*$`)

// cutQuotes takes away the block of quoted lines at the end, and at the
// beginning, each with its attribution. Without an attribution it does so only
// in a mail that answers another.
func cutQuotes(lines []string, answers bool) []string {
	end := len(lines)
	for end > 0 && (quoted(lines[end-1]) || empty(lines[end-1])) {
		end--
	}
	if hasQuote(lines[end:]) {
		n := attributionAbove(lines[:end])
		if n > 0 || answers {
			lines = lines[:end-n]
		}
	}

	start := 0
	for start < len(lines) && start < 4 && !quoted(lines[start]) {
		start++
	}
	stop := start
	for stop < len(lines) && (quoted(lines[stop]) || empty(lines[stop])) {
		stop++
	}
	if stop > start && hasQuote(lines[start:stop]) && answers {
		if n := attributionAbove(lines[:start]); blank(lines[:start-n]) {
			lines = lines[stop:]
		}
	}
	return lines
}

// attributionAbove gives the number of lines, blank ones included, that
// introduce the quote below lines; 0 if they do not.
func attributionAbove(lines []string) int {
	n := len(lines)
	last := n
	for last > 0 && empty(lines[last-1]) {
		last--
	}
	if last == 0 || !strings.HasSuffix(strings.TrimSpace(lines[last-1]), ":") {
		return 0
	}
	line := lines[last-1]
	switch {
	case last > 1 && !startsAttribution(line) && startsAttribution(lines[last-2]) && attribution.MatchString(lines[last-2]):
		return n - last + 2
	case attribution.MatchString(line):
		return n - last + 1
	}
	return 0
}

// startsAttribution knows how a wrapped attribution begins, so that the line
// above a short one is not taken for its first half.
func startsAttribution(line string) bool {
	for _, word := range []string{"On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "Den "} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}

func quoted(line string) bool { return strings.HasPrefix(line, ">") }
func empty(line string) bool  { return strings.TrimSpace(line) == "" }

func hasQuote(lines []string) bool {
	for _, line := range lines {
		if quoted(line) {
			return true
		}
	}
	return false
}

func blank(lines []string) bool {
	for _, line := range lines {
		if !empty(line) {
			return false
		}
	}
	return true
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
