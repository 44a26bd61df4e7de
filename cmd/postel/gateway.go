package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/mistake"
)

func gatewayCommand() *command {
	return &command{
		name: "gateway", short: "join an HTTP provider, try a gateway, and see how all are",
		long: "docs/http-gateways.md (Send through a provider) walks through these commands.",
		sub: []*command{
			gatewayProvidersCommand(), gatewayNewCommand(), gatewayURLCommand(), gatewayTryCommand(), gatewayListCommand(),
		},
	}
}

// loadGateway gives the gateway with this ID, and the configuration that it
// stands in.
func loadGateway(file, id string) (*config.Config, config.Gateway, error) {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return nil, config.Gateway{}, err
	}
	i := slices.IndexFunc(cfg.Gateways, func(g config.Gateway) bool { return g.ID == id })
	if i < 0 {
		var ids []string
		for _, g := range cfg.Gateways {
			ids = append(ids, g.ID)
		}
		return nil, config.Gateway{}, fmt.Errorf("no [[gateway]] has the id %q; %s", id, mistake.Suggest(id, ids))
	}
	return cfg, cfg.Gateways[i], nil
}

// providerOf is the provider of a gateway; nil if it has none.
func providerOf(cfg *config.Config, g config.Gateway) (*provider.Provider, error) {
	c, ok := g.Options.(*httpgw.Config)
	if !ok {
		return nil, nil
	}
	return loadProvider(cfg, c.Provider)
}

// loadProvider reads a provider file by its name.
func loadProvider(cfg *config.Config, id string) (*provider.Provider, error) {
	p, err := provider.Load(id, providers(cfg)...)
	if errors.Is(err, fs.ErrNotExist) {
		if ids, err := provider.List(providers(cfg)...); err == nil {
			return nil, fmt.Errorf("there is no provider %q; %s", id, mistake.Suggest(id, ids))
		}
	}
	return p, err
}

// brings reports whether a provider brings texts from phones or receipts.
func brings(p *provider.Provider) bool { return p.Incoming != nil || p.Receipts != nil }

// sureness says how far a provider file can be trusted.
func sureness(v provider.Verified) string {
	switch v {
	case provider.Live:
		return "live: it has sent and received there"
	case provider.ByDocs:
		return "docs: written after the provider's documents, and not tried there yet"
	}
	return "unverified: not all of it was read in the provider's documents; watch the first texts"
}
