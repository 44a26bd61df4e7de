package mailbridge

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// MailKind says what sort of mail it is.
type MailKind string

// The kinds of mail.
const (
	KindText   MailKind = "text"   // somebody, or a program that somebody set up, wrote to a phone
	KindReply  MailKind = "reply"  // the same, as an answer to another mail
	KindList   MailKind = "list"   // came through a mailing list
	KindAuto   MailKind = "auto"   // made by a program (RFC 3834 §5)
	KindBounce MailKind = "bounce" // a report about another mail
)

// Kind tells the sort of the mail. sender is the envelope sender without angle
// brackets, "" for the null sender.
func (m Mail) Kind(sender string) MailKind {
	h := m.Header
	local, _, _ := strings.Cut(sender, "@")
	switch {
	case sender == "", m.Type == "multipart/report", h.Has("X-Failed-Recipients"),
		strings.EqualFold(local, "mailer-daemon"):
		return KindBounce
	case m.autoSubmitted(), m.automaticReply() != "":
		return KindAuto
	case h.Has("List-Id"), h.Has("List-Post"), h.keyword("Precedence") == "list":
		return KindList
	case m.answers():
		return KindReply
	}
	return KindText
}

func (m Mail) autoSubmitted() bool {
	auto := m.Header.keyword("Auto-Submitted")
	return auto != "" && auto != "no"
}

// automaticReply gives the mark by which the mail is known as an answer that
// nobody wrote: a vacation notice, a receipt. "" if there is none.
//
// A mail that a program sends of its own accord (auto-generated, RFC 3834 §5.1:
// cron, monitoring; auto-notified, RFC 5436: a Sieve rule of the user) is wanted
// on phones, as is a mailing list's. Only when it also answers a mail it is a
// vacation notice by another name, as Exchange sends them.
func (m Mail) automaticReply() string {
	h := m.Header
	switch auto := h.keyword("Auto-Submitted"); auto {
	case "", "no", "auto-notified":
	case "auto-generated":
		if m.InReplyTo != "" {
			return "Auto-Submitted: auto-generated, in reply to a mail"
		}
	default:
		return "Auto-Submitted: " + bounded(auto, 40)
	}
	switch precedence := h.keyword("Precedence"); precedence {
	case "junk", "auto_reply":
		return "Precedence: " + precedence
	case "bulk":
		if m.InReplyTo != "" && !h.Has("List-Id") {
			return "Precedence: bulk, in reply to a mail"
		}
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Vacation"} {
		if v := h.keyword(name); v != "" && v != "no" {
			return name
		}
	}
	return ""
}

// Refuse says why a mail must not become texts: bounces and automatic answers
// would make Postel and a phone, or a mailbox, talk to each other without end.
// It gives nil for any other mail. sender is the envelope sender without angle
// brackets.
//
// The error is permanent. A door that gets one for the null sender takes the
// mail with 250 and drops it: there is nobody who could hear a refusal, and
// mail servers that check our senders with a null sender must not get a 5xx at
// RCPT. To anybody else it answers 550, so that a person whose mail was misread
// hears of it.
func Refuse(m Mail, sender string) *smsengine.Error {
	const op = "loop"
	if sender == "" {
		return smsengine.Fail(op, smsengine.Permanent, "5.7.1", "a bounce (null sender) does not become a text", nil)
	}
	if m.Kind(sender) == KindBounce {
		return smsengine.Fail(op, smsengine.Permanent, "5.7.1", "a delivery report does not become a text", nil)
	}
	if mark := m.automaticReply(); mark != "" {
		return smsengine.Fail(op, smsengine.Permanent, "5.7.1", "an automatic reply does not become a text ("+mark+")", nil)
	}
	return nil
}
