package smsengine

import (
	"encoding/json"
	"time"
)

// Digest says when texts to one phone are gathered: in each window of time the
// first go as they are, and what comes after them is told in one text when the
// window ends.
type Digest struct {
	Rule   string        // the title of the rule that wants it
	After  int           // so many go as they are
	Within time.Duration // the length of a window
	Parts  int           // that the one text may have
}

// DigestCounter is the account of the counters of texts to one phone in a window
// of a digest. No account can have this name.
const DigestCounter = "#digest"

// NewDigest is a digest that gathers texts until a time, and then has one made that
// tells of them: a message of Kind [Deed], which is stored with the first text in
// it. Texts that it gathers are about it. Its key names the window. The effect is what
// makes the text of it, as it is stored; what tells people of it.
func NewDigest(key, rule, what string, effect json.RawMessage, now, until time.Time) Message {
	return Message{
		Key: key, Kind: Deed, To: Address{ByRule, rule}, Body: Body{Subject: what, Deed: effect, Rules: []string{rule}},
		Notify: NotifyNever, Created: now, Expires: until.Add(DeedLife),
		Route: Over(RulesGateway), State: Ready, Next: until, Parts: []Part{{}},
	}
}

// Gathers reports whether a digest takes more texts in. It does until its text
// begins to be made: so what was told is all that was gathered, however often the
// making was tried.
func (m Message) Gathers() bool {
	return m.Kind == Deed && m.Attempt == 0 && (m.State == Ready || m.State == Held)
}

// gatheredCode is of texts that ended as they should: in another.
const gatheredCode = "2.0.0"

// Gathered reports whether a digest gathered the text.
func (m Message) Gathered() bool {
	return m.Kind == Text && m.State == Cancelled && m.Status.Class == OK && m.Status.Code == gatheredCode
}

// GatheredBy is the text as it is stored when a digest gathers it, and what that
// causes. It ends there: nobody is charged for it, and the digest tells the rest.
func (m Message) GatheredBy(digest Message) (Message, []Effect) {
	m.About, m.State, m.Charges, m.Warn, m.Expires = digest.ID, Cancelled, nil, time.Time{}, digest.Next
	m.Status = Status{Code: gatheredCode, Text: "gathered for a digest by the rule " + digest.To.Value}
	return m, m.calls(m.Created)
}
