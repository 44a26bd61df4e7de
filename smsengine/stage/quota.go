package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// quota says what the message is charged to, and early what the Store would
// refuse. It reserves nothing: the Store does, and is exact.
func (c Config) quota(ctx context.Context, d *smsengine.Draft) error {
	m := &d.Message
	m.Charges, d.Limits = c.Accounts.Charges(m.Account, d.Terms, m.Cost, d.Unusual, d.Now)
	switch {
	case d.Facts == nil:
		return nil
	case d.Preview:
		return c.roomLeft(ctx, d)
	}
	return c.limitsNear(ctx, d)
}

// roomLeft looks at all counters before there is a text. One that would stop the
// account is left to the Store, which stops it.
func (c Config) roomLeft(ctx context.Context, d *smsengine.Draft) error {
	for _, charge := range d.Message.Charges {
		limit := d.Limits[charge.Counter]
		if limit.Most == 0 || limit.Stop != "" {
			continue
		}
		u, err := d.Facts.Usage(ctx, charge.Counter)
		if err != nil {
			return err
		}
		if u.Used+d.Pending+charge.Amount > limit.Most {
			return limit.Refusal
		}
	}
	return nil
}

// limitsNear looks at the counters whose use somebody is to be warned of: the
// account's month and the site's day.
func (c Config) limitsNear(ctx context.Context, d *smsengine.Draft) error {
	for i, charge := range d.Message.Charges {
		to, unit, pending := d.Contact, d.Terms.LimitUnit, d.Pending
		if charge.Account == smsengine.SiteCounter {
			to, unit = c.Accounts.Administrator, smsengine.CountParts
		} else if i > 0 {
			continue
		}
		limit := d.Limits[charge.Counter]
		if limit.Most == 0 {
			continue
		}
		u, err := d.Facts.Usage(ctx, charge.Counter)
		if err != nil {
			return err
		}
		if u.Used+charge.Amount > limit.Most {
			return limit.Refusal
		}
		if unit == smsengine.CountMessages {
			pending = 0 // which is in parts
		}
		d.Notices = append(d.Notices, c.Accounts.Warnings(to, charge.Counter, unit, u.Used+pending+charge.Amount, limit.Most, d.Now)...)
		if i == 0 {
			d.Note(fmt.Sprintf("%d of %d %s used in %s", u.Used, limit.Most, unit, charge.Period))
		}
	}
	return nil
}
