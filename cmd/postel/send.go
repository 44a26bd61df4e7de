package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/postel-mail/postel/transport/control"
)

func sendCommand() *command {
	return &command{
		name: "send", args: "NUMBER TEXT", short: "send a text",
		long: "Hands a text to the running service and prints its ID, for postel trace. NUMBER may\n" +
			"also be a whole phone address, with parameters. A TEXT of \"-\" is read from standard\n" +
			"input. The exit code is 1 if the text was refused.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			from := fs.String("from", "", "mail `address` that gets answers and reports; nobody if not given")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) < 2 {
					return usageError("give a number and a text")
				}
				text := strings.Join(args[1:], " ")
				if text == "-" {
					b, err := io.ReadAll(io.LimitReader(t.in, 1<<20))
					if err != nil {
						return err
					}
					text = strings.TrimRight(string(b), "\n")
				}
				return send(ctx, t, *file, control.SendRequest{From: *from, To: args[:1], Text: text})
			}
		},
	}
}

func send(ctx context.Context, t *terminal, file string, req control.SendRequest) error {
	c, err := dial(file)
	if err != nil {
		return err
	}
	results, err := c.Send(ctx, req)
	if err != nil {
		return words(err)
	}
	for _, r := range results {
		switch {
		case r.Refused != nil:
			return fmt.Errorf("%s: %s (%s)", r.To, r.Refused.Text, r.Refused.Code)
		case r.Dropped != "":
			return fmt.Errorf("%s: dropped: %s", r.To, r.Dropped)
		}
		t.printf("%s\n", r.ID)
	}
	return nil
}
