package smsengine

import (
	"context"
	"time"
)

// Desk is the engine as a door sees it: the one Check and the one Submit that
// all doors share. What a refusal becomes on the wire is the door's business.
type Desk interface {
	// Check says whether this recipient would be accepted now, before there is a
	// text (RCPT time). pending is the sum of the costs of the recipients of the
	// same mail that were said yes to. The error is an *Error.
	Check(ctx context.Context, src *Source, r Recipient, pending int) (Verdict, error)

	// Submit decides and stores. When it returns, each Outcome without Err is
	// durable. The outcomes stand in the order of the recipients.
	Submit(ctx context.Context, s Submission) []Outcome

	// Bounced takes a report that a mail of Postel's own came back. When it
	// returns nil the report is durable.
	Bounced(ctx context.Context, b Bounce) error
}

// Bounce is a mailbox's refusal of a mail that Postel wrote.
type Bounce struct {
	Message MessageID // what the mail was made of
	To      string    // the mailbox that refused it, as the report says; "" if it does not
	Status  Status
}

// Verdict is what Check finds.
type Verdict struct {
	Cost     int      // what the recipient would reserve, in parts
	Identity Identity // who it is that may send: the source's, or whom the address's credentials prove
}

// Submission is what a door hands in: one source, one body, its recipients.
// The engine makes the IDs.
type Submission struct {
	Source     Source
	Body       Body
	Mail       *Mail // what Body.Text is to be made of, if it came as mail
	Recipients []Recipient

	// SendAt is the time before which no text leaves; zero: none. What the texts
	// cost is charged when they are taken.
	SendAt time.Time

	// Tell says that nobody else tells the sender of a refusal, as a mail server
	// would: what is refused for good is stored as failed, with its report, if it is
	// proved who the sender is. Strangers are told nothing: they may be forged.
	Tell bool
	// Refusal refuses all recipients, for what the door itself knows; nil: it
	// knows nothing against them.
	Refusal *Error
}

// Outcome is what came of one recipient.
type Outcome struct {
	ID        MessageID
	Links     bool // the text has addresses of the mail's attachments in it
	Duplicate bool // the same mail came before; nothing new was made
	Dropped   string
	Err       *Error
}
