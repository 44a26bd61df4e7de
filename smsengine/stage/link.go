package stage

import (
	"context"

	"github.com/postel-mail/postel/smsengine"
)

// link asks for a link: it is made when the gateway has taken the message, for
// only then is it known which of our numbers the phone will answer to.
func (c Config) link(_ context.Context, d *smsengine.Draft) error {
	if !d.Message.From.IsZero() {
		d.Message.LinkFor = c.LinkFor
		d.Note("answers reach " + d.Message.From.Value + " for " + c.LinkFor.String())
	}
	return nil
}
