package mailbridge

import (
	"bytes"
	"strings"
)

// status notes what a report says to programs (RFC 3464, RFC 8098, RFC 5965). A
// delivery status that nobody can read is of a failure.
func (w *walker) status(p part) {
	switch {
	case strings.HasSuffix(p.kind, "disposition-notification"):
		w.notification = true
		return
	case p.kind == "message/feedback-report":
		w.feedback = true
		return
	}
	w.traits.status = true
	for line := range bytes.Lines(w.octets(p, MaxText)) {
		name, value, ok := fieldOf(bytes.TrimRight(line, "\r\n"))
		if !ok || !bytes.EqualFold(name, []byte("Action")) {
			continue
		}
		action := Header{{Name: "Action", Value: string(value)}}.keyword("Action")
		switch action {
		case "delayed", "delivered", "relayed", "expanded":
			w.succeeded = true
		default:
			w.failed = true
		}
	}
}
