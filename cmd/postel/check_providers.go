package main

import (
	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
)

// providers looks whether the gateways of HTTP providers have what they need. It
// asks nobody: that is what "postel gateway test" does.
func (f *findings) providers(cfg *config.Config) {
	for _, g := range cfg.Gateways {
		c, ok := g.Options.(*httpgw.Config)
		if !ok {
			continue
		}
		made, err := httpgw.New(g.ID, g.Number, *c, httpgw.Options{
			Files: providers(cfg), IncomingURL: cfg.Hooks.URL, ReceiptsURL: cfg.Hooks.URL, Region: cfg.Region,
		})
		switch {
		case err != nil:
			f.wrong("\"postel gateway new\" asks for what is needed", "%s", err)
		case made.Hook() != nil && cfg.Hooks.Listen.IsZero():
			f.doubtful("set hooks.listen", "gateway %s: its provider could bring answers and receipts, and nobody listens for them", g.ID)
		default:
			f.fine("gateway %s: %s", g.ID, c.Provider)
		}
	}
}
