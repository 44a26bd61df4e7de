package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/transport/control"
)

func gatewayListCommand() *command {
	return &command{
		name: "list", short: "list the gateways, and tell how they are",
		long: "Tells of each gateway of the configuration what it is and, if the service runs, how it\n" +
			"is, its alarms, and what went through it. It fails if one of them cannot send.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("it lists all gateways")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				st, err := control.NewClient(cfg.Control.Listen.Address).Status(ctx)
				if err != nil && !errors.Is(err, control.ErrNotRunning) {
					return words(err)
				}
				return errors.Join(listGateways(t, cfg, st.Gateways, *asJSON), err)
			}
		},
	}
}

// listed is a gateway of the configuration.
type listed struct {
	ID       string                  `json:"id"`
	Type     string                  `json:"type"`
	Provider string                  `json:"provider,omitempty"`
	Verified provider.Verified       `json:"verified,omitempty"`
	Number   string                  `json:"number"`
	Problem  string                  `json:"problem,omitempty"` // with its provider file
	State    *smsengine.GatewayState `json:"state,omitempty"`   // nil: the service does not run, or not with it
}

func newListed(cfg *config.Config, g config.Gateway) listed {
	l := listed{ID: g.ID, Type: g.Type, Number: g.Number}
	switch p, err := providerOf(cfg, g); {
	case err != nil:
		l.Problem = err.Error()
	case p != nil:
		l.Provider, l.Verified = p.ID, p.Verified
	}
	return l
}

func (l listed) facts() []fact {
	facts := []fact{{"type", l.Type}, {"number", l.Number}}
	switch {
	case l.Problem != "":
		facts = append(facts, fact{"provider", l.Problem})
	case l.Provider != "":
		facts = append(facts, fact{"provider", l.Provider}, fact{"verified", sureness(l.Verified)})
	}
	return facts
}

// listGateways fails without words if one cannot send of a service that runs.
func listGateways(t *terminal, cfg *config.Config, states map[string]smsengine.GatewayState, asJSON bool) error {
	ready := true
	for _, g := range cfg.Gateways {
		l := newListed(cfg, g)
		if s, known := states[g.ID]; known {
			l.State = &s
		}
		ready = ready && (states == nil || l.State != nil && l.State.Ready)
		if asJSON {
			if err := json.NewEncoder(t.out).Encode(l); err != nil {
				return err
			}
			continue
		}
		switch {
		case l.State != nil:
			printGateway(t, l.ID, *l.State, l.facts()...)
		default:
			printConfigured(t, l, states != nil)
		}
	}
	if !ready {
		return errReported
	}
	return nil
}

// printConfigured tells of a gateway that no service has.
func printConfigured(t *terminal, l listed, running bool) {
	why := "the service does not run"
	if running {
		why = "the service runs with an older configuration: postel reload"
	}
	t.printf("%s  NOT READY  %s\n", l.ID, why)
	for _, f := range l.facts() {
		t.printf("  %-8s  %s\n", f.name, clean(f.value))
	}
}
