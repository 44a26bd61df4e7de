package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func gatewayProvidersCommand() *command {
	return &command{
		name: "providers", args: "[NAME]", short: "list the HTTP providers that can be gateways",
		long: "Lists the provider files, Postel's own and those of the site (the directory \"providers\"\n" +
			"of the configuration), of which one with the same name stands for Postel's. With NAME:\n" +
			"all that there is to know about one, and what it needs.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) > 1 {
					return usageError("give one name, or none for all")
				}
				cfg, err := tolerantConfig(*file)
				if err != nil {
					return err
				}
				if len(args) == 1 {
					return oneProvider(t, cfg, args[0], *asJSON)
				}
				return allProviders(t, cfg, *asJSON)
			}
		},
	}
}

// tolerantConfig is the configuration for commands that come before there is
// one: without a file, the defaults.
func tolerantConfig(file string) (*config.Config, error) {
	cfg, err := config.Load(file, drivers)
	if errors.Is(err, fs.ErrNotExist) && file == defaultConfig {
		none := config.Default()
		return &none, nil
	}
	return cfg, err
}

func allProviders(t *terminal, cfg *config.Config, asJSON bool) error {
	ids, err := provider.List(providers(cfg)...)
	if err != nil {
		return err
	}
	var all []known
	broken := false
	for _, id := range ids {
		k := newKnown(cfg, id)
		broken = broken || k.Problem != ""
		all = append(all, k)
	}
	if asJSON {
		err = lines(t.out, all)
	} else {
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tPROVIDER\tVERIFIED\tCUTS LONG TEXTS\tRECEIPTS\tANSWERS\tFILE")
		for _, k := range all {
			if k.Problem != "" {
				fmt.Fprintf(w, "%s\tcannot be used: %s\n", clean(k.ID), clean(k.Problem))
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clean(k.ID), clean(k.Name), k.Verified, k.splitter(), yes(k.Receipts), yes(k.Incoming), k.file(cfg))
		}
		err = w.Flush()
	}
	if err == nil && broken {
		err = errReported
	}
	return err
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func oneProvider(t *terminal, cfg *config.Config, id string, asJSON bool) error {
	k := newKnown(cfg, id)
	switch {
	case k.Problem != "":
		return errors.New(k.Problem)
	case asJSON:
		return json.NewEncoder(t.out).Encode(k)
	}
	t.printf("%s  %s\n", clean(k.ID), clean(k.Name))
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", name, clean(value))
		}
	}
	row("verified", sureness(k.Verified))
	row("file", k.file(cfg))
	for i, d := range k.Documents {
		row([]string{"documents", ""}[min(i, 1)], d)
	}
	row("read", k.Read)
	row("alphabets", strings.Join(k.Alphabets, ", "))
	cuts := "cut by " + k.splitter()
	if k.MaxParts > 0 {
		cuts += fmt.Sprintf(", at most %s", count(k.MaxParts, "part"))
	}
	row("long texts", cuts)
	row("rate", k.Rate)
	row("receipts", yes(k.Receipts))
	row("answers", yes(k.Incoming))
	fmt.Fprintf(w, "needs\t\n")
	for _, n := range k.Needs {
		row(n.Name, n.about())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if k.Notes != "" {
		t.printf("notes\n%s\n", indented(k.Notes))
	}
	return nil
}
