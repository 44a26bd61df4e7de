package modem

import (
	"context"

	"github.com/postel-mail/postel/smsengine"
)

// Send gives a part to the modem, and returns once the network has taken it.
func (g *Gateway) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	return smsengine.Taking{}, smsengine.Fail("modem.Send", smsengine.Temporary, "4.4.1", "the modem is not ready", nil)
}
