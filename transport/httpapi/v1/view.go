package v1

import (
	"cmp"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// message is a text to a phone as its account sees it.
type message struct {
	ID          smsengine.MessageID `json:"id"`
	Account     string              `json:"account"`
	State       smsengine.State     `json:"state"`
	To          string              `json:"to"`
	From        string              `json:"from,omitempty"`     // the sender that was asked for
	ReplyTo     string              `json:"reply_to,omitempty"` // the mailbox that gets answers and reports
	Text        string              `json:"text,omitempty"`
	Data        []byte              `json:"data,omitempty"`
	UDH         []byte              `json:"udh,omitempty"`
	Flash       bool                `json:"flash,omitempty"`
	Alphabet    string              `json:"alphabet"`
	Cost        int                 `json:"cost"` // parts
	Parts       []part              `json:"parts"`
	CutFrom     int                 `json:"cut_from,omitempty"` // parts that the whole text has, if it was cut
	Gateway     string              `json:"gateway,omitempty"`
	Attempts    int                 `json:"attempts"`
	Status      *status             `json:"status,omitempty"` // of the last attempt, or of the end
	CreatedAt   time.Time           `json:"created_at"`
	NextAttempt time.Time           `json:"next_attempt_at,omitzero"` // while it is ready: not before
	ExpiresAt   time.Time           `json:"expires_at"`
	Events      []event             `json:"events,omitempty"` // oldest first
}

// part is one SMS on the air.
type part struct {
	State  string  `json:"state"`
	Status *status `json:"status,omitempty"`
}

// status is a smsengine.Status.
type status struct {
	Class      string `json:"class"` // "temporary", "permanent" or "uncertain"
	Code       string `json:"code"`
	Text       string `json:"text"`
	Diagnostic string `json:"diagnostic,omitempty"`
}

// event is something that happened to a message.
type event struct {
	At      time.Time           `json:"at"`
	Event   smsengine.EventKind `json:"event"`
	Attempt int                 `json:"attempt,omitempty"`
	Gateway string              `json:"gateway,omitempty"`
	Part    int                 `json:"part,omitempty"`   // 1-based
	From    string              `json:"from,omitempty"`   // number or name that it showed
	Result  string              `json:"result,omitempty"` // of a receipt: "delivered", "failed" or "waiting"
	By      string              `json:"by,omitempty"`     // the person behind a request
	Until   time.Time           `json:"until,omitzero"`   // of a failure that may pass: the next attempt
	Status  *status             `json:"status,omitempty"`
}

// received is a text from a phone.
type received struct {
	ID         smsengine.MessageID `json:"id"`
	Account    string              `json:"account,omitempty"`
	From       string              `json:"from"`
	To         string              `json:"to,omitempty"` // our number, if the gateway said it
	Text       string              `json:"text,omitempty"`
	Data       []byte              `json:"data,omitempty"`
	UDH        []byte              `json:"udh,omitempty"` // with the octet for its length
	Answers    smsengine.MessageID `json:"answers,omitempty"`
	Mailbox    string              `json:"mailbox,omitempty"` // that gets it as mail
	Gateway    string              `json:"gateway"`
	Missing    []int               `json:"missing,omitempty"` // parts that did not come, 1-based
	SentAt     time.Time           `json:"sent_at,omitzero"`  // the network's time stamp
	ReceivedAt time.Time           `json:"received_at"`
}

func viewOf(m smsengine.Message) message {
	v := message{
		ID: m.ID, Account: m.Account, State: m.State, To: m.To.Value, Text: m.Body.Text, Data: m.Body.Data, UDH: m.Body.UDH,
		Flash: m.Body.Flash, Alphabet: m.Body.Alphabet, Cost: m.Cost, CutFrom: m.Body.Whole, Gateway: m.Gateway,
		Attempts: m.Attempt, Status: statusOf(m.Status), CreatedAt: m.Created.UTC(), ExpiresAt: m.Expires.UTC(),
		Parts: make([]part, len(m.Parts)),
	}
	if m.From.Scheme == smsengine.Mailto {
		v.ReplyTo = m.From.Value
	}
	for _, p := range m.Body.Params {
		if p.Name == "sender" {
			v.From = p.Value
		}
	}
	if m.State == smsengine.Ready {
		v.NextAttempt = m.Next.UTC()
	}
	for i, p := range m.Parts {
		v.Parts[i] = part{State: stateOf(p.State), Status: statusOf(p.Status)}
	}
	return v
}

func stateOf(s smsengine.PartState) string {
	if s == smsengine.PartWaiting {
		return "waiting"
	}
	return string(s)
}

func statusOf(s smsengine.Status) *status {
	if s == (smsengine.Status{}) {
		return nil
	}
	return &status{s.Class.String(), s.Code, s.Text, s.Diagnostic}
}

// eventOf leaves out what is nobody's business outside: nodes, and leases.
func eventOf(e smsengine.Event) event {
	v := event{
		At: e.At.UTC(), Event: e.Kind, Attempt: e.Attempt, Gateway: e.Gateway, By: e.By,
		From: cmp.Or(e.Taken.Ours.Value, e.Taken.Sender), Status: statusOf(e.Status),
	}
	switch e.Kind {
	case smsengine.PartTaken, smsengine.Taken, smsengine.InDoubt, smsengine.Refused, smsengine.Receipt:
		v.Part = e.Part + 1
	case smsengine.Deferred:
		v.Until = e.Until.UTC()
	}
	if e.Kind == smsengine.Receipt {
		v.Result = stateOf(e.Final)
	}
	return v
}

func receivedOf(m smsengine.Message) received {
	v := received{
		ID: m.ID, Account: m.Account, From: m.From.Value, To: m.Original, Text: m.Body.Text, Answers: m.About, ReceivedAt: m.Created.UTC(),
	}
	if m.To.Scheme == smsengine.Mailto {
		v.Mailbox = m.To.Value
	}
	if r := m.Body.Received; r != nil {
		v.Data, v.UDH, v.Gateway, v.Missing, v.SentAt = r.Data, r.UDH, r.Gateway, r.Missing, r.Sent
	}
	return v
}
