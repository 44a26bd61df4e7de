package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// quota says early, and in words, what the Store would refuse: it reserves
// nothing.
func (c Config) quota(ctx context.Context, d *smsengine.Draft) error {
	if d.Terms.MonthlyLimit == 0 || d.Facts == nil {
		return nil
	}
	m := &d.Message
	used, err := d.Facts.Usage(ctx, smsengine.Counter{Account: m.Account, Period: m.Period})
	if err != nil {
		return err
	}
	if used.Used+d.Pending+m.Cost > d.Terms.MonthlyLimit {
		return account.LimitError(account.Decision{
			Account: m.Account, Limit: d.Terms.MonthlyLimit, Period: m.Period, Reset: c.Policy.Reset(d.Now),
		}, used.Used+d.Pending, m.Cost)
	}
	d.Note(fmt.Sprintf("%d of %d parts used in %s", used.Used, d.Terms.MonthlyLimit, m.Period))
	return nil
}
