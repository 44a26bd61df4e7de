package mailbridge

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// WordsOf gives what the outgoing stages need of a mail to make texts of it.
// sender is the envelope sender without angle brackets, phones says which
// addresses are phones.
func WordsOf(m Mail, sender string, phones *phone.Parser) *smsengine.Mail {
	return &smsengine.Mail{
		Kind: m.Kind(sender), From: m.From, Name: m.Name,
		Subject: phone.Redact(m.Subject), Headers: m.fields(), Date: m.Date, Size: m.Size,
		Passages: m.Passages, Attachments: m.Attachments,
		Language: m.Language, Why: m.Why,
		Ours: m.Header.Has(MessageHeader) || isPhone(phones, sender) || isPhone(phones, m.From),
	}
}

// fields are those of the header, for rules. A ticket is nobody's to read.
func (m Mail) fields() []smsengine.Param {
	all := make([]smsengine.Param, 0, len(m.Header))
	for _, f := range m.Header {
		if !strings.EqualFold(f.Name, TicketHeader) {
			all = append(all, smsengine.Param{Name: f.Name, Value: phone.Redact(decodeWords(f.Value))})
		}
	}
	return all
}

// isPhone reports whether an address is a phone of ours, well formed or not.
func isPhone(phones *phone.Parser, addr string) bool {
	if addr == "" {
		return false
	}
	_, is, _ := phones.Parse(addr)
	return is
}

// maxOriginal bounds what of a mail is kept for reports, in octets.
const maxOriginal = 64 << 10

// SourceOf joins what the mail and what its envelope tell of the source: the
// latter Door, Received, Identity, Sender, EnvID and Return. The engine adds the ID.
func SourceOf(m Mail, envelope smsengine.Source) smsengine.Source {
	src := m.Source()
	src.Door, src.Received, src.Identity = envelope.Door, envelope.Received, envelope.Identity
	src.Sender, src.EnvID, src.Return = envelope.Sender, envelope.EnvID, envelope.Return
	if src.MessageID == "" && src.Digest == "" {
		src.Digest = digest(m)
	}
	return src
}

// digest stands for the Message-ID of a mail that has none. A mail without a
// date either is known by the trace line of the MTA that queued it.
func digest(m Mail) string {
	when := m.Date.UTC().Format(time.RFC3339)
	if m.Date.IsZero() {
		when = m.Header.Get("Received")
	}
	sum := sha256.Sum256([]byte(when + "\x00" + m.Subject + "\x00" + m.Body))
	return hex.EncodeToString(sum[:16])
}

// Source gives what the mail itself tells of its source: message ID, thread,
// subject and the original for reports.
func (m Mail) Source() smsengine.Source {
	return smsengine.Source{
		MessageID:  m.MessageID,
		References: m.References,
		Subject:    phone.Redact(m.Subject),
		Original:   m.Original(),
	}
}

// Original gives header and text for the reports: a mail of US-ASCII lines, at
// most 64 KiB. Passwords in addresses are masked. Trace fields are left out: they
// differ each time the same mail is handed over, and the original does not.
func (m Mail) Original() []byte {
	w := newWriter()
	for _, f := range m.Header {
		if w.Len() > maxOriginal/4 {
			break
		}
		if !leftOut(f.Name) {
			w.field(f.Name, bounded(public(f.Value), maxOriginal/8))
		}
	}
	w.text(bounded(m.Body, maxOriginal/6)) // at worst each octet becomes "=XX"
	return w.Bytes()
}

// leftOut names the fields that the original does not show: what machines on
// the way added, what describes an encoding that is gone, what was not meant for
// all readers.
func leftOut(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "received", "return-path", "delivered-to", "x-original-to", "bcc", "resent-bcc",
		"mime-version", "dkim-signature", "domainkey-signature", "authentication-results",
		"received-spf", strings.ToLower(TicketHeader):
		return true
	}
	return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "arc-")
}

// KeepsHeader reports whether a Source's original has the header field of the name,
// if the mail has it.
func KeepsHeader(name string) bool { return !leftOut(name) }

// public gives a field's value without secrets: encoded words can hide one, and
// are decoded then. Raw 8-bit text is decoded too; the writer encodes it again.
func public(v string) string {
	if strings.Contains(v, "=?") {
		if decoded := decodeWords(v); phone.Redact(decoded) != decoded {
			return phone.Redact(decoded)
		}
	}
	if !isASCII(v) {
		v = decodeWords(v)
	}
	return phone.Redact(v)
}
