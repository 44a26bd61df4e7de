package httpgw

import (
	"context"
	"net/http"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/fetch"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/hook"
)

var _ smsengine.Receiver = (*Gateway)(nil)

// newHook makes the handler of what the provider brings; nil if it brings
// nothing.
func (g *Gateway) newHook(region string) (*hook.Handler, error) {
	if g.provider.Incoming == nil && g.provider.Receipts == nil {
		return nil, nil
	}
	r, err := hook.New(g.provider, hook.Options{
		Number: g.number, Region: region, Settings: g.settings, Trust: fetch.New(hook.FromAmazon),
	})
	if err != nil {
		return nil, err
	}
	return hook.NewHandler(r, g.log), nil
}

// Hook answers the provider when it brings texts from phones and receipts; nil if
// it brings none. Whoever serves it bounds the body, and sets the request's URL to
// the one that the provider knows.
func (g *Gateway) Hook() http.Handler {
	if g.hook == nil {
		return nil
	}
	return g.hook
}

// Listen hands what the provider brings to the Sink until ctx ends. At other
// times the provider is told to come again.
func (g *Gateway) Listen(ctx context.Context, s smsengine.Sink) error {
	if g.hook == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return g.hook.Listen(ctx, s)
}
