package smsengine

import (
	"encoding/json"
	"fmt"
	"time"
)

// RulesGateway is the ID of the gateway that runs programs, asks for URLs and
// executes statements, as rules want it.
const RulesGateway = "rules"

// DeedLife is how long it is tried to do what a rule wants done.
const DeedLife = 24 * time.Hour

// NewDeed is what a rule wants done beside a message: to run a program, ask for a
// URL, or execute a statement. It is a message of Kind [Deed], with the life of any
// other, which [Draft.Deeds] stores with the message that it is about. The effect
// is that of the rule, as it is stored; what tells people of it. It is of no account:
// it is the administrator's.
func NewDeed(m Message, rule, what string, effect json.RawMessage, now time.Time) Message {
	return Message{
		Kind: Deed, About: m.ID, From: m.From, To: Address{ByRule, rule},
		Body:   Body{Subject: what, Deed: effect},
		Notify: NotifyNever, Created: now, Expires: now.Add(DeedLife),
		Route: Over(RulesGateway), State: Ready, Next: now, Parts: []Part{{}},
	}
}

// deeds are those of the draft, with their keys: the same message handed over twice
// has the same, and they are done once.
func (d *Draft) deeds() []Message {
	for i := range d.Deeds {
		if d.Deeds[i].Key == "" { // a reply has one: there is none more often
			d.Deeds[i].Key = fmt.Sprintf("rule:%d:%s", i, d.Message.Key)
		}
	}
	return d.Deeds
}

// End brings the message to an end here and for good: it is stored as cancelled,
// for the trace, and goes nowhere. The list stops.
func (d *Draft) End(why Status) {
	d.Ended = true
	m := &d.Message
	m.State, m.Status, m.Expires, m.Route, m.Charges = Cancelled, why, d.Now, nil, nil
	if len(m.Parts) == 0 {
		m.Parts = []Part{{}}
	}
}
