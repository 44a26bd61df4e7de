package mailbridge

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// status writes the fields of RFC 3464 §2.2 (the mail) and §2.3 (the recipient).
// They are in English and ASCII, whatever the language of the report.
func (c *Composer) status(w *writer, n smsengine.Notice, about smsengine.Message, src smsengine.Source) {
	if src.EnvID != "" {
		w.raw("Original-Envelope-Id", bounded(printable(src.EnvID), 400))
	}
	w.raw("Reporting-MTA", "dns; "+c.style.Hostname)
	if !src.Received.IsZero() {
		w.date("Arrival-Date", src.Received)
	}
	w.line("")
	if original := typed(phone.Redact(oneLine(about.Original))); original != "" {
		w.raw("Original-Recipient", bounded(original, 600))
	}
	w.raw("Final-Recipient", "rfc822; "+c.final(n, about.To))
	w.raw("Action", string(n.Action))
	w.raw("Status", statusCode(n))
	if n.Gateway != "" {
		w.field("Remote-MTA", "x-sms; "+n.Gateway)
	}
	if code := diagnostic(n.Status); code != "" {
		w.field("Diagnostic-Code", bounded(code, 400))
	}
	if !n.Tried.IsZero() {
		w.date("Last-Attempt-Date", n.Tried)
	}
	w.raw("Final-Log-ID", string(about.ID))
	if n.Action == smsengine.ActionDelayed && n.State != smsengine.Unsure && !about.Expires.IsZero() {
		w.date("Will-Retry-Until", about.Expires)
	}
}

// final is the address of the phone; of what was refused because it is no phone's,
// as it was written.
func (c *Composer) final(n smsengine.Notice, to smsengine.Address) string {
	if written := path(to.Value); written != "" && isASCII(written) {
		return written
	}
	return c.pattern(n.Gateway).Address(to)
}

// diagnostic is what the network called it, or what Postel says if the network
// said nothing. The types are private ones (RFC 3464 §2.1.2): there is none for
// short messages, and "smtp" would claim a reply of a mail server.
func diagnostic(s smsengine.Status) string {
	if code := oneLine(s.Diagnostic); code != "" {
		return "x-sms; " + code
	}
	if text := oneLine(s.Text); text != "" {
		return "x-postel; " + text
	}
	return ""
}

// typed gives the recipient as the sender's envelope had it, with its type (RFC
// 3464 §2.3.1, RFC 3461 §4.2): as it came, only that what is not ASCII is written
// as RFC 6533 §3 wants. "" if there was no ORCPT, for the field is not for what
// Postel or the MTA made of the address.
func typed(original string) string {
	kind, addr, ok := strings.Cut(original, ";")
	kind, addr = strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(addr)
	if !ok || addr == "" || kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	if isASCII(addr) && kind != "utf-8" {
		return kind + "; " + addr
	}
	var b strings.Builder
	for _, r := range addr {
		if r > ' ' && r < 0x7f && r != '\\' && r != '+' && r != '=' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x{%X}`, r)
		}
	}
	return "utf-8; " + b.String()
}

// printable keeps what an envelope ID may hold (RFC 3461 §4.4): printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// statusCode gives the code of RFC 3463 if it fits the action, or the general
// one. A failure keeps a 4.x.x code: it says that the cause was temporary, and
// time ran out (4.4.7).
func statusCode(n smsengine.Notice) string {
	class := map[smsengine.Action]string{
		smsengine.ActionFailed: "5", smsengine.ActionDelayed: "4",
		smsengine.ActionDelivered: "2", smsengine.ActionRelayed: "2",
	}[n.Action]
	code := n.Status.Code
	fits := strings.HasPrefix(code, class+".") || class == "5" && strings.HasPrefix(code, "4.")
	if digits := strings.Split(code, "."); !fits || len(digits) != 3 || strings.Trim(code, "0123456789.") != "" {
		return class + ".0.0"
	}
	return code
}

// returned gives the third part. RET (RFC 3461 §4.3) governs failures; other
// reports return the header alone. The words are in the first part in any case.
func returned(n smsengine.Notice, about smsengine.Message, src smsengine.Source) (kind string, original []byte) {
	original = src.Original
	if len(original) == 0 {
		w := newWriter()
		w.field("Subject", src.Subject)
		if !src.Received.IsZero() {
			w.date("Date", src.Received.In(time.UTC))
		}
		w.ids("Message-ID", src.MessageID)
		w.text(about.Body.Text)
		original = w.Bytes()
	}
	original = bytes.ReplaceAll(bytes.ReplaceAll(original, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	if n.Action == smsengine.ActionFailed && src.Return != smsengine.ReturnHeaders {
		return "message/rfc822", original
	}
	header, _, _ := bytes.Cut(original, []byte("\r\n\r\n"))
	return "text/rfc822-headers", append(header[:len(header):len(header)], "\r\n"...)
}
