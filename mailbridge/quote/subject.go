package quote

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

// Answers reports whether a subject is that of an answer.
func Answers(subject string) bool { return answerWords.has(subjectPrefix(subject)) }

// Forwards reports whether a subject is that of a mail that is passed on.
func Forwards(subject string) bool { return forwardWords.has(subjectPrefix(subject)) }

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
