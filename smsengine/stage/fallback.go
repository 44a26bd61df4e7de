package stage

import (
	"context"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

// fallback delivers to the gateway's default recipient what nobody else gets.
func (c Config) fallback(_ context.Context, d *smsengine.Draft) error {
	if !d.Message.To.IsZero() {
		return nil
	}
	to, ok := c.DefaultRecipient[d.Set.Gateway]
	if !ok {
		return fmt.Errorf("gateway %s has no default recipient", d.Set.Gateway)
	}
	address(&d.Message, to)
	d.Note("to the default recipient " + to.Value)
	return nil
}
