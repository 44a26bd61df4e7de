package mailbridge

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/postel-mail/postel/mailbridge/wording"
	"github.com/postel-mail/postel/smsengine"
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
	l := wording.In(about.Body.Language)
	words := newWriter()
	words.line("Content-Language: " + l.Tag)
	words.textPart(c.explain(l, n, about, d.Source))
	status := newWriter()
	c.status(status, n, about, d.Source)
	kind, original := returned(n, about, d.Source)

	w := c.head(l.Service, path(c.style.Reports), to,
		wording.Fill(outcome(l, n).Subject, "to", recipient(about, l)), n.At, m.ID)
	w.thread(smsengine.Thread{InReplyTo: d.Source.MessageID, References: d.Source.References})
	w.raw("Auto-Submitted", "auto-replied")
	w.cost(about)
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

// Fields of reports that tell what a text was: "3; gsm7; turkish", or "3 of 5;
// ucs2" if it was cut; and how many parts were reserved for it.
const (
	PartsHeader = "X-Postel-Parts"
	CostHeader  = "X-Postel-Cost"
)

func (w *writer) cost(about smsengine.Message) {
	if about.Body.Alphabet == "" { // it never became a text
		return
	}
	parts := strconv.Itoa(len(about.Parts))
	if about.Body.Whole > len(about.Parts) {
		parts += " of " + strconv.Itoa(about.Body.Whole)
	}
	for _, more := range []string{about.Body.Alphabet, about.Body.National} {
		if more != "" {
			parts += "; " + more
		}
	}
	w.field(PartsHeader, parts)
	w.raw(CostHeader, strconv.Itoa(about.Cost))
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
