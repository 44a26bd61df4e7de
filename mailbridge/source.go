package mailbridge

import (
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// maxOriginal bounds what of a mail is kept for reports, in octets.
const maxOriginal = 64 << 10

// Source gives what the mail itself tells of its source: message ID, thread,
// subject and the original for reports. The door adds what the envelope tells:
// Door, Received, Identity, Sender, EnvID and Return; the engine the ID.
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
