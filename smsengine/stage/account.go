package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// account settles who sends and who pays.
func (c Config) account(_ context.Context, d *smsengine.Draft) error {
	a, err := c.Policy.Decide(d.Source.Identity, d.Source.Sender, d.Now)
	if err != nil {
		return err
	}
	d.Message.Account, d.Message.Period, d.Terms.MonthlyLimit = a.Account, a.Period, a.Limit
	d.Identity = d.Source.Identity
	d.Note(fmt.Sprintf("%s, by %s", a.Account, d.Source.Identity.Method))
	return nil
}
