package mailbridge

import (
	"regexp"
	"strings"
)

var (
	answerWords  = gather(func(l language) string { return l.answers })
	forwardWords = gather(func(l language) string { return l.forwards })
	listTag      = regexp.MustCompile(`^\[[^\]]{1,60}\] *`)
	counter      = regexp.MustCompile(` ?[\[(^*]\d{1,3}[\])]?$`)
)

// answers reports whether the mail says that it answers another.
func (m Mail) answers() bool {
	return m.InReplyTo != "" || isAnswer(m.Subject)
}

// isAnswer reports whether a subject is that of an answer.
func isAnswer(subject string) bool { return answerWords.has(subjectPrefix(subject)) }

// forwards reports whether the mail says that it forwards another.
func (m Mail) forwards() bool { return forwardWords.has(subjectPrefix(m.Subject)) }

// subjectPrefix gives what stands before the first colon of a subject, folded:
// "re" of "[list] Re[2]: Lunch".
func subjectPrefix(subject string) string {
	s := listTag.ReplaceAllString(folded(subject), "")
	prefix, _, ok := strings.Cut(s, ":")
	if !ok || len(prefix) > 30 {
		return ""
	}
	return counter.ReplaceAllString(strings.TrimSpace(prefix), "")
}
