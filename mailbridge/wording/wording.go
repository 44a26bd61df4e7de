// Package wording holds what Postel says to people in its mails, in their
// languages: one file a language, and nothing else in it. What programs read
// (RFC 3464) is in English and not here.
//
// A new language is a copy of en.go with its name in [all]; the test says what
// is missing.
package wording

import "strings"

// Language is everything that Postel says in one language. Words in braces stand
// for what is put in their place by [Fill]; the same ones stand in every language.
type Language struct {
	Tag     string // BCP 47
	Service string // who reports come from

	// What a text to "{to}" became: a subject, and a sentence.
	Delivered, Relayed, Delayed, Unsure, Failed, Expired, Perhaps Outcome

	Until  string // of a text that is delayed: what is tried until when
	Reason string // leads to the reason
	Began  string // the text failed when some of its parts had left, or may have
	Cut    string // it was longer than it may be
	Left   string // names what of the mail is not in it
	Said   string // leads to its words
	Trace  string // where an administrator finds it

	Passages Passages
	Reasons  Reasons

	// Mail made of texts from phones.
	From       string // its subject, if it answers nothing
	Nobody     string // the same, from an unknown number
	Unknown    string // the name of such a sender
	Mute       string // what stands behind the name of a sender who cannot be answered
	NameMute   string // why: it has a name instead of a number
	CodeMute   string // it is a short code that texts may not go to
	NobodyMute string // it has no number
	Missing    string // a part at the beginning or the end never came
	Gap        string // a part in the middle never came
	Data       string // the message is no text
	Card       string // it is a business card
	Event      string // it is a calendar entry
	Push       string // it is a WAP push
	Header     string // shows its user data header
}

// Outcome is what became of a text.
type Outcome struct{ Subject, Sentence string }

// Passages are names for what can be left out of a mail.
type Passages struct{ Quotes, Signature, Mobile, List, Disclaimer string }

// Reasons say why a text did not arrive, by the last two numbers of its RFC 3463
// code. What the network said in its own words stands behind them.
type Reasons struct {
	NoNumber    string // X.1.1
	BadNumber   string // X.1.3
	Trouble     string // X.2.0
	Refused     string // X.2.1
	Full        string // X.2.2
	Network     string // X.4.0
	Unreachable string // X.4.1
	NoAnswer    string // X.4.2
	NoWay       string // X.4.4
	Busy        string // X.4.5
	TooLate     string // X.4.7
	Unsuitable  string // X.6.1
	Forbidden   string // X.7.1
}

// For gives the reason for an RFC 3463 code, "" if there are no words for it.
func (r Reasons) For(code string) string {
	_, cause, _ := strings.Cut(code, ".")
	return map[string]string{
		"1.1": r.NoNumber, "1.3": r.BadNumber, "2.0": r.Trouble, "2.1": r.Refused, "2.2": r.Full,
		"4.0": r.Network, "4.1": r.Unreachable, "4.2": r.NoAnswer, "4.4": r.NoWay, "4.5": r.Busy,
		"4.7": r.TooLate, "6.1": r.Unsuitable, "7.1": r.Forbidden,
	}[cause]
}

var all = []*Language{&english, &german, &french, &spanish, &italian, &dutch, &portuguese, &polish, &czech, &russian, &swedish}

// In gives the language of a tag, "de" or "de-AT"; English if there is no such.
func In(tag string) *Language {
	tag = strings.ToLower(tag)
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	for _, l := range all {
		if l.Tag == tag {
			return l
		}
	}
	return &english
}

// Fill puts values in the place of names in braces: Fill("to {to}", "to", "x").
// What is put in is not looked at again.
func Fill(sentence string, namesAndValues ...string) string {
	pairs := make([]string, len(namesAndValues))
	for i, s := range namesAndValues {
		pairs[i] = s
		if i%2 == 0 {
			pairs[i] = "{" + s + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
