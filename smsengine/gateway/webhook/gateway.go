// Package webhook calls webhooks: it tells programs what happens to messages, each
// thing a message of Kind Call.
//
// A webhook whose URL has no variables gets a JSON document by POST, signed as
// Standard Webhooks 1.0.0 says. One with variables is asked for by GET with their
// values in it (package pattern). Either way the name of the call is the same in
// each repetition, so a program that heard something twice can tell. So a call
// whose answer was lost is simply made again.
//
// Whose URL it is nobody here knows. So it is called over connections that lead
// outside only (package guard), through no proxy, following no redirect; little
// of the answer is read, and of its URL nothing but the server's name is ever said.
// And all webhooks share the gateway's places: one that is dead or slow gets one at
// a time (see turns).
package webhook

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Timeout is how long a call may take from the search for the server's address to
// the end of its answer.
const Timeout = 10 * time.Second

// Options are what the gateway gets from the program around it.
type Options struct {
	// Webhook gives the webhook of a name as it is now; false if it was removed.
	// It is asked at each call.
	Webhook func(name string) (smsengine.Webhook, bool)
	// Compose makes the JSON document for a call. What it made is sent as it is.
	Compose func(smsengine.Delivery) ([]byte, error)

	Networks []netip.Prefix // private networks that may be called all the same
	Version  string         // of Postel, for User-Agent; "": none
	Log      *slog.Logger
	Timeout  time.Duration    // 0: Timeout
	Now      func() time.Time // nil: time.Now
}

// Gateway calls webhooks. Its ID is [smsengine.WebhookGateway].
type Gateway struct {
	o      Options
	client *http.Client
	turns  *turns
}

var (
	_ smsengine.Gateway  = (*Gateway)(nil)
	_ smsengine.Repeater = (*Gateway)(nil)
	_ smsengine.Checker  = (*Gateway)(nil)
)

// New makes the gateway.
func New(o Options) *Gateway {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Timeout = cmp.Or(o.Timeout, Timeout)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Gateway{o: o, client: newClient(o), turns: newTurns(o.Now, o.Log)}
}

// Repeats is true: programs tell repetitions by the name of the call.
func (g *Gateway) Repeats() bool { return true }

// Close ends idle connections. What is under way goes on.
func (g *Gateway) Close() error {
	g.client.CloseIdleConnections()
	return nil
}

// Send makes a call. A webhook that was removed, or says 410, hears no more of it;
// all else that can go wrong may be over the next time.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	m := d.Message
	if m.To.Scheme != smsengine.Hook {
		return smsengine.Taking{}, fail(smsengine.Permanent, "5.1.3", "this gateway calls webhooks", nil)
	}
	hook, there := g.o.Webhook(m.To.Value)
	if !there || !hook.Hears(m.Account) { // or it is somebody else's, of the same name
		return smsengine.Taking{}, fail(smsengine.Permanent, "5.1.1", "the webhook was removed", nil)
	}
	r, err := g.request(hook, d)
	if err != nil {
		return smsengine.Taking{}, err
	}
	if err := ctx.Err(); err != nil {
		return smsengine.Taking{}, fail(smsengine.Temporary, "4.3.2", "there was no time left for the call", err)
	}
	t, err := g.turns.begin(hook.Name, hook.Created)
	if err != nil {
		return smsengine.Taking{}, putOff(hook.Name, err)
	}
	a := answer{cutOff: true} // until there is one
	defer func() { g.turns.end(t, a.verdict(g.o.Now())) }()
	a = g.call(ctx, r)
	g.o.Log.Debug("webhook", "webhook", hook.Name, "server", r.URL.Hostname(), "message", m.ID, "status", a.status)
	return smsengine.Taking{Delivered: a.taken()}, a.err(hook, r.URL)
}

// putOff is what becomes of a call that was not made.
func putOff(name string, why error) error {
	text := "the webhook " + name + " gets one call at a time, since it is slow or fails; this one comes later"
	if r, ok := errors.AsType[errResting](why); ok {
		text = "the webhook " + name + " " + r.reason + "; it is called again later"
	}
	return fail(smsengine.Temporary, "4.3.2", text, why)
}

func fail(c smsengine.Class, code, text string, cause error) *smsengine.Error {
	return smsengine.Fail("webhook.Send", c, code, text, cause)
}
