package smsengine

import "time"

// Event is something that happened to a message, as the trace shows it. Which
// fields count depends on the kind.
type Event struct {
	Message MessageID `json:"message"`
	Kind    EventKind `json:"kind"`
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt,omitempty"`
	Gateway string    `json:"gateway,omitempty"`
	Node    string    `json:"node,omitempty"`   // Claimed, PartTaken: who holds the lease
	By      string    `json:"by,omitempty"`     // the person behind a request
	Onward  string    `json:"onward,omitempty"` // Bounced: the mailbox that refused, if the mail was not to it
	Tell    Address   `json:"tell,omitzero"`    // Bounced, Refused, TimedOut: who is told of a text from a phone that no mailbox has, or of what a rule wanted
	Status  Status    `json:"status,omitzero"`

	// Until is the end of the lease (Claimed, PartTaken), or the time of the next
	// attempt (Deferred; InDoubt and Lost if policy repeats what is unsure).
	Until time.Time `json:"until,omitzero"`
	Part  int       `json:"part,omitempty"`  // PartTaken, Taken, InDoubt, Refused, Receipt: index of the part
	Taken Taking    `json:"taken,omitzero"`  // PartTaken, Taken; InDoubt: what is known all the same
	Final PartState `json:"final,omitempty"` // Receipt: PartDelivered, PartFailed, or "": the network still tries
	Early bool      `json:"early,omitempty"` // Receipt: came before the part was recorded
}

// Taking is what a gateway says when it takes a part, or the whole message.
type Taking struct {
	Reference string  `json:"ref,omitempty"`   // its name for the part, "" if it has none
	Ours      Address `json:"ours,omitzero"`   // our number that the text left from, and shows
	Sender    string  `json:"name,omitempty"`  // the name that it shows in place of a number
	Receipts  bool    `json:"rcpts,omitempty"` // it will report on the part
	Whole     bool    `json:"whole,omitempty"` // it took all parts at once
	// Delivered: taking it was the delivery. The MTA took the mail, so there is
	// nothing left that Postel could hear.
	Delivered bool `json:"delivered,omitempty"`
}

// Effect is what a change of state causes. The Store keeps it in the same
// transaction as the change.
type Effect interface{ effect() }

// NewMessage is a report to be stored as a message like any other. The Store
// gives it an ID and lets it go ready.
type NewMessage struct{ Message Message }

// Refund gives back what was reserved for a message that never left.
type Refund struct{ Charges []Charge }

// MakeLink makes or renews the link that joins a phone's answers to a sender.
type MakeLink struct{ Link Link }

// Suppress keeps texts from one of our numbers away from a phone, because its
// owner answered STOP, or ends that, because it was START. A number that is
// suppressed already stays so since the first time.
type Suppress struct {
	Ours   Address   `json:"ours,omitzero"` // zero: that of the gateways that have none of their own
	Theirs Address   `json:"theirs"`
	Since  time.Time `json:"since,omitzero"` // zero: no longer
}

// KeepConflict remembers a text that answered one of several senders, in the
// place of an earlier one of the same numbers.
type KeepConflict struct {
	Ours, Theirs Address
	Conflict
}

// Conflict is a text from a phone that answered one of several senders.
type Conflict struct {
	Message MessageID // the text
	Day     time.Time // on which the phone was last told, in UTC
	Told    int       // conflict texts on that day
}

func (NewMessage) effect()   {}
func (Refund) effect()       {}
func (MakeLink) effect()     {}
func (Suppress) effect()     {}
func (KeepConflict) effect() {}

// Link joins our number, theirs and a sender (S12 of the specification).
type Link struct {
	Ours, Theirs, Sender Address
	Message              MessageID // the last text sent over it
	Expires              time.Time
	Name                 string // what the sender calls the phone's owner, "" if not told
	Code                 int    // tells it from other live links of the numbers: 1, 2, ...; the Store gives it
}
