package smsengine

// Counter is what is counted: an account in a period.
type Counter struct {
	Account string `json:"account"` // SiteCounter for all accounts together
	Period  string `json:"period"`  // a month "2026-11", a day "2026-11-23", or a window of time with its purpose in front, "rate 2026-11-23T10:00Z"
}

// SiteCounter is the account of what all accounts together send.
const SiteCounter = "*"

// IdenticalCounter is the account of the counters of texts that are the same. No
// account can have this name. A Store may forget that a text was there once.
const IdenticalCounter = "#identical"

// Charge is what a message costs on one counter. It is fixed when the message
// is accepted, reserved in the same transaction, and given back if nothing left.
type Charge struct {
	Counter
	Amount int `json:"amount"`
}

// Limit is how far a counter may go, and what happens to a message that would
// pass it.
type Limit struct {
	Most    int    // 0: any number; NoneAtAll
	Refusal *Error // what its sender is told; nil: that the limit is reached, 5.2.2
	// Stop is a reason to stop the counter's account as well, "" for none. One that
	// is stopped already stays so for the first reason. The Notices are stored then.
	Stop string
	// Drop has the message dropped rather than refused, and says why. It stays
	// counted on this counter, and on no other. The Notices are stored then.
	Drop    string
	Notices []Message
	// Gather has the message gathered by this digest (NewDigest) rather than refused:
	// it is stored as one that ends there (GatheredBy), and counted on this counter, and
	// on no other. The digest is stored with the first; a later one finds it by its key.
	Gather *Message
}

// NoneAtAll is the Most of a Limit that every message would pass.
const NoneAtAll = -1

// Limits are those of the counters that an Intake's messages are charged to.
type Limits map[Counter]Limit
