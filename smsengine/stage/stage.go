// Package stage holds THE two ordered lists: what is decided about a text to a
// phone (outgoing.go) and about a text from a phone (incoming.go), one file a
// stage. Order is policy, so it stands where it can be read at a glance.
//
// A stage is a function of its Draft and of the Facts in it. It sends nothing
// and stores nothing: the engine does, when the list has ended.
package stage

import (
	"context"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/words"
)

// Config is what the lists are made from.
type Config struct {
	Parser   *phone.Parser
	Accounts *account.Decider
	Phones   []string // gateways to the telephone network
	Ways     map[string]Way
	Patience time.Duration // how long a text waits for what costs less

	Numbers   map[string]smsengine.Address // ours, by gateway; none: it has no number of its own
	Templates map[string]words.Template    // by name

	WideReferences bool // 16 bits join the parts of a text, instead of 8

	Expiry  time.Duration // how long a text is tried
	Warn    time.Duration // when a delay is reported; 0: never
	LinkFor time.Duration // how long an answer finds the sender

	Rules Rules // the administrator's

	Reception // what becomes of texts from phones
}

// step is a stage: a name and a function.
type step struct {
	name string
	do   func(ctx context.Context, d *smsengine.Draft) error
}

// zone is the site's.
func (c Config) zone() *time.Location {
	if c.Accounts == nil || c.Accounts.Location == nil {
		return time.Local
	}
	return c.Accounts.Location
}

func (s step) Name() string                                     { return s.name }
func (s step) Do(ctx context.Context, d *smsengine.Draft) error { return s.do(ctx, d) }

// refuse is a permanent refusal that a person can act on.
func refuse(stage, code, text string) error {
	return smsengine.Fail(stage, smsengine.Permanent, code, text, nil)
}
