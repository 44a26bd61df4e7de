package smsengine

import (
	"encoding/json"
	"time"
)

// Source is what came in through a door. It is kept once, however many
// messages it makes, for the reports and for threading.
type Source struct {
	ID       SourceID
	Door     string // "lmtp", "control", "gateway:office"
	Received time.Time
	Identity Identity
	Sender   Address // who gets answers and reports; zero is the null sender

	MessageID  string   // RFC 5322 msg-id without angle brackets, "" if there was none
	Digest     string   // of date and text: stands for a MessageID that is not there
	References []string // of the mail, oldest first, without angle brackets
	Subject    string
	EnvID      string // RFC 3461 §4.4, decoded
	Return     Return
	Original   []byte // header and text for reports, secrets removed, bounded in size
}

// Identity is who asks, as far as somebody we trust has proved it.
type Identity struct {
	Method string `json:"method,omitempty"` // MethodAuth, ..., or "" for nobody
	User   string `json:"user,omitempty"`   // "john@example.org" or, without a realm, "john"; an account's name for MethodPassword, MethodKey
	Key    string `json:"key,omitempty"`    // MethodKey: the key's ID
	Peer   string `json:"peer,omitempty"`   // address of the client
	Secure bool   `json:"secure,omitempty"` // the client's connection is encrypted
}

// How an identity was proved.
const (
	MethodAuth    = "smtp-auth" // SMTP AUTH at the MTA, told by its milter macros or a ticket
	MethodTrusted = "trusted"   // a listener or peer that the configuration trusts
	MethodLocal   = "local"     // the control socket: whoever may open it

	MethodPassword  = "password"   // user= and pass= of the address, an account's
	MethodKey       = "key"        // key= of the address
	MethodSystem    = "system"     // user= and pass= of the address, a mail user's
	MethodClient    = "client"     // the address of the SMTP client, Peer
	MethodDMARC     = "dmarc"      // author of a mail in a mailbox, which a named server says passed DMARC (RFC 8601)
	MethodLocalUser = "local-user" // a program of this machine that handed the mail to sendmail(1), under the user's name
)

// Return is RFC 3461 §4.3 RET.
type Return string

// The values of RET; "" means that the sender did not say.
const (
	ReturnFull    Return = "FULL"
	ReturnHeaders Return = "HDRS"
)

// Notify is RFC 3461 §4.1 NOTIFY as a set. Zero means that the sender did not
// say: failures and delays are reported then.
type Notify uint8

// The conditions of NOTIFY.
const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)

// Wants reports whether the sender asked for a report of this kind.
func (n Notify) Wants(kind Notify) bool {
	if n == 0 {
		return kind&(NotifyFailure|NotifyDelay) != 0
	}
	return n&NotifyNever == 0 && n&kind != 0
}

// Kind says what a message is for.
type Kind string

// The kinds.
const (
	Text     Kind = "text"     // from a sender to a phone
	Incoming Kind = "incoming" // from a phone to a mailbox
	Report   Kind = "report"   // what became of another message (RFC 3464)
	Note     Kind = "note"     // from Postel to a mailbox: a limit is near, an account was stopped
	Call     Kind = "call"     // what happened to another message, told to a webhook
	Deed     Kind = "deed"     // what a rule wants done beside another message: a program, a URL, a statement
)

// Message is one text to one address: the unit of work. What it says does not
// change after it was accepted; only [Message.Apply] changes where it stands.
type Message struct {
	ID     MessageID
	Source SourceID
	Key    string // unique: the same mail handed over twice makes one text
	Kind   Kind
	About  MessageID // the message that a report, a call or a deed is about, or that a rule copied

	Account  string   // who pays, "" for nobody; of a text from a phone, whose text it answers
	Charges  []Charge // what it costs on which counters, fixed when accepted
	From, To Address
	Original string // the recipient as it was written, secrets removed: ORCPT with its type (RFC 3461 §4.2), or RCPT
	Body     Body
	Cost     int // parts as billed, fixed when accepted, whatever the gateway
	Notify   Notify

	Created time.Time
	Expires time.Time
	Warn    time.Time     // when a delay is reported; zero: never, or done
	LinkFor time.Duration // how long an answer finds the sender; 0: no link
	Watch   []Watch       // webhooks that hear what becomes of it

	Route   Route  // gateways that may take it, best first
	Gateway string // bound when claimed, fixed once a part has left

	State   State
	Attempt int       // of all attempts at the message, the one under way or last made
	Repeats int       // how often it was sent again though the outcome was unsure
	Next    time.Time // ready: not before; otherwise without meaning
	Lease   Lease     // sending: who holds it
	Awaits  bool      // sent or unsure: a receipt may still come
	Cancel  bool      // sending: to be cancelled when the attempt ends
	Parts   []Part
	Status  Status // the last outcome
}

// Lease is a node's right to send a message until a time.
type Lease struct {
	Node  string
	Until time.Time
}

// Body is what a message says: a text, binary data, a text that came from a
// phone, or the facts of a report. The mail for the latter two is composed when
// it is sent.
type Body struct {
	Text     string       `json:"text,omitempty"`
	Alphabet string       `json:"alphabet,omitempty"` // "gsm7", "ucs2" or "binary"; a door says the last and no other
	Data     []byte       `json:"data,omitempty"`     // of a binary message to a phone, which has no Text
	UDH      []byte       `json:"udh,omitempty"`      // its information elements (3GPP TS 23.040 §9.2.3.24), without the length octet
	Flash    bool         `json:"flash,omitempty"`    // 3GPP TS 23.038 class 0
	National string       `json:"national,omitempty"` // gsm7 with a national language table, "turkish" (3GPP TS 23.038 §6.2.1.2)
	Params   []Param      `json:"params,omitempty"`   // address parameters kept for gateways
	Received *ReceivedSMS `json:"received,omitempty"` // Kind Incoming
	Notice   *Notice      `json:"notice,omitempty"`   // Kind Report and Call
	Subject  string       `json:"subject,omitempty"`  // Kind Note, whose words are Text; Incoming: in place of the usual one; Deed: what it is
	Headers  []Param      `json:"headers,omitempty"`  // Kind Note and Incoming: fields of the mail that rules have set
	Rules    []string     `json:"rules,omitempty"`    // titles of the rules that held, for the trace
	Edited   []string     `json:"edited,omitempty"`   // fields that rules rewrote, "text": what they said before is not kept

	Deed json.RawMessage `json:"deed,omitempty"` // Kind Deed: the effect of the rule

	Name     string        `json:"name,omitempty"`     // Kind Text: what its sender calls the recipient
	Language string        `json:"language,omitempty"` // of reports on it, "de"; "" is English
	Whole    int           `json:"whole,omitempty"`    // parts that the whole text has, if it was cut; else 0
	LeftOut  []PassageKind `json:"leftOut,omitempty"`  // of the mail that it was made of
}

// Languages are those that reports are written in; Body.Language is one of them
// or is taken for English.
var Languages = []string{"en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "ru", "sv"}

// Param is an address parameter that no stage consumed. A name may repeat.
type Param struct{ Name, Value string }

// ReceivedSMS is what is known of a text from a phone beyond its words.
type ReceivedSMS struct {
	Gateway string    `json:"gateway"`
	Name    string    `json:"name,omitempty"`    // what the recipient calls the phone's owner
	Data    []byte    `json:"data,omitempty"`    // of a binary message
	UDH     []byte    `json:"udh,omitempty"`     // of a binary message, with its length octet
	Note    string    `json:"note,omitempty"`    // what Postel has to say about it, for people
	Decided string    `json:"decided,omitempty"` // which stages decided where it goes, for the trace
	Sent    time.Time `json:"sent,omitzero"`     // the network's time stamp, in its own zone
	Missing []int     `json:"missing,omitempty"`
	Total   int       `json:"total,omitempty"`
	Thread  Thread    `json:"thread,omitzero"` // the mail that it answers
}

// Thread is what a mail needs to stand under the one that it answers (RFC 5322
// §3.6.4). Message IDs are without angle brackets.
type Thread struct {
	InReplyTo  string   `json:"inReplyTo,omitempty"`
	References []string `json:"references,omitempty"`
	Subject    string   `json:"subject,omitempty"`
}

// Action is RFC 3464 §2.3.3.
type Action string

// The actions that Postel reports.
const (
	ActionFailed    Action = "failed"
	ActionDelayed   Action = "delayed"
	ActionDelivered Action = "delivered"
	ActionRelayed   Action = "relayed"
)

// Notice is what a report or a call says about the message that it is about, as
// it stood when that was decided.
type Notice struct {
	Action   Action    `json:"action,omitempty"`  // of a report
	Occasion Occasions `json:"occasion,omitzero"` // of a call
	State    State     `json:"state"`
	Status   Status    `json:"status"`
	At       time.Time `json:"at"`
	Gateway  string    `json:"gateway,omitempty"`
	Tried    time.Time `json:"tried,omitzero"` // when an attempt ended that made the report due
	Sent     int       `json:"sent"`           // parts that left
	Parts    int       `json:"parts"`          // parts there are
}

// Part is one SMS on the air.
type Part struct {
	Text      string    `json:"text,omitempty"`
	Data      []byte    `json:"data,omitempty"` // binary messages
	UDH       []byte    `json:"udh,omitempty"`  // with its length octet, 3GPP TS 23.040 §9.2.3.24
	State     PartState `json:"state,omitempty"`
	Reference string    `json:"ref,omitempty"` // the gateway's name for it
	Status    Status    `json:"status,omitzero"`
}

// PartState is where a part stands.
type PartState string

// The states of a part; the zero value is not yet sent.
const (
	PartWaiting   PartState = ""
	PartSent      PartState = "sent"
	PartUnsure    PartState = "unsure"
	PartDelivered PartState = "delivered"
	PartFailed    PartState = "failed"
)

// left reports whether the part left, or may have left, for the network.
func (p Part) left() bool { return p.State != PartWaiting && p.State != PartFailed }

// Left counts the parts that left or may have left: what must be paid.
func (m Message) Left() int {
	n := 0
	for _, p := range m.Parts {
		if p.left() || p.State == PartFailed && p.Reference != "" {
			n++
		}
	}
	return n
}

// Unsent is the index of the first part that is to be sent, len(Parts) if none.
func (m Message) Unsent() int {
	for i, p := range m.Parts {
		if p.State == PartWaiting {
			return i
		}
	}
	return len(m.Parts)
}
