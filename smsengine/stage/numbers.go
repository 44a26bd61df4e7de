package stage

import (
	"context"
	"slices"

	"github.com/postel-mail/postel/smsengine"
)

// This file is about our numbers: which of them a text should leave from.

// withoutStopped takes the gateways out of the route whose number the phone said
// STOP to.
func (c Config) withoutStopped(ctx context.Context, d *smsengine.Draft) error {
	if d.Facts == nil {
		return nil
	}
	stopped, err := d.Facts.Suppressed(ctx, d.Message.To)
	if err != nil || len(stopped) == 0 {
		return err
	}
	d.Message.Route = c.having(d.Message.Route, func(ours smsengine.Address) bool { return !slices.Contains(stopped, ours) })
	if len(d.Message.Route) == 0 {
		return smsengine.Stopped()
	}
	return nil
}

// unambiguous leaves, where several of our numbers could send, those from which
// the phone's answer finds this sender alone: best one that the two have used
// already. If there is none, all stay.
func (c Config) unambiguous(ctx context.Context, d *smsengine.Draft) error {
	m := &d.Message
	if len(m.Route.Gateways()) < 2 || d.Preview || d.Facts == nil || c.LinkFor == 0 || m.From.IsZero() {
		return nil
	}
	links, err := d.Facts.Links(ctx, smsengine.Address{}, m.To, d.Now)
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
	for _, best := range []func(smsengine.Address) bool{
		func(ours smsengine.Address) bool { return own[ours] && !others[ours] },
		func(ours smsengine.Address) bool { return !others[ours] },
		func(ours smsengine.Address) bool { return own[ours] },
	} {
		if route := c.having(m.Route, best); len(route) > 0 {
			m.Route = route
			return nil
		}
	}
	return nil
}

// having leaves the gateways whose number is as asked for.
func (c Config) having(route smsengine.Route, ok func(ours smsengine.Address) bool) smsengine.Route {
	return route.Keep(func(gateway string) bool { return ok(c.Numbers[gateway]) })
}
