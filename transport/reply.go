// Package transport holds what the doors have in common: one table from a
// [smsengine.Status] to the answer of a protocol. The doors themselves are the
// packages below it.
package transport

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// MaxReplyText bounds the text of an SMTP reply in octets, so that a line with
// its codes and what a relay adds stays below 512 (RFC 5321 §4.5.3.1.5).
const MaxReplyText = 400

// replyCodes gives the SMTP reply code of an enhanced code (RFC 3463) without
// its class: subject and detail, or the subject alone. The class chooses the
// column.
var replyCodes = map[string]struct{ temporary, permanent int }{
	"1":   {450, 550}, // addressing
	"1.3": {451, 553}, // bad number
	"2":   {450, 550}, // mailbox
	"2.2": {452, 552}, // over the limit of the month
	"3":   {451, 554}, // this system
	"3.1": {452, 552}, // full
	"3.4": {452, 552}, // too big
	"4":   {451, 554}, // network and routing; loops
	"5":   {451, 554}, // protocol
	"5.3": {452, 552}, // too many recipients
	"6":   {451, 554}, // content
	"7":   {450, 550}, // security and policy; too fast
}

// StatusOf is [smsengine.StatusOf], and knows the errors of addresses too.
func StatusOf(err error) smsengine.Status {
	if e, ok := errors.AsType[*phone.Error](err); ok {
		return smsengine.Status{Class: smsengine.Permanent, Code: e.Code, Text: e.Text}
	}
	return smsengine.StatusOf(err)
}

// Reply gives the SMTP reply for a status: reply code, enhanced status code and
// a text that is one printable line. The class of the status decides whether a
// client tries again: an uncertain or unclassified one is temporary, because a
// repetition is recognised and a refusal cannot be taken back.
func Reply(s smsengine.Status) (code int, enhanced [3]int, text string) {
	if s == (smsengine.Status{}) {
		return 250, [3]int{2, 0, 0}, "OK"
	}
	class, subject, detail := parseCode(s.Code)
	switch {
	case s.Class == smsengine.Permanent, s.Class == smsengine.OK && class == 5:
		class = 5
	case s.Class == smsengine.OK && class == 2:
		return 250, [3]int{2, subject, detail}, line(s.Text, "OK")
	default:
		class = 4
	}
	codes, ok := replyCodes[fmt.Sprintf("%d.%d", subject, detail)]
	if !ok {
		codes, ok = replyCodes[strconv.Itoa(subject)]
	}
	if !ok {
		codes.temporary, codes.permanent = 451, 554
	}
	enhanced = [3]int{class, subject, detail}
	if class == 5 {
		return codes.permanent, enhanced, line(s.Text, "refused by the phone service")
	}
	return codes.temporary, enhanced, line(s.Text, "temporary failure of the phone service, try again later")
}

// ReplyLine is the reply as one line without CRLF, "550 5.7.1 not permitted".
func ReplyLine(s smsengine.Status) string {
	code, e, text := Reply(s)
	return fmt.Sprintf("%d %d.%d.%d %s", code, e[0], e[1], e[2], text)
}

// parseCode reads an RFC 3463 code; what is not one is 0.0.0.
func parseCode(code string) (class, subject, detail int) {
	fields := strings.Split(code, ".")
	if len(fields) != 3 {
		return 0, 0, 0
	}
	var n [3]int
	for i, f := range fields {
		v, err := strconv.ParseUint(f, 10, 16)
		if err != nil || v > 999 {
			return 0, 0, 0
		}
		n[i] = int(v)
	}
	return n[0], n[1], n[2]
}

// line makes a text safe for a reply: US-ASCII because nobody promised to read
// anything else (RFC 6531 §3.7.4 allows UTF-8 only where it was negotiated), no
// control characters, bounded. An empty text becomes the given one.
func line(text, otherwise string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() == MaxReplyText {
			break
		}
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r < ' ' || r > '~':
			b.WriteByte('?')
		default:
			b.WriteByte(byte(r))
		}
	}
	if s := strings.TrimSpace(b.String()); s != "" {
		return s
	}
	return otherwise
}
