package smsengine

import (
	"context"
	"time"
)

// Stage is one step of the decision about a message. It reads and changes the
// Draft, and refuses with an *Error. A stage is a function of its Draft and of
// the Facts in it: it changes nothing else.
type Stage interface {
	Name() string
	Do(ctx context.Context, d *Draft) error
}

// Draft is a message being decided. The two lists in the package stage say in
// which order.
type Draft struct {
	Now    time.Time
	Source *Source
	Facts  Facts
	Mail   *Mail // what the text is to be made of, nil if it came as a text

	// For a text to a phone: the recipient as the door got it.
	Recipient Recipient
	// Preview: asked at RCPT time, before there is a text. A stage that needs the
	// text does nothing then.
	Preview bool
	// Pending is the cost of other recipients of the same mail that were already
	// said yes to. It counts for a Preview; when messages are stored, the Store
	// counts.
	Pending int

	// For a text from a phone.
	Set *PartSet

	// Gateway is what a rule chose, before whatever else may; "" if none did. Chosen is
	// what it chose of several, in ranks.
	Gateway string
	Chosen  Route
	// Digest is what a rule wants done where many come; nil: nothing.
	Digest *Digest
	// Preview: a rule may yet choose another number than this one.
	MayMove bool

	// What is being made.
	Message     Message
	Params      Params      // of the address, until a stage consumes them
	Credentials Credentials // of the address
	Identity    Identity    // who may send, once that is decided
	Terms       Terms       // and under which terms
	Contact     Address     // who hears that a limit is near
	Unusual     bool        // nothing but "*" allows the destination
	Limits      Limits      // of the counters that the message is charged to
	Notices     []Message   // to be stored with the message
	Deeds       []Message   // what rules want done, to be stored if the message is; they get keys
	Effects     []Effect    // to be stored with it too
	Links       bool        // the text has addresses of attachments in it
	Passed      []Passed    // gateways that the route leaves out, for explain

	Dropped string // why there will be no message; the list stops
	Ended   bool   // it ends here, see End
	note    string
}

// Passed is a gateway that a text does not go over, and why, in words.
type Passed struct{ Gateway, Why string }

// Params are address parameters. Names are lower case; a name may repeat.
type Params []Param

// Take removes a parameter and gives its first value.
func (p *Params) Take(name string) (value string, ok bool) {
	rest := (*p)[:0:0]
	for _, q := range *p {
		switch {
		case q.Name != name:
			rest = append(rest, q)
		case !ok:
			value, ok = q.Value, true
		}
	}
	*p = rest
	return value, ok
}

// Note says in a few words what the stage did, for explain. No secrets.
func (d *Draft) Note(text string) { d.note = text }

// Drop ends the list without a message.
func (d *Draft) Drop(why string) { d.Dropped = why }

// Recipient is one envelope recipient as a door got it.
type Recipient struct {
	Address string // without angle brackets
	Name    string // that the mail gives it, "" for none
	ORCPT   string // RFC 3461 §4.2, decoded, with its type: "rfc822;alert@example.org"; "" if not given
	Notify  Notify
}

// Step is what a stage did, for explain.
type Step struct {
	Stage, Note string
	Err         error
}

// Decide runs the list until a stage refuses, drops, or the end.
func Decide(ctx context.Context, stages []Stage, d *Draft) ([]Step, error) {
	steps := make([]Step, 0, len(stages))
	for _, s := range stages {
		d.note = ""
		err := s.Do(ctx, d)
		steps = append(steps, Step{s.Name(), d.note, err})
		if err != nil {
			return steps, err
		}
		if d.Dropped != "" || d.Ended {
			break
		}
	}
	return steps, nil
}
