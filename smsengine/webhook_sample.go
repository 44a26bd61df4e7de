package smsengine

import (
	"strings"
	"time"
)

// SampleCall is a call to try a webhook with: it tells of a message that there
// never was, whose ID is all zeros, on the first occasion of the webhook.
func SampleCall(w Webhook, now time.Time) Delivery {
	on := OnDelivered
	for i := range occasionNames {
		if o := Occasions(1 << i); !w.Occasions.Has(on) && w.Occasions.Has(o) {
			on = o
		}
	}
	from := Mailbox("john@example.org")
	if w.Account != "" {
		from = Inbox(w.Account)
	}
	m := Message{
		ID: MessageID(strings.Repeat("0", IDLen)), Kind: Text, Account: w.Account, Cost: 1,
		From: from, To: Phone("+15555550123"), Body: Body{Text: "This tries the webhook " + w.Name + ".", Alphabet: "gsm7"},
		Created: now, Expires: now.Add(time.Hour), Gateway: "sample", State: sampleState[on], Attempt: 1,
		Parts: []Part{{State: samplePart[on]}},
	}
	switch on {
	case OnReceived:
		m.Kind, m.From, m.To, m.Original, m.State = Incoming, m.To, m.From, "+15555550100", Delivered
		m.Body.Received = &ReceivedSMS{Gateway: m.Gateway, Sent: now}
	case OnFailed:
		m.Status = Status{Class: Permanent, Code: "5.1.1", Text: "there is no such phone"}
	case OnUnsure:
		m.Status = Status{Class: Uncertain, Code: "4.4.2", Text: "the answer was lost, so the text may have been sent"}
	}
	call := NewCall(w.Name, m, on, now)
	call.ID, call.Attempt, call.Gateway = NewMessageID(now), 1, WebhookGateway
	return Delivery{Message: call, About: &m}
}

var (
	sampleState = map[Occasions]State{OnSent: Sent, OnDelivered: Delivered, OnFailed: Failed, OnCancelled: Cancelled, OnUnsure: Unsure}
	samplePart  = map[Occasions]PartState{OnSent: PartSent, OnDelivered: PartDelivered, OnFailed: PartFailed, OnUnsure: PartUnsure}
)
