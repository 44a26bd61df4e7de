package main

import (
	"context"
	"flag"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/transport/control"
)

func reloadCommand() *command {
	return &command{
		name: "reload", short: "have the service take a changed configuration",
		long: "The running service takes its configuration anew, with rules, provider files, prices,\n" +
			"passwords and certificates, as a whole or not at all: if anything is wrong, it is said\n" +
			"here, and all stays as it was. Nothing is dropped: connections and texts under way end\n" +
			"as they began, new ones go by the new configuration. A gateway that stays the same goes\n" +
			"on; another with the same name begins when the old one has finished. Only state and\n" +
			"log.format take a restart. SIGHUP does the same, and tells the log.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "what changed, as one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("reload takes no arguments")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				c := control.NewClient(cfg.Control.Listen.Address)
				done, err := c.Reload(ctx)
				if err != nil {
					return words(err)
				}
				if *asJSON {
					return lines(t.out, []control.Reloaded{done})
				}
				for _, c := range done.Changes {
					t.printf("%s %s: %s\n", c.Kind, clean(c.Name), c.Is)
				}
				t.printf("the service goes by %s as it is now\n", clean(*file))
				return nil
			}
		},
	}
}
