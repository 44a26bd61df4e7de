package smsengine

import (
	"context"
	"time"
)

// MailGateway is the ID of the MTA: a gateway like any other, for answers and
// reports.
const MailGateway = "mail"

// Gateway is one way to the telephone network, or to the MTA.
//
// Send returns once the far side has taken responsibility for what the Delivery
// names. An error is best an *Error with a Class: Temporary and Permanent say
// that nothing left, Uncertain that it may have. An error without a class that
// is not known to precede the hand-over must be made Uncertain by the driver;
// the engine treats an unclassified one as Temporary. When ctx ends while the
// answer is outstanding, the outcome is Uncertain.
//
// Send is called from many goroutines up to the gateway's concurrency.
type Gateway interface {
	Send(ctx context.Context, d Delivery) (Taking, error)
}

// Splitter is a Gateway that takes a message whole, because it cuts long texts
// itself or because there is nothing to cut (mail).
type Splitter interface{ Whole() bool }

// Receiver is a Gateway that hears texts and receipts. Listen returns when ctx
// ends, or with an error when it cannot go on; the engine calls it again after
// a rest.
type Receiver interface {
	Listen(ctx context.Context, s Sink) error
}

// Opener is a Gateway that does something by itself, such as looking for its modem.
// Open has it begin, and returns at once. The engine calls it when no other gateway
// is at work under its ID any more, and perhaps again. Before that a gateway takes
// hold of nothing that another could need.
type Opener interface{ Open() }

// Readier is a Gateway that cannot always send: a modem without a network, a
// provider whose credit is used up. Ready gives a channel that is closed while
// it can; the engine begins nothing for it before. After that it may become
// unready again, and gives another channel. What was begun is answered by Send.
//
// So a text never spends its attempts on a gateway that knows better.
type Readier interface{ Ready() <-chan struct{} }

// Repeater is a Gateway that may be given an unsure message again by itself,
// because the far side tells a repetition (mail, by its stable Message-ID).
type Repeater interface{ Repeats() bool }

// Delivery is one thing to send: part Part of Message, or all of it if the
// gateway is a Splitter.
type Delivery struct {
	Message Message
	Part    int
	At      time.Time // when the attempt began, by the engine's clock
	Source  Source    // not for Kind Text, which is whole: what a mail is composed from
	About   *Message  // Kind Report and Call: the message that it is about, as it stands now
}

// More reports whether another part follows at once: a modem can keep its
// radio link (3GPP TS 27.005 §3.5.6).
func (d Delivery) More() bool { return d.Part+1 < len(d.Message.Parts) }

// Sink takes what a gateway hears. Both calls return nil only when it is
// durable: acknowledge to the network, or delete on the SIM, only after nil.
type Sink interface {
	Incoming(ctx context.Context, in IncomingPart) error
	Report(ctx context.Context, rep ReceiptReport) error
}

// IncomingPart is one SMS from a phone, perhaps a part of a longer text.
type IncomingPart struct {
	Gateway  string
	From, To Address   // To is our number
	Text     string    // decoded
	Data     []byte    // of a binary message, which has no Text
	UDH      []byte    // of a binary message, with its length octet, without the concatenation
	Ref      int       // concatenation reference, 3GPP TS 23.040 §9.2.3.24.1
	Seq      int       // 1..Total
	Total    int       // 1 for a text that is whole
	Sent     time.Time // the network's time stamp, zero if unknown
	Received time.Time
	// Dedupe names this delivery: the same one again is the same part. Empty: the
	// Store makes one of sender, reference, number, time stamp and text.
	Dedupe string
}

// ReceiptReport is the network's word on a part that a gateway sent.
type ReceiptReport struct {
	Gateway   string
	Reference string
	Number    Address // of the phone; matched by its last digits, "" if not told
	Final     PartState
	Status    Status // Final "": the network still tries
	At        time.Time
}
