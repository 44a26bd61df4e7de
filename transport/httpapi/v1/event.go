package v1

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// What a webhook is told: messageEvent of a text to a phone,
// receivedEvent of one from a phone.
type (
	messageEvent struct {
		Type      string    `json:"type"`      // "message.delivered"
		Timestamp time.Time `json:"timestamp"` // when it happened
		Data      message   `json:"data"`
	}
	receivedEvent struct {
		Type      string    `json:"type"` // "message.received"
		Timestamp time.Time `json:"timestamp"`
		Data      received  `json:"data"`
	}
)

// eventPrefix begins the types of events; the name of the occasion ends them.
const eventPrefix = "message."

// Event writes what a webhook is told by a call: the message as lists show it,
// in the state to which it had come then, wherever it stands now. A message that is
// not kept any more is a permanent error.
func Event(d smsengine.Delivery) ([]byte, error) {
	n := d.Message.Body.Notice
	if d.About == nil || n == nil {
		return nil, smsengine.Fail("webhook", smsengine.Permanent, "5.1.0", "the message that this is about is not kept any more", nil)
	}
	kind, at := eventPrefix+n.Occasion.String(), n.At.UTC().Truncate(time.Millisecond)
	if n.Occasion == smsengine.OnReceived {
		return compact(receivedEvent{kind, at, receivedOf(*d.About)})
	}
	return compact(messageEvent{kind, at, viewThen(*d.About, *n)})
}

// viewThen is a text as it stood at an occasion. Of its parts it is not kept how
// they stood: those of a text that was only sent were sent, whatever is known of
// them since.
func viewThen(m smsengine.Message, n smsengine.Notice) message {
	m.State, m.Status, m.Gateway = n.State, n.Status, n.Gateway
	v := viewOf(m)
	if n.State != smsengine.Sent {
		return v
	}
	for i := range v.Parts {
		v.Parts[i] = part{State: string(smsengine.PartSent)}
	}
	return v
}

// compact is JSON on one line, which nobody has to escape for HTML.
func compact(v any) ([]byte, error) {
	b := new(bytes.Buffer)
	lines := json.NewEncoder(b)
	lines.SetEscapeHTML(false)
	err := lines.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
