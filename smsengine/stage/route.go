package stage

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// route lists the gateways that may take the message; which one does is decided
// when it is claimed. It also says until when they may.
func (c Config) route(ctx context.Context, d *smsengine.Draft) error {
	m := &d.Message
	m.Route = smsengine.Over(c.Phones...)
	if id, ok := d.Params.Take("id"); ok {
		if !slices.Contains(c.Phones, id) {
			return refuse("route", "5.1.3", "the id in the address names no gateway")
		}
		m.Route = smsengine.Over(id)
	} else if g := d.Terms.Gateway; g != "" {
		if !slices.Contains(c.Phones, g) {
			return smsengine.Fail("route", smsengine.Temporary, "4.3.5", "the gateway of this account is not there now", nil)
		}
		m.Route = smsengine.Over(g)
	}
	if len(c.Phones) == 0 {
		return smsengine.Fail("route", smsengine.Temporary, "4.3.5", "no gateway to the telephone network is configured", nil)
	}
	if err := c.withoutStopped(ctx, d); err != nil {
		return err
	}
	if err := c.unambiguous(ctx, d); err != nil {
		return err
	}
	life := c.Expiry
	if v, ok := d.Params.Take("validity"); ok {
		minutes, err := strconv.Atoi(v)
		if err != nil || minutes < 1 {
			return refuse("route", "5.1.3", "validity must be a number of minutes")
		}
		life = min(life, time.Duration(minutes)*time.Minute)
	}
	from := d.Now
	if m.Next.After(from) {
		from = m.Next // a text for later has its time from then on
	}
	m.Expires = from.Add(life)
	if c.Warn > 0 && c.Warn < life {
		m.Warn = from.Add(c.Warn)
	}
	m.Body.Params = d.Params
	d.Note(m.Route.String() + " until " + m.Expires.Format(time.RFC3339))
	return nil
}
