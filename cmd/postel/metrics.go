package main

import (
	"context"
	"flag"
)

func metricsCommand() *command {
	return &command{
		name: "metrics", short: "show what the service measures, for Prometheus",
		long: "Prints the metrics of the running service in the form that Prometheus reads, for the\n" +
			"textfile collector of its node exporter: run it by a timer, into a file that is renamed\n" +
			"when it is complete. docs/metrics.md says what there is.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("metrics takes no arguments")
				}
				c, err := dial(*file)
				if err != nil {
					return err
				}
				return words(c.Metrics(ctx, t.out))
			}
		},
	}
}
