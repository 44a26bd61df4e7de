package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func gatewayURLCommand() *command {
	return &command{
		name: "url", args: "ID", short: "print the address where a provider brings answers and receipts",
		long: "Prints the address that goes into the provider's console, and on standard error what to\n" +
			"do with it there. It is as good as a password. It follows from the ticket key in the\n" +
			"state directory and from the gateway's ID, and changes with them.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the ID of one gateway; postel gateway list shows them")
				}
				cfg, g, err := loadGateway(*file, args[0])
				if err != nil {
					return err
				}
				return gatewayURL(t, cfg, g)
			}
		},
	}
}

func gatewayURL(t *terminal, cfg *config.Config, g config.Gateway) error {
	p, err := providerOf(cfg, g)
	switch {
	case err != nil:
		return err
	case p == nil:
		return fmt.Errorf("gateway %s is of type %q: only HTTP providers call an address", g.ID, g.Type)
	case !brings(p):
		return fmt.Errorf("%s brings neither answers nor receipts over HTTP: there is no address", p.Name)
	case cfg.Hooks.Listen.IsZero():
		return fmt.Errorf("nobody would listen there: %s", howToListen)
	}
	if err := keyIsThere(cfg); err != nil {
		return err
	}
	url, err := hookURL(cfg, g.ID)
	if err != nil {
		return err
	}
	t.printf("%s\n", url)
	fmt.Fprintf(t.err, "%s brings %s there.\n", p.Name, bringsWhat(p))
	if p.Notes != "" {
		fmt.Fprintf(t.err, "\n%s\n", indented(p.Notes))
	}
	return nil
}

// howToListen is what to do about a configuration in which nobody listens to
// providers.
const howToListen = "set hooks.listen, and hooks.url to what providers reach it by, such as \"https://sms.example.org\""

// keyIsThere keeps a command from making the key of the site, which would then
// belong to the wrong user.
func keyIsThere(cfg *config.Config) error {
	_, err := os.Stat(keyOf(cfg.State))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("the address follows from a key that the service makes: start it once")
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s belongs to another user: run this as the user that runs postel, or as root", cfg.State)
	}
	return err
}

func bringsWhat(p *provider.Provider) string {
	switch {
	case p.Receipts == nil:
		return "texts from phones"
	case p.Incoming == nil:
		return "receipts"
	}
	return "texts from phones and receipts"
}
