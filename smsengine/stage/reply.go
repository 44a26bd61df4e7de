package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// autoReply answers a phone in the words of a rule, from the number that it wrote
// to. Its key names the time in which there is one at most, so that two machines that
// answer each other do not talk without end. Who asks for silence is not answered,
// nor is a short code or a name: such a reply is stored as cancelled, for the trace.
func (c Config) autoReply(ctx context.Context, d *smsengine.Draft, e rule.AutoReply) (smsengine.Message, error) {
	gateway, err := c.answersOver(ctx, d)
	if err != nil {
		return smsengine.Message{}, err
	}
	begin := d.Now.Truncate(time.Duration(e.Every))
	m, err := c.toPhone(d, e.Text, gateway, fmt.Sprintf("reply:%s:%s:%s:%s", d.Set.To, d.Set.From, begin.Format(time.RFC3339), e.Rule))
	if err != nil {
		return m, fmt.Errorf("rule %s: %w", e.Rule, err)
	}
	m.About, m.Body.Rules = d.Message.ID, []string{e.Rule}
	if gateway == "" || has[smsengine.Suppress](d) {
		m.State, m.Route = smsengine.Cancelled, nil
		m.Status = smsengine.Status{Class: smsengine.Permanent, Code: "5.7.1", Text: "nobody is to be answered there"}
	}
	return m, nil
}
