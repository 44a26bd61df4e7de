package webhook

import (
	"context"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Try makes a call at once, whether the webhook rests or not, and learns nothing
// from it: it is for people who want to see what their program does. status is
// that of HTTP, 0 if there was no answer; the error is as that of Send.
func (g *Gateway) Try(ctx context.Context, hook smsengine.Webhook, d smsengine.Delivery) (status int, took time.Duration, err error) {
	r, err := g.request(hook, d)
	if err != nil {
		return 0, 0, err
	}
	a := g.call(ctx, r)
	return a.status, a.took, a.err(hook, r.URL)
}

// Signs reports whether calls to a URL are signed: those to one with variables in
// it are not.
func Signs(url string) bool {
	u, err := Parse(url)
	return err == nil && len(u.Variables()) == 0
}
