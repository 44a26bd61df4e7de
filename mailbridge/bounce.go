package mailbridge

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// MessageHeader is in every mail that Postel writes, and holds the ID of the
// message that it was made of. A mail with it never becomes a text, and one that
// comes back is known by it.
const MessageHeader = "X-Postel-Message"

// maxBounces bounds the recipients of one report that are looked at: our mails
// have one, which an alias may have made several of.
const maxBounces = 50

// ReadBounce reads a mail from the null sender, and tells which mails of ours it
// says could not be delivered: those with the right side that our Message-IDs
// have, or with [MessageHeader]. There are none in any other mail: a report that
// something is late or was delivered, a bounce of somebody else's mail, a vacation
// notice. r is read to its end, in bounded memory; the error is that of r alone.
//
// What is understood is RFC 3464, as Postfix, Sendmail, Exim and Exchange write
// it, and the plain words of qmail and of earlier Exims and Sendmails.
func ReadBounce(r io.Reader, hostname string) ([]smsengine.Bounce, error) {
	b := bounceReader{lines: newLines(r), hostname: hostname}
	b.header = b.lines.header()
	b.entity(b.header, 0)
	if err := b.ioError(); err != nil {
		return nil, fmt.Errorf("read a bounce: %w", err)
	}
	if _, err := io.Copy(io.Discard, b.r); err != nil {
		return nil, fmt.Errorf("read a bounce: %w", err)
	}
	all := b.bounces()
	for i := range all { // a mail may have been passed on to a phone's address with a password in it
		all[i].To, all[i].Status.Text = phone.Redact(all[i].To), phone.Redact(all[i].Status.Text)
	}
	return all, nil
}

// bounceReader collects what a report says.
type bounceReader struct {
	*lines
	hostname string
	header   Header              // of the report itself
	returned smsengine.MessageID // what came back, as the part with its header says
	groups   []Header            // of the parts for programs (RFC 3464 §2.1)
	reported bool                // there was such a part
	words    []byte              // of the parts for people
	parts    int
}

// entity reads a part whose header was just read.
func (b *bounceReader) entity(h Header, depth int) {
	kind, params := mediaType(h.Get("Content-Type"))
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if depth < maxDepth && params["boundary"] != "" {
			b.multipart(params["boundary"], depth)
		}
	case kind == "message/delivery-status", kind == "message/global-delivery-status":
		b.reported = true
		b.status(b.octets(h))
	case kind == "message/rfc822", kind == "message/global", kind == "text/rfc822-headers",
		kind == "message/rfc822-headers", kind == "message/global-headers":
		if b.returned == "" {
			b.returned = b.ours(newLines(bytes.NewReader(b.octets(h))).header())
		}
	case kind == "text/plain", kind == "":
		if len(b.words) < MaxText {
			b.words = append(append(b.words, b.octets(h)...), '\n')
		}
	}
}

// multipart reads the parts.
func (b *bounceReader) multipart(boundary string, depth int) {
	level := len(b.marks)
	b.marks = append(b.marks, []byte("--"+boundary))
	b.skip() // the preamble
	for b.hit == level && !b.last && b.parts < maxParts {
		b.hit = -1
		b.parts++
		b.entity(b.lines.header(), depth+1)
		b.skip()
	}
	b.marks = b.marks[:level]
	if b.hit >= level {
		b.hit = -1 // what is left belongs to the part around it
	}
}

// octets gives the decoded body of a part, up to MaxText.
func (b *bounceReader) octets(h Header) []byte {
	t := newTransfer(h.keyword("Content-Transfer-Encoding"))
	var body []byte
	for len(body) < MaxText {
		line, ok := b.next()
		if !ok {
			break
		}
		body = t.decode(t, body, line)
	}
	return body[:min(len(body), MaxText)]
}

// status reads the groups of fields: one about the mail, one for each recipient.
func (b *bounceReader) status(content []byte) {
	for l := newLines(bytes.NewReader(content)); len(b.groups) < maxBounces; {
		if group := l.header(); len(group) > 0 {
			b.groups = append(b.groups, group)
		}
		if l.held { // a line that is no field ended the group
			l.next()
		}
		if l.err != nil {
			return
		}
	}
}

// bounces says what failed.
func (b *bounceReader) bounces() []smsengine.Bounce {
	id := b.returned
	if id == "" {
		id = b.quoted()
	}
	if id == "" {
		id = b.mine(b.header.Get("In-Reply-To"))
	}
	if id == "" {
		return nil
	}
	if !b.reported {
		return b.inWords(id)
	}
	var all []smsengine.Bounce
	for _, g := range b.groups {
		if failed(g) {
			all = append(all, smsengine.Bounce{Message: id, To: recipientOf(g), Status: statusOf(g)})
		}
	}
	return all
}

// failed reports whether a group of fields is about a recipient who will not get
// the mail (RFC 3464 §2.3.3). Some programs leave out the action.
func failed(g Header) bool {
	action := g.keyword("Action")
	return action == "failed" || action == "" && strings.HasPrefix(g.keyword("Status"), "5.")
}

// recipientOf gives the mailbox that a group of fields is about.
func recipientOf(g Header) string {
	for _, name := range []string{"Final-Recipient", "Original-Recipient"} {
		v := g.Get(name)
		if _, addr, ok := strings.Cut(v, ";"); ok {
			v = addr
		}
		if v = strings.Trim(oneLine(v), "<> "); v != "" {
			return bounded(v, 320)
		}
	}
	return ""
}

// statusOf gives a group's code and words.
func statusOf(g Header) smsengine.Status {
	text := g.Get("Diagnostic-Code")
	if kind, words, ok := strings.Cut(text, ";"); ok && !strings.Contains(strings.TrimSpace(kind), " ") {
		text = words
	}
	code := g.keyword("Status")
	if !isCode(code) {
		code = ""
	}
	return refusal(code, decodeWords(text))
}

// refusal is the status of a mail that came back. text is somebody else's.
func refusal(code, text string) smsengine.Status {
	if text = bounded(oneLine(strings.ToValidUTF8(text, "\uFFFD")), 400); text == "" {
		text = "the mail came back"
	}
	if code == "" {
		code = "5.0.0"
	}
	return smsengine.Status{Class: smsengine.Permanent, Code: code, Text: text}
}

// isCode reports whether s is an enhanced status code of a failure (RFC 3463 §2).
func isCode(s string) bool {
	class, rest, _ := strings.Cut(s, ".")
	subject, detail, ok := strings.Cut(rest, ".")
	digits := func(s string) bool { return s != "" && len(s) <= 3 && strings.Trim(s, "0123456789") == "" }
	return ok && (class == "4" || class == "5") && digits(subject) && digits(detail)
}

// ours finds the message that a returned header is of.
func (b *bounceReader) ours(h Header) smsengine.MessageID {
	if id := messageOf(strings.TrimSpace(h.Get(MessageHeader))); id != "" {
		return id
	}
	return b.mine(h.Get("Message-ID"))
}

// mine finds a message in a field of msg-ids that Postel gives its mails.
func (b *bounceReader) mine(field string) smsengine.MessageID {
	for _, id := range msgIDs(field) {
		local, host, _ := strings.Cut(id, "@")
		if message := messageOf(local); message != "" && strings.EqualFold(host, b.hostname) {
			return message
		}
	}
	return ""
}

// messageOf gives s if it looks like the ID of a message.
func messageOf(s string) smsengine.MessageID {
	if len(s) != smsengine.IDLen || strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		return ""
	}
	return smsengine.MessageID(s)
}
