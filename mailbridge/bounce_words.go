package mailbridge

import (
	"regexp"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Reports in plain words: qmail's (its author calls the format QSBMF), and those
// of Exim and Sendmail before they wrote RFC 3464. They quote the mail below the
// words, or name the recipients in the header.

var (
	// copyBelow begins the copy of the mail that came back.
	copyBelow = regexp.MustCompile(`(?im)^[-> ]*(this is a copy of (your|the) message|below this line is a copy of|(the )?original message|unsent message below|message (header|text) follows|return-path:|received: )`)
	// qmailRecipient is followed by the reason.
	qmailRecipient = regexp.MustCompile(`(?m)^<([^<>\s]+@[^<>\s]+)>:[ \t]*$`)
	// failureSubject is what programs call their bounces, lateSubject their warnings.
	failureSubject = regexp.MustCompile(`(?i)undeliver|returned mail|delivery (has )?fail|failure|mail delivery system|non remis|unzustellbar`)
	lateSubject    = regexp.MustCompile(`(?i)delay|warning|verzögert|retard`)
	enhancedCode   = regexp.MustCompile(`(?:^|[^0-9.])([45]\.\d{1,3}\.\d{1,3})(?:[^0-9.]|\.?$|\.[^0-9])`)
)

// quoted finds the message in a copy of the mail within the words.
func (b *bounceReader) quoted() smsengine.MessageID {
	for line := range strings.Lines(string(b.words)) {
		name, value, _ := strings.Cut(strings.TrimLeft(line, " \t>|"), ":")
		var id smsengine.MessageID
		switch {
		case strings.EqualFold(name, MessageHeader):
			id = messageOf(strings.TrimSpace(value))
		case strings.EqualFold(name, "Message-ID"):
			id = b.mine(value)
		}
		if id != "" {
			return id
		}
	}
	return ""
}

// inWords reads a report that has no part for programs.
func (b *bounceReader) inWords(id smsengine.MessageID) []smsengine.Bounce {
	words := strings.ReplaceAll(string(b.words), "\r\n", "\n")
	if at := copyBelow.FindStringIndex(words); at != nil {
		words = words[:at[0]]
	}
	to := b.recipients(words)
	if len(to) == 0 && b.namedBounce() {
		to = []string{""}
	}
	all := make([]smsengine.Bounce, len(to))
	for i, addr := range to {
		reason := reasonFor(words, addr)
		code := ""
		if found := enhancedCode.FindStringSubmatch(reason); found != nil {
			code = found[1]
		}
		all[i] = smsengine.Bounce{Message: id, To: addr, Status: refusal(code, reason)}
	}
	return all
}

// recipients gives those whom the header names, as Exim and Gmail do, or the
// words, as qmail does.
func (b *bounceReader) recipients(words string) []string {
	var to []string
	for addr := range strings.SplitSeq(b.header.Get("X-Failed-Recipients"), ",") {
		if addr = oneLine(addr); addr != "" && len(to) < maxBounces {
			to = append(to, bounded(addr, 320))
		}
	}
	if len(to) > 0 {
		return to
	}
	for _, found := range qmailRecipient.FindAllStringSubmatch(words, maxBounces) {
		to = append(to, bounded(found[1], 320))
	}
	return to
}

// namedBounce reports whether the mail calls itself a bounce: it is from a mail
// system, and its subject says so.
func (b *bounceReader) namedBounce() bool {
	local, _, _ := strings.Cut(strings.ToLower(author(b.header.Get("From"))), "@")
	subject := decodeWords(b.header.Get("Subject"))
	return (local == "mailer-daemon" || local == "postmaster") &&
		failureSubject.MatchString(subject) && !lateSubject.MatchString(subject)
}

// reasonFor gives the lines below an address, up to the next blank one: there
// these programs write why. Without an address it is the line with a code.
func reasonFor(words, addr string) string {
	var reason []string
	found := false
	for line := range strings.Lines(words) {
		text := strings.TrimSpace(line)
		switch {
		case !found:
			found = addr != "" && strings.Contains(strings.ToLower(text), strings.ToLower(addr))
			if found && len(text) > len(addr)+4 && enhancedCode.MatchString(text) {
				return text // both in one line
			}
			if addr == "" && enhancedCode.MatchString(text) {
				return text
			}
		case text == "" && len(reason) > 0:
			return strings.Join(reason, " ")
		case text != "" && len(reason) < 6:
			reason = append(reason, text)
		}
	}
	return strings.Join(reason, " ")
}
