// Package control is how the commands of postel talk to the service on the same
// machine: HTTP and JSON over a unix socket.
//
// [Server] is the service's side, [Client] the commands'. Whoever can open the
// socket may do everything, so its file belongs to its owner alone; package
// transport/listen opens it. What goes wrong comes back as an
// [smsengine.Error] with the same class, code and words as on the other side.
//
//	GET  /status                    what runs here
//	POST /reload                    take the configuration as it is now
//	POST /send                      a text, through the same Desk as any mail
//	POST /messages/{id}/{request}   cancel, hold, resume or repeat a message
//	GET  /sim/inbox                 what a phone of the simulated network has
//	POST /sim/send                  a text from such a phone
//	POST /accounts                  an account, new or changed
//	POST /accounts/{name}/{change}  remove, stop, resume or usage
//	POST /keys                      a new key's digest
//	POST /keys/{id}/revoke          an end of a key
//	POST /suppressions              a STOP or a START of a phone
//	POST /webhooks                  a new webhook
//	POST /webhooks/{name}/{change}  remove, or make its failed calls again
//	POST /calls/{id}/again          make one failed call of a webhook again
package control

import (
	"context"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Operator does what a person asks of a message. [smsengine.Engine] is one.
type Operator interface {
	Request(ctx context.Context, id smsengine.MessageID, kind smsengine.EventKind, by string) (smsengine.Message, error)
}

// Network is a simulated phone network, so that this door need not know the
// gateway.
type Network interface {
	// Inbox gives what a phone has, once it has got so many texts in all. If ctx
	// ends before, it gives what there is and the error of ctx.
	Inbox(ctx context.Context, number string, texts int) (Inbox, error)
	// Send sends a text from a phone, and returns when Postel has stored it. Its
	// errors are for people, except that of ctx.
	Send(ctx context.Context, from, to, text string) error
}

// Inbox is what a simulated phone has, as far as the network remembers.
type Inbox struct {
	Texts []Text `json:"texts"` // oldest first
	Total int    `json:"total"` // texts that ever came
}

// Text is a text on a simulated phone.
type Text struct {
	From    string    `json:"from"`
	Text    string    `json:"text"`
	Data    []byte    `json:"data,omitempty"`    // of a binary message
	Flash   bool      `json:"flash,omitempty"`   // 3GPP TS 23.038 class 0
	Parts   int       `json:"parts"`             // as they came, those that came twice too
	Receipt string    `json:"receipt,omitempty"` // "waiting" or "reported"
	At      time.Time `json:"at"`
}

// SendRequest is a text to send.
type SendRequest struct {
	From string   `json:"from,omitempty"` // mailbox that gets answers and reports; "" for nobody
	To   []string `json:"to"`             // phone addresses, or numbers alone
	Text string   `json:"text"`
	// MessageID, without angle brackets, makes a repetition of the request the
	// same message. Without one each request is a message of its own.
	MessageID string `json:"messageID,omitempty"`
	Subject   string `json:"subject,omitempty"` // answers are threaded under it
}

// SendResult is what came of one recipient.
type SendResult struct {
	To        string              `json:"to"`
	ID        smsengine.MessageID `json:"id,omitempty"`
	Duplicate bool                `json:"duplicate,omitempty"` // the same request came before
	Dropped   string              `json:"dropped,omitempty"`   // why there is no message
	Refused   *smsengine.Status   `json:"refused,omitempty"`
}

// Status is how the service is.
type Status struct {
	Version  string                                     `json:"version"`
	PID      int                                        `json:"pid"`
	Started  time.Time                                  `json:"started"`
	Gateways map[string]smsengine.GatewayState          `json:"gateways,omitempty"`
	Counts   map[smsengine.Kind]map[smsengine.State]int `json:"counts,omitempty"`
}

// Reloaded is what a reload changed.
type Reloaded struct {
	Changes []Change `json:"changes"`
}

// Change is a gateway or a socket that is another than before.
type Change struct {
	Kind string `json:"kind"` // "gateway" or "socket"
	Name string `json:"name"`
	Is   string `json:"is"` // New, Changed or Gone
}

// What a Change says.
const (
	New     = "new"
	Changed = "changed"
	Gone    = "gone"
)

// problem is an error on the wire (RFC 9457), with Postel's own status.
type problem struct {
	Title  string           `json:"title"`
	Status int              `json:"status"` // the HTTP status
	Postel smsengine.Status `json:"postel"`
}

const problemType = "application/problem+json"
