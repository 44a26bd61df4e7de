package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// autoReply answers a phone in the words of a rule, from the number that it wrote to.
// Its key names the time in which there is one at most, so that two machines that
// answer each other do not talk without end. Who asks for silence is not answered,
// nor is a short code or a name.
func (c Config) autoReply(ctx context.Context, d *smsengine.Draft, e rule.AutoReply) error {
	if has[smsengine.Suppress](d) {
		return nil
	}
	gateway, err := c.answersOver(ctx, d)
	if err != nil || gateway == "" {
		return err
	}
	begin := d.Now.Truncate(time.Duration(e.Every))
	m, err := c.toPhone(d, e.Text, gateway, fmt.Sprintf("reply:%s:%s:%s:%s", d.Set.To, d.Set.From, begin.Format(time.RFC3339), e.Rule))
	if err != nil {
		return fmt.Errorf("rule %s: %w", e.Rule, err)
	}
	m.About, m.Body.Rules = d.Message.ID, []string{e.Rule}
	d.Notices = append(d.Notices, m)
	return nil
}
