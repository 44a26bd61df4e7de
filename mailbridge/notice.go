package mailbridge

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// notice writes a report (RFC 3464) on a text: a sentence for people, the
// fields for programs, and the original. Its envelope sender is the null sender,
// so that nothing ever answers it (RFC 5321 §4.5.5).
func (c *Composer) notice(d smsengine.Delivery, to string) Letter {
	m, n := d.Message, *d.Message.Body.Notice
	about := smsengine.Message{ID: m.About}
	if d.About != nil {
		about = *d.About
	}
	words := newWriter()
	words.text(explain(n, about))
	status := newWriter()
	c.status(status, n, about, d.Source)
	kind, original := returned(n, about, d.Source)

	w := newWriter()
	w.mailbox("From", "Text message service", path(c.style.Reports))
	w.mailbox("To", "", to)
	w.field("Subject", headline(n)+number(about))
	w.date("Date", n.At)
	w.ids("Message-ID", c.messageID(m.ID))
	w.thread(smsengine.Thread{InReplyTo: d.Source.MessageID, References: d.Source.References})
	w.raw("Auto-Submitted", "auto-replied")
	w.line("MIME-Version: 1.0")
	boundary := boundary(m.ID, words.Bytes(), original)
	w.line("Content-Type: multipart/report; report-type=delivery-status;")
	w.line("\tboundary=\"" + boundary + `"`)
	w.line("")
	w.part(boundary, "", words.Bytes())
	w.part(boundary, "message/delivery-status", status.Bytes())
	w.part(boundary, kind, original)
	w.line("--" + boundary + "--")
	return Letter{To: to, Data: w.Bytes()}
}

// part writes a body part. Without a kind the content brings its own header.
func (w *writer) part(boundary, kind string, content []byte) {
	w.line("--" + boundary)
	if kind != "" {
		w.line("Content-Type: " + kind)
		if !isASCII(string(content)) {
			w.line("Content-Transfer-Encoding: 8bit")
		}
		w.line("")
	}
	w.Write(content)
	if !bytes.HasSuffix(content, []byte("\n")) {
		w.line("")
	}
	w.line("")
}

// boundary is made of what it stands between: nobody can write a text that
// holds it, and the same report has the same one.
func boundary(id smsengine.MessageID, contents ...[]byte) string {
	sum := sha256.New()
	sum.Write([]byte(id))
	for _, c := range contents {
		sum.Write(c)
	}
	return fmt.Sprintf("=_%x", sum.Sum(nil)[:18])
}

func number(about smsengine.Message) string {
	if about.To.Value == "" {
		return ""
	}
	return ": " + about.To.Value
}

func headline(n smsengine.Notice) string {
	switch {
	case n.Action == smsengine.ActionDelivered:
		return "Text delivered"
	case n.Action == smsengine.ActionRelayed:
		return "Text sent"
	case n.State == smsengine.Unsure:
		return "Text perhaps not sent"
	case n.Action == smsengine.ActionDelayed:
		return "Text delayed"
	}
	return "Text not delivered"
}

// explain says in plain words what became of the text, why, and what to do.
func explain(n smsengine.Notice, about smsengine.Message) string {
	var b strings.Builder
	to := strings.TrimPrefix(number(about), ": ")
	if to == "" {
		to = "a phone"
	}
	fmt.Fprintf(&b, "Your text to %s %s\n", to, outcome(n, about))
	if reason := oneLine(n.Status.Text); reason != "" && n.Status.Class != smsengine.OK {
		fmt.Fprintf(&b, "\nThe reason: %s\n", reason)
	}
	if n.Action == smsengine.ActionFailed && n.Sent > 0 {
		fmt.Fprintf(&b, "\nOf its %s, %d left or may have left; the recipient may have got the beginning.\n", parts(n.Parts), n.Sent)
	}
	if text := strings.TrimSpace(about.Body.Text); text != "" {
		fmt.Fprintf(&b, "\nThe text was:\n\n%s\n", indent(bounded(text, 4<<10)))
	}
	fmt.Fprintf(&b, "\nYour administrator finds it as message %s.\n", about.ID)
	return b.String()
}

func outcome(n smsengine.Notice, about smsengine.Message) string {
	const day = "Mon, 2 Jan 2006 15:04 MST"
	switch {
	case n.Action == smsengine.ActionDelivered:
		return "was delivered: the phone confirmed it."
	case n.Action == smsengine.ActionRelayed:
		return "was handed to the telephone network.\nNo receipt from the phone can be told to you, so this is the last that is known of it."
	case n.State == smsengine.Unsure:
		return "may or may not have been sent: the answer of the\ntelephone network was lost. It is not repeated by itself, so that nobody gets\n(and pays for) the same text twice. If it matters, ask the recipient."
	case n.Action == smsengine.ActionDelayed:
		s := "has not been sent yet."
		if !about.Expires.IsZero() {
			s += "\nIt is tried again until " + about.Expires.Format(day) + "."
		}
		return s + " You need not send it again."
	case n.State == smsengine.Expired && n.Sent > 0:
		return "may or may not have been delivered: no answer\ncame from the telephone network in time. It is not tried again."
	case n.State == smsengine.Expired:
		return "was not sent in time. It is not tried again."
	}
	return "was not delivered. It is not tried again."
}

func parts(n int) string {
	if n == 1 {
		return "1 part"
	}
	return fmt.Sprintf("%d parts", n)
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

// status writes the fields of RFC 3464 §2.2 (the mail) and §2.3 (the recipient).
func (c *Composer) status(w *writer, n smsengine.Notice, about smsengine.Message, src smsengine.Source) {
	w.field("Reporting-MTA", "dns; "+c.style.Hostname)
	if src.EnvID != "" {
		w.field("Original-Envelope-Id", bounded(oneLine(src.EnvID), 400))
	}
	if !src.Received.IsZero() {
		w.date("Arrival-Date", src.Received)
	}
	w.line("")
	if original := phone.Redact(oneLine(about.Original)); original != "" {
		w.raw("Original-Recipient", typed(bounded(original, 400)))
	}
	final, _ := c.pattern(n.Gateway).Address(about.To)
	w.raw("Final-Recipient", "rfc822; "+final)
	w.raw("Action", string(n.Action))
	w.raw("Status", statusCode(n))
	if text := oneLine(n.Status.Text); text != "" {
		w.field("Diagnostic-Code", "x-postel; "+bounded(text, 400))
	}
	if attempted := n.State != smsengine.Expired && (n.Action != smsengine.ActionDelayed || n.State == smsengine.Unsure); attempted {
		w.date("Last-Attempt-Date", n.At)
	}
	w.field("Final-Log-ID", string(about.ID))
	if n.Action == smsengine.ActionDelayed && n.State != smsengine.Unsure && !about.Expires.IsZero() {
		w.date("Will-Retry-Until", about.Expires)
	}
}

// typed gives an address with its type (RFC 3464 §2.3.1). One that is not ASCII
// is written as utf-8-addr-xtext (RFC 6533 §3).
func typed(addr string) string {
	if kind, _, ok := strings.Cut(addr, ";"); ok && (strings.EqualFold(kind, "rfc822") || strings.EqualFold(kind, "utf-8")) {
		addr = addr[len(kind)+1:]
	}
	addr = strings.TrimSpace(addr)
	if isASCII(addr) {
		return "rfc822; " + addr
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
