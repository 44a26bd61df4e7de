package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// quota says what the message is charged to, and early what the Store would
// refuse: it reserves nothing. Before there is a text it looks at all counters;
// then only at those whose use somebody is to be warned of, since the Store
// looks at all of them again and is exact.
func (c Config) quota(ctx context.Context, d *smsengine.Draft) error {
	m, site := &d.Message, &c.Accounts.Site
	m.Charges, d.Limits = site.Charges(m.Account, d.Terms, m.Cost, d.Unusual, d.Now)
	if d.Facts == nil {
		return nil
	}
	for i, charge := range m.Charges {
		limit := d.Limits[charge.Counter]
		together := charge.Account == smsengine.SiteCounter
		if limit.Most == 0 || limit.Stop != "" || !d.Preview && i > 0 && !together {
			continue
		}
		u, err := d.Facts.Usage(ctx, charge.Counter)
		if err != nil {
			return err
		}
		used := u.Used + charge.Amount
		if d.Preview {
			used += d.Pending
		}
		if used > limit.Most {
			return limit.Refusal
		}
		switch {
		case d.Preview:
		case i == 0:
			if d.Terms.LimitUnit == smsengine.CountParts {
				used += d.Pending
			}
			d.Note(fmt.Sprintf("%d of %d %s used in %s", u.Used, limit.Most, d.Terms.LimitUnit, charge.Period))
			d.Notices = append(d.Notices, site.Warnings(d.Contact, charge.Counter, d.Terms.LimitUnit, used, limit.Most, d.Now)...)
		case together:
			used += d.Pending
			d.Notices = append(d.Notices, site.Warnings(site.Administrator, charge.Counter, smsengine.CountParts, used, limit.Most, d.Now)...)
		}
	}
	return nil
}
