package main

import (
	"context"
	"errors"
	"flag"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
)

func modemForgetCommand() *command {
	return &command{
		name: "forget-pin", args: "ID", short: "have a modem's PIN tried once more",
		long: "A PIN that was wrong, or whose fate is not known, is never sent again: three wrong ones\n" +
			"lock the SIM card. This forgets what was tried through the gateway with this ID, which\n" +
			"may also be the number of a SIM card or of a modem. Do it when you know that the\n" +
			"configured PIN is right, and that the card has tries left. A running service tries it\n" +
			"within a minute.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the ID of a gateway, or the number of a SIM card")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				n, err := modem.ForgetPIN(pinsOf(cfg.State), args[0])
				switch {
				case err != nil:
					return err
				case n == 0:
					return errors.New("nothing is known of a PIN that was tried there")
				}
				t.printf("forgotten: %s of %s\n", count(n, "PIN"), clean(args[0]))
				return nil
			}
		},
	}
}
