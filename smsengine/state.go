package smsengine

// State is where a message stands. docs/states.md draws the moves; the
// database repeats the names as a CHECK.
type State string

// The states. The last four are for good.
const (
	Ready     State = "ready"     // waits for its time and a gateway
	Held      State = "held"      // waits for a person
	Sending   State = "sending"   // an attempt is recorded and under way
	Sent      State = "sent"      // the gateway took all parts; a receipt may follow
	Unsure    State = "unsure"    // perhaps sent: an answer was lost, or we died in flight
	Delivered State = "delivered" // a receipt says that the phone has it, or the MTA took the mail
	Failed    State = "failed"    // it did not arrive, and will not
	Expired   State = "expired"   // its time ran out
	Cancelled State = "cancelled" // a person stopped it
)

// States lists all states in the order of a message's life.
func States() []State {
	return []State{Ready, Held, Sending, Sent, Unsure, Delivered, Failed, Expired, Cancelled}
}

// Final reports whether the state is for good.
func (s State) Final() bool {
	return s == Delivered || s == Failed || s == Expired || s == Cancelled
}

// EventKind names what happened to a message.
type EventKind string

// What can happen to a message. An event that belongs to an attempt carries its
// number and is refused with ErrStale when that attempt is over.
const (
	Accepted  EventKind = "accepted"  // it was stored; the first event of every message
	Claimed   EventKind = "claimed"   // an attempt begins: bound to a gateway, leased to a node
	PartTaken EventKind = "part"      // the gateway took a part, and more follow
	Taken     EventKind = "taken"     // the gateway took the last part
	Deferred  EventKind = "deferred"  // a temporary failure; the next attempt has a time
	Refused   EventKind = "refused"   // a permanent failure
	InDoubt   EventKind = "in-doubt"  // an uncertain outcome
	Lost      EventKind = "lost"      // the lease ran out, or its node died, with the attempt in flight
	Released  EventKind = "released"  // the attempt was given back before it was made
	Receipt   EventKind = "receipt"   // the network reports on a part
	Delayed   EventKind = "delayed"   // it waits longer than its sender should go unwarned
	TimedOut  EventKind = "timed-out" // its time ran out
	CancelReq EventKind = "cancel"    // a person stops it
	HoldReq   EventKind = "hold"      // a person holds it
	ResumeReq EventKind = "resume"    // a person lets it go on
	Bounced   EventKind = "bounced"   // the mailbox refused a mail that the MTA had taken
	RepeatReq EventKind = "repeat"    // an unsure message is to be sent again, by policy or a person
)
