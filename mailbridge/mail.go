package mailbridge

import (
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Mail is what Postel needs to know of a mail. [Read] makes it.
type Mail struct {
	MessageID  string    // RFC 5322 msg-id without angle brackets, "" if there is none
	InReplyTo  string    // the mail that it answers, without angle brackets
	References []string  // its thread, oldest first, InReplyTo last; without angle brackets
	Subject    string    // decoded, one line
	From       string    // address of the first author, "" if there is none to be read
	Name       string    // display name of the first author, "" if there is none
	Date       time.Time // zero if missing or malformed
	Type       string    // media type in lower case: "multipart/report"
	Body       string    // the author's own words: UTF-8, NFC, lines end in LF
	Header     Header    // all fields as they came, unfolded
	Size       int64     // octets, as it came
	Language   string    // that the author's program says its user reads, "de"; "" if it does not say
	Why        string    // why there are no words: "the mail is encrypted"; "" if they could be read

	Passages    []smsengine.Passage // all words, Body among them; none if there are none
	Attachments []smsengine.Attachment

	traits traits
}

// Text is what would be sent: the body, or the subject if the body is empty.
func (m Mail) Text() string {
	if m.Body != "" {
		return m.Body
	}
	return m.Subject
}

// Field is a header field. Value is unfolded (RFC 5322 §2.2.3) and otherwise as
// it came: encoded words are not decoded.
type Field struct{ Name, Value string }

// Header is the header of a mail or of a part, in its order.
type Header []Field

// Get gives the first field of the name, in any case; "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field of the name.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Values gives all fields of the name, in order.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// keyword gives the first word of a structured field in lower case, without
// parameters and comments: "auto-replied" of "Auto-Replied (vacation)".
func (h Header) keyword(name string) string {
	v := strings.ToLower(strings.TrimSpace(h.Get(name)))
	if i := strings.IndexAny(v, " \t;("); i >= 0 {
		v = v[:i]
	}
	return v
}
