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
	if d.Limit == 0 || d.Facts == nil {
		return nil
	}
	m := &d.Message
	used, err := d.Facts.Usage(ctx, m.Account, m.Period)
	if err != nil {
		return err
	}
	if used.Parts+d.Pending+m.Cost > d.Limit {
		return account.LimitError(account.Decision{
			Account: m.Account, Limit: d.Limit, Period: m.Period, Reset: c.Policy.Reset(d.Now),
		}, used.Parts+d.Pending, m.Cost)
	}
	d.Note(fmt.Sprintf("%d of %d parts used in %s", used.Parts, d.Limit, m.Period))
	return nil
}
