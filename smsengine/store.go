package smsengine

import (
	"context"
	"time"
)

// Store keeps everything. Each method is one transaction named for what
// happened; when it returns nil, what it did is durable. Data goes in, no
// closures, so that one committer can group calls of many callers.
//
// The suite store/storetest says the same as these comments, and any Store must
// pass it.
type Store interface {
	Queue
	Facts
	Ledger
	Accounts
	Close() error
}

// Accounts is what administrators change. Each change is in every Directory that
// is asked for afterwards.
type Accounts interface {
	// PutAccount stores an account. One with Version 0 is new: ErrExists if the
	// name is taken. Else ErrChanged if the stored Version is another, or none is
	// stored any more. A member that another account lists is an *Error that names
	// it.
	PutAccount(ctx context.Context, a Account) error
	// RemoveAccount forgets an account with its keys, its webhooks and its stop; what it has used
	// stays. ErrNotFound if there is none.
	RemoveAccount(ctx context.Context, name string) error
	// PutKey stores a new key, for an account or a user without an entry; ErrExists
	// if there is one of its ID or digest. RevokeKey ends one, for the first time
	// that it is given; ErrNotFound if there is none of the ID. Keys gives all of an account, newest first, "" for all accounts, with
	// LastUsed as it is now.
	PutKey(ctx context.Context, k Key) error
	RevokeKey(ctx context.Context, id string, at time.Time) error
	Keys(ctx context.Context, account string) ([]Key, error)
	// StopAccount keeps an account from sending, whether it is in the Directory or a
	// user without an entry; if it is stopped already the new reason holds.
	// ResumeAccount ends that, ErrNotFound if it was not stopped.
	StopAccount(ctx context.Context, s Stop) error
	ResumeAccount(ctx context.Context, account string) error
	// SetUsage sets a counter to any value; a zero Last leaves when it was last
	// charged as it is. UsageOf gives what an account has used, by period, UsedIn
	// what all accounts have used in a period, by account.
	SetUsage(ctx context.Context, c Counter, u Usage) error
	UsageOf(ctx context.Context, account string) (map[string]Usage, error)
	UsedIn(ctx context.Context, period string) (map[string]Usage, error)
	// PutWebhook stores a new webhook, ErrExists if the name is taken. RemoveWebhook
	// forgets one, ErrNotFound if there is none; calls that wait for it fail.
	PutWebhook(ctx context.Context, w Webhook) error
	RemoveWebhook(ctx context.Context, name string) error
	// Suppress does what a STOP or a START would; ErrNotFound for a START where no
	// STOP was.
	Suppress(ctx context.Context, s Suppress) error
}

// Queue is the engine's side of the Store.
type Queue interface {
	// Accept stores a source and its messages, reserves their Charges, and marks
	// the set of parts that they were made of as consumed. A message whose Key is
	// known is not stored again: its Accepted names the first one. A message that
	// would pass one of its Limits is not stored, none of its Charges is kept, and
	// its Err is the Refusal of the first Limit that it would pass; the others are
	// stored. That Limit may want something else done with it: Stop, Drop, Gather.
	Accept(ctx context.Context, in Intake) ([]AcceptedMessage, error)

	// Collect stores a part from a phone and gives the set that it belongs to as
	// it is now. A part that is there already changes nothing.
	Collect(ctx context.Context, in IncomingPart) (PartSet, error)

	// Unconsumed gives the sets that were never made into a message: the complete
	// ones, and incomplete ones whose first part is older than before.
	Unconsumed(ctx context.Context, before time.Time) ([]PartSet, error)

	// Claim begins an attempt at up to room[gateway] messages for each gateway,
	// oldest Next first, leased to node until the given time. Which gateway gets a
	// message is what Places.Choose says. It is Apply(Claimed) done in bulk.
	Claim(ctx context.Context, c Claim) ([]Delivery, error)

	// NextDue is the earliest time at which Claim would find a message that is
	// ready now, if its room stayed as it is; zero if there is none.
	NextDue(ctx context.Context, c Claim) (time.Time, error)

	// Record applies events in order, each with its effects, and gives what came
	// of each. An event that Apply refuses leaves its error in its Result and
	// does not disturb the others.
	Record(ctx context.Context, es []Event) ([]Result, error)

	// Settle records the event that ends an attempt, and begins the next ones, in
	// one transaction: Record and then Claim.
	Settle(ctx context.Context, e Event, c Claim) (Result, []Delivery, error)

	// Match applies a receipt to the part that it is about. One that matches
	// nothing yet is kept, and applied when its part is recorded.
	Match(ctx context.Context, rep ReceiptReport) (MessageID, bool, error)

	// Due gives what the passing of time has brought about: Lost for leases that
	// ran out, or that an earlier life of this node holds; TimedOut; Delayed. It
	// changes nothing: the caller records the events.
	Due(ctx context.Context, node string, now time.Time, limit int) ([]Event, error)

	// Prune forgets the counters of windows of time that nothing was charged to
	// since before; those of months and days are kept. It forgets links that ended,
	// and conflicts of which nobody was told, since LinkAge earlier.
	Prune(ctx context.Context, before time.Time) error

	// Wake receives when something may have become ready.
	Wake() <-chan struct{}
}

// Facts is what stages may look at. Nothing in it changes anything.
type Facts interface {
	// Links gives the live links between our number and theirs, newest first; of
	// all our numbers if ours is zero.
	Links(ctx context.Context, ours, theirs Address, now time.Time) ([]Link, error)
	// Suppressed gives our numbers that a phone said STOP to.
	Suppressed(ctx context.Context, theirs Address) ([]Address, error)
	// Conflict gives the last text of a phone that answered one of several
	// senders, zero if there is none.
	Conflict(ctx context.Context, ours, theirs Address) (Conflict, error)
	// Usage gives what is on a counter.
	Usage(ctx context.Context, c Counter) (Usage, error)
	// Directory gives all accounts as they are now. It is in memory: asking costs
	// nothing.
	Directory(ctx context.Context) (*Directory, error)
	// Source gives a source, Message a message; ErrNotFound if there is none.
	Source(ctx context.Context, id SourceID) (Source, error)
	Message(ctx context.Context, id MessageID) (Message, error)
	// Known names the message that has a key; ErrNotFound if none has.
	Known(ctx context.Context, key string) (MessageID, error)
}

// Ledger is what people look at.
type Ledger interface {
	// Trace gives all events of a message, oldest first.
	Trace(ctx context.Context, id MessageID) ([]Event, error)
	// Find gives the messages whose ID begins with the given text.
	Find(ctx context.Context, prefix string, limit int) ([]MessageID, error)
	// List gives messages, the last stored first.
	List(ctx context.Context, f Filter) ([]Message, error)
	// Counts gives the number of messages in each state, by kind.
	Counts(ctx context.Context) (map[Kind]map[State]int, error)
	// Suppressions gives the phones that said STOP, the last first.
	Suppressions(ctx context.Context) ([]Suppress, error)
}

// LinkAge is how long a link is remembered after its end, and a conflict.
const LinkAge = 28 * 24 * time.Hour

// Intake is what Accept stores.
type Intake struct {
	Source   Source
	Messages []Message
	Limits   Limits // of the counters that Messages are charged to; absent: no limit
	// Notices are stored, at nobody's cost, if one of Messages is new and they are;
	// those about one of Messages if that one is stored.
	Notices  []Message
	Effects  []Effect // stored if one of Messages is new, or if there are none
	KeysUsed []string // IDs of the keys that let Messages in: used when Source was received
	Consumes string   // the PartSet that the messages were made of
	// Claim begins an attempt at the new texts at once, as far as there is room,
	// which saves a transaction. The zero Claim has none.
	Claim Claim
}

// AcceptedMessage is what came of one message of an Intake.
type AcceptedMessage struct {
	ID        MessageID
	Duplicate bool // it was there already; ID is the first one's
	Err       *Error
	Dropped   string    // the Drop of a Limit that it would pass: it was not stored, and nobody is told
	Digest    MessageID // that gathered it: it is stored, and goes nowhere itself
	Delivery  *Delivery // the attempt that was begun, nil if none was
}

// Result is what came of one event.
type Result struct {
	Message Message // after the event
	Reports []MessageID
	Err     error
}

// Usage is what is on a counter, and when it was last charged.
type Usage struct {
	Used int
	Last time.Time
}

// PartSet is a text from a phone as far as its parts have come.
type PartSet struct {
	ID       string
	Gateway  string
	From, To Address
	Total    int
	Parts    []IncomingPart // by Seq, without gaps filled
	First    time.Time      // when the first part was received
	Consumed bool
}

// Complete reports whether all parts are there.
func (s PartSet) Complete() bool { return len(s.Parts) == s.Total }

// Missing gives the numbers of the parts that are not there, 1-based.
func (s PartSet) Missing() []int {
	var missing []int
	have := make(map[int]bool, len(s.Parts))
	for _, p := range s.Parts {
		have[p.Seq] = true
	}
	for i := 1; i <= s.Total; i++ {
		if !have[i] {
			missing = append(missing, i)
		}
	}
	return missing
}

// Filter chooses messages for List. Zero fields choose all.
type Filter struct {
	States  []State
	Kind    Kind
	Address Address   // From or To
	About   MessageID // the reports about a message
	Account string    // who pays; of a text from a phone, whose text it answers
	Since   time.Time // made then or later
	Until   time.Time // made before then
	Limit   int       // 0: 100

	// Before and After leave out a message and all that was stored after it, or
	// before it: to go on where a list ended. ErrNotFound if there is no such
	// message any more.
	Before, After MessageID
	Oldest        bool // oldest first
}
