package main

import (
	"context"
	"flag"
	"fmt"
	"slices"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

func modemStatusCommand() *command {
	return &command{
		name: "status", args: "[ID...]", short: "tell how the modems are",
		long: "Tells of each modem of the running service, or of those that are named by their\n" +
			"gateways' IDs, how it is, what it measures, its alarms, and what went through it. It\n" +
			"fails if one of them cannot send.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				ids, err := modems(cfg, args)
				if err != nil {
					return err
				}
				st, err := control.NewClient(cfg.Control.Listen.Address).Status(ctx)
				if err != nil {
					return words(err)
				}
				return modemStatus(t, ids, st.Gateways, *asJSON)
			}
		},
	}
}

// modems gives the IDs of the modems, or of those that are asked for.
func modems(cfg *config.Config, wanted []string) ([]string, error) {
	var ids []string
	for _, g := range cfg.Gateways {
		if g.Type == "modem" && (len(wanted) == 0 || slices.Contains(wanted, g.ID)) {
			ids = append(ids, g.ID)
		}
	}
	for _, id := range wanted {
		if !slices.Contains(ids, id) {
			return nil, fmt.Errorf("no [[gateway]] of type \"modem\" has the id %q", id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("the configuration has no modem; postel modem probe finds those that are plugged in")
	}
	return ids, nil
}

func modemStatus(t *terminal, ids []string, all map[string]smsengine.GatewayState, asJSON bool) error {
	ready := true
	for _, id := range ids {
		s, known := all[id]
		if !known {
			return fmt.Errorf("the service runs with an older configuration, without the gateway %q: postel reload", id)
		}
		ready = ready && s.Ready
		if asJSON {
			if err := lines(t.out, []gatewayLine{{id, s}}); err != nil {
				return err
			}
			continue
		}
		printGateway(t, id, s)
	}
	if !ready {
		return errReported
	}
	return nil
}
