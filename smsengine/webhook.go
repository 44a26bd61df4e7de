package smsengine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// WebhookGateway is the ID of the gateway that calls webhooks.
const WebhookGateway = "webhook"

// Webhook is an address at which a program wants to hear what happens to
// messages. Each thing that it wants to hear of is a message of Kind [Call], with
// the life of any other: it is stored with the change that it tells of, and tried
// until the program has it or its time runs out.
type Webhook struct {
	Name      string    `json:"name"`    // letters, digits, "-", "_" and "."; it is what calls are addressed to
	Account   string    `json:"account"` // whose messages, "" for all
	Occasions Occasions `json:"occasions"`
	// URL is https://… or http://…. One with variables in it, "%%from%%", is asked
	// for with their values in it; to the others goes a signed JSON document. It may
	// hold a password, and is no part of what strangers are shown.
	URL     string    `json:"-"`
	Secret  []byte    `json:"-"` // signs what is sent (HMAC-SHA256)
	Created time.Time `json:"created"`
}

// Address is where calls of the webhook go.
func (w Webhook) Address() Address { return Address{Hook, w.Name} }

// Watch is a webhook's wish to hear of a message, fixed when that is accepted.
type Watch struct {
	Webhook   string    `json:"hook"`
	Occasions Occasions `json:"on"`
}

// Occasions is what a webhook wants to hear of, as a set.
type Occasions uint8

// The occasions.
const (
	OnSent      Occasions = 1 << iota // the gateway took all parts of a text
	OnDelivered                       // the phone has it
	OnFailed                          // it was not delivered and will not be: failed, expired
	OnCancelled                       // somebody stopped it
	OnUnsure                          // it was perhaps sent
	OnReceived                        // a text came from a phone
)

// AllOccasions is the whole set.
const AllOccasions = OnReceived<<1 - 1

var occasionNames = []string{"sent", "delivered", "failed", "cancelled", "unsure", "received"}

// occasionOf is what reaching a state tells about a text, 0 for nothing.
func occasionOf(s State) Occasions {
	switch s {
	case Sent:
		return OnSent
	case Delivered:
		return OnDelivered
	case Failed, Expired:
		return OnFailed
	case Cancelled:
		return OnCancelled
	case Unsure:
		return OnUnsure
	}
	return 0
}

// Has reports whether all of some occasions are in the set.
func (o Occasions) Has(some Occasions) bool { return o&some == some }

// Names names the occasions in the set.
func (o Occasions) Names() []string {
	var all []string
	for i, name := range occasionNames {
		if o.Has(1 << i) {
			all = append(all, name)
		}
	}
	return all
}

// String is the names with spaces between them.
func (o Occasions) String() string { return strings.Join(o.Names(), " ") }

// ParseOccasions reads names with spaces or commas between them. The error is
// for people.
func ParseOccasions(text string) (o Occasions, err error) {
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		i := slices.Index(occasionNames, name)
		if i < 0 {
			return 0, fmt.Errorf("%.40q is nothing that a webhook hears of; there are %s", name, strings.Join(occasionNames, ", "))
		}
		o |= 1 << i
	}
	return o, nil
}

// MarshalText writes what String does; UnmarshalText reads what ParseOccasions
// does.
func (o Occasions) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads occasions.
func (o *Occasions) UnmarshalText(text []byte) (err error) {
	*o, err = ParseOccasions(string(text))
	return err
}

// CallLife is how long a webhook is called.
const CallLife = 3 * 24 * time.Hour

// NewCall tells a webhook what happened to a message, as that stands now. There
// is one for each occasion and attempt. The Store gives it an ID.
func NewCall(webhook string, m Message, on Occasions, now time.Time) Message {
	return Message{
		Source: m.Source, Key: fmt.Sprintf("call:%s:%s:%s:%d", webhook, m.ID, on, m.Attempt),
		Kind: Call, About: m.ID, Account: m.Account, From: m.From, To: Address{Hook, webhook},
		Body: Body{Notice: &Notice{
			Occasion: on, State: m.State, Status: m.Status, At: now,
			Gateway: m.Gateway, Sent: m.Left(), Parts: len(m.Parts),
		}},
		Notify: NotifyNever, Created: now, Expires: now.Add(CallLife),
		Route: Over(WebhookGateway), State: Ready, Next: now, Parts: []Part{{}},
	}
}

// calls are for the webhooks that want to hear of the state that the message has
// come to.
func (m *Message) calls(now time.Time) []Effect {
	var all []Effect
	for _, w := range m.Watch {
		if on := occasionOf(m.State); on != 0 && w.Occasions.Has(on) {
			all = append(all, NewMessage{NewCall(w.Webhook, *m, on, now)})
		}
	}
	return all
}
