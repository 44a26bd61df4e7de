package main

import (
	"context"
	"flag"

	"github.com/postel-mail/postel/cmd/postel/config"
)

const defaultConfig = "/etc/postel/postel.toml"

// configFlag adds -c to a command.
func configFlag(fs *flag.FlagSet) *string {
	return fs.String("c", defaultConfig, "configuration `file`")
}

func configCommand() *command {
	return &command{
		name: "config", short: "print a sample configuration",
		sub: []*command{{
			name: "sample", short: "print a configuration with every key, explained",
			long: "Prints a file with every key there is. Keys that a site must set have an example,\n" +
				"the others stand in comments with the value that holds without them:\n\n" +
				"  postel config sample >/etc/postel/postel.toml",
			setup: func(*flag.FlagSet) runner {
				return func(_ context.Context, t *terminal, _ []string) error {
					t.printf("%s", config.Sample)
					return nil
				}
			},
		}},
	}
}
