package main

import (
	"context"
	"flag"
	"strings"
)

func simCommand() *command {
	return &command{
		name: "sim", short: "be a phone of the simulated network, or a mail program",
		long: "These work with a running service that has a gateway of type \"sim\". Every number is a\n" +
			"phone in that network.",
		sub: []*command{simInboxCommand(), simSendCommand(), simMailCommand()},
	}
}

func simInboxCommand() *command {
	return &command{
		name: "inbox", args: "NUMBER", short: "show the texts on a phone",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			wait := fs.Int("wait", 0, "wait until the phone has got so many texts")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the number of a phone")
				}
				c, err := dial(*file)
				if err != nil {
					return err
				}
				in, err := c.SimWait(ctx, args[0], *wait)
				if err != nil {
					return words(err)
				}
				if len(in.Texts) == 0 {
					t.printf("no texts on %s\n", args[0])
				}
				for _, m := range in.Texts {
					t.printf("%s  from %s  %s", m.At.Local().Format(clock), m.From, count(m.Parts, "part"))
					if m.Receipt != "" {
						t.printf("  receipt %s", m.Receipt)
					}
					t.printf("\n%s\n", indent(m.Text))
				}
				return nil
			}
		},
	}
}

func simSendCommand() *command {
	return &command{
		name: "send", args: "TEXT", short: "send a text from a phone to a gateway's number",
		long: "Returns when Postel has stored the text.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			from := fs.String("from", "", "`number` of the phone")
			to := fs.String("to", "", "`number` of the gateway")
			return func(ctx context.Context, t *terminal, args []string) error {
				if *from == "" || *to == "" || len(args) == 0 {
					return usageError("give --from, --to and a text")
				}
				c, err := dial(*file)
				if err != nil {
					return err
				}
				return words(c.SimSend(ctx, *from, *to, strings.Join(args, " ")))
			}
		},
	}
}
