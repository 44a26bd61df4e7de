package main

import (
	"fmt"
	"os"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/price"
	"github.com/postel-mail/postel/smsengine/stage"
)

// wayOf is a gateway as the choice of gateways sees it: what its driver says that
// it carries, and what it costs.
func wayOf(cfg *config.Config, g config.Gateway) (stage.Way, error) {
	w := stage.Way{Fallback: g.Fallback}
	if g.Cost.Set {
		w.Cost = &g.Cost.Price
	}
	if g.Prices != "" {
		var err error
		if w.Prices, err = readPrices(g.Prices); err != nil {
			return w, fmt.Errorf("gateway %s: prices: %w", g.ID, err)
		}
	}
	switch o := g.Options.(type) {
	case smsengine.Carrier:
		w.Can = new(o.Abilities())
	case *httpgw.Config:
		can, err := o.Abilities(providers(cfg)...)
		if err != nil {
			return w, fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		w.Can = &can
	}
	return w, nil
}

func readPrices(file string) (*price.Table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := price.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// prices looks whether the files with prices can be read.
func (f *findings) prices(cfg *config.Config) {
	for _, g := range cfg.Gateways {
		if g.Prices == "" {
			continue
		}
		if t, err := readPrices(g.Prices); err != nil {
			f.wrong("a line has prefix and price, such as 4917,0.07", "gateway %s: prices: %s", g.ID, err)
		} else {
			f.fine("gateway %s: %s in %s", g.ID, count(t.Len(), "price"), g.Prices)
		}
	}
}

// breakerOfPhones is what keeps texts away from a gateway to phones that fails. The
// mail server and webhooks have none: a failure there is one mailbox's, or one
// program's.
var breakerOfPhones = smsengine.Breaker{Failures: 5, First: 15 * time.Second, Most: 5 * time.Minute}

// laneOf is a gateway as the engine has it.
func laneOf(g config.Gateway, gateway smsengine.Gateway, number smsengine.Address) smsengine.Lane {
	return smsengine.Lane{
		Gateway: gateway, Number: number, Concurrency: g.Concurrency, Timeout: time.Duration(g.Timeout),
		Weight: g.Weight, Rates: g.Rate, Hours: g.Window, Breaker: breakerOfPhones,
	}
}
