package smsengine

import "context"

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
	Recipients []Recipient
}

// Outcome is what came of one recipient.
type Outcome struct {
	ID        MessageID
	Duplicate bool // the same mail came before; nothing new was made
	Dropped   string
	Err       *Error
}
