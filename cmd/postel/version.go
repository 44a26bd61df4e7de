package main

import (
	"context"
	"flag"
	"runtime/debug"
)

// version is set by the linker (make build); a build without it tells the
// revision.
var version = ""

func versionCommand() *command {
	return &command{
		name: "version", short: "say which version this is",
		setup: func(*flag.FlagSet) runner {
			return func(_ context.Context, t *terminal, _ []string) error {
				t.printf("postel %s\n", buildVersion())
				return nil
			}
		},
	}
}

func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel " + s.Value[:12]
		}
	}
	return "devel"
}
