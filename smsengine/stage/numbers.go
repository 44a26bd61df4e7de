package stage

import (
	"context"
	"slices"

	"github.com/postel-mail/postel/smsengine"
)

// This file is about our numbers: which of them a text should leave from.

// shown is the number that the phone sees if the text leaves over a gateway: the
// one that it is to show, where the gateway can do that, else the gateway's.
func (ch *choice) shown(id string) smsengine.Address {
	asked := smsengine.Phone(named(ch.d.Params, "sender"))
	if person(asked) && ch.has(id, func(a smsengine.Abilities) bool { return a.Sender }) {
		return asked
	}
	return ch.Numbers[id]
}

// withoutStopped takes the gateways out of the route to whose number, or the one
// that they would show, the phone said STOP.
func (ch *choice) withoutStopped(ctx context.Context) error {
	if ch.d.Facts == nil || len(ch.d.Message.Route) == 0 {
		return nil
	}
	stopped, err := ch.d.Facts.Suppressed(ctx, ch.d.Message.To)
	if err != nil || len(stopped) == 0 {
		return err
	}
	ch.keep(func(id string) *smsengine.Error {
		if slices.Contains(stopped, ch.Numbers[id]) || slices.Contains(stopped, ch.shown(id)) {
			return smsengine.Stopped()
		}
		return nil
	})
	return nil
}

// unambiguous leaves, where several of our numbers could send, those from which
// the phone's answer finds this sender alone, and of those that cost the same, the
// ones that the two have used already. If there is none, all stay.
func (ch *choice) unambiguous(ctx context.Context) error {
	m := &ch.d.Message
	if len(m.Route.Gateways()) < 2 || ch.d.Preview || ch.d.Facts == nil || ch.LinkFor == 0 || m.From.IsZero() {
		return nil
	}
	links, err := ch.d.Facts.Links(ctx, smsengine.Address{}, m.To, ch.d.Now)
	if err != nil || len(links) == 0 {
		return err
	}
	own, others := map[smsengine.Address]bool{}, map[smsengine.Address]bool{}
	for _, l := range links {
		if l.Sender == m.From {
			own[l.Ours] = true
		} else {
			others[l.Ours] = true
		}
	}
	plain := func(id string) bool { return !others[ch.shown(id)] }
	used := func(id string) bool { return own[ch.shown(id)] }
	if !slices.ContainsFunc(m.Route.Gateways(), plain) {
		plain = used
	}
	if !slices.ContainsFunc(m.Route.Gateways(), plain) {
		return nil
	}
	ch.prefer(plain, "the phone's answer to its number could be for somebody else")
	for _, g := range m.Route {
		if slices.ContainsFunc(g.Gateways, used) {
			ch.prefer(func(id string) bool { return !slices.Contains(g.Gateways, id) || used(id) }, "the two know another of our numbers")
		}
	}
	return nil
}
