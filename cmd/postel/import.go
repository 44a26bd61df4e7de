package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/icewarp"
	"github.com/postel-mail/postel/smsengine"
)

func importCommand() *command {
	return &command{
		name: "import", short: "carry accounts over from another system",
		sub: []*command{{
			name: "icewarp", args: "DIR", short: "carry accounts over from IceWarp Server",
			long: "Reads the SMS settings of IceWarp Server 11.4 below its installation directory:\n" +
				"config/sms.dat, config/DOMAIN/sms.dat, mail/DOMAIN/USER/sms.dat, config/smsusers.dat,\n" +
				"config/smsstat.dat and config/smsgateway.dat. It says what would be carried over,\n" +
				"changed or left, and writes nothing without --apply. What there is already stays as it\n" +
				"is, so that applying twice does no harm. Lines that cannot be read do not stop the rest,\n" +
				"but --apply refuses until they are mended, or --skip-bad is given. No password is shown;\n" +
				"what is stored of one is a hash. Content filters are named, with the postel rules import\n" +
				"that carries them over.",
			setup: func(fs *flag.FlagSet) runner {
				file := configFlag(fs)
				o := migration{}
				fs.BoolVar(&o.apply, "apply", false, "store it")
				fs.BoolVar(&o.skipBad, "skip-bad", false, "leave out what cannot be read")
				fs.BoolVar(&o.json, "json", false, "the report as one JSON object")
				return func(ctx context.Context, t *terminal, args []string) error {
					if len(args) != 1 {
						return usageError("give the directory that IceWarp is installed in")
					}
					return o.run(ctx, t, *file, args[0])
				}
			},
		}},
	}
}

// migration is one import.
type migration struct{ apply, skipBad, json bool }

func (o migration) run(ctx context.Context, t *terminal, file, dir string) error {
	b, err := newBooks(file)
	if err != nil {
		return err
	}
	// Before the accounts are opened: to write them, root becomes another user.
	found, err := icewarp.Read(os.DirFS(dir), b.hasGateway)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	defer b.close()
	if err := b.read(ctx); err != nil {
		return err
	}
	entries, problems, err := b.plan(ctx, found)
	if err != nil {
		return err
	}
	r := newReport(dir, found, entries, problems)
	switch {
	case o.apply && len(problems) > 0 && !o.skipBad:
		r.Refused = true
	case o.apply:
		if r, err = o.carryOver(ctx, t, file, dir, found); err != nil {
			return err
		}
	}
	if err := r.write(t, o.json); err != nil {
		return err
	}
	if r.Refused || r.Summary.Failed > 0 {
		return errReported
	}
	return nil
}

// carryOver plans anew, by the accounts as they are when nobody else writes
// them, and stores what is planned.
func (o migration) carryOver(ctx context.Context, t *terminal, file, dir string, found *icewarp.Found) (*report, error) {
	b, err := openBooks(ctx, file, t)
	if err != nil {
		return nil, err
	}
	defer b.close()
	entries, problems, err := b.plan(ctx, found)
	if err != nil {
		return nil, err
	}
	r := newReport(dir, found, entries, problems)
	r.Applied = true
	b.carryOver(ctx, entries, r)
	return r, nil
}

// plan says what becomes of what was found.
func (b *books) plan(ctx context.Context, found *icewarp.Found) ([]icewarp.Entry, []icewarp.Problem, error) {
	return found.Plan(icewarp.Site{
		Site: &b.decider.Site, Gateways: b.gateways(), Directory: b.dir, Now: b.now,
		Used: func(c smsengine.Counter) (smsengine.Usage, error) {
			if b.store == nil {
				return smsengine.Usage{}, nil
			}
			return b.store.Usage(ctx, c)
		},
	})
}

func (b *books) hasGateway(id string) bool {
	return slices.ContainsFunc(b.gateways(), func(g string) bool { return strings.EqualFold(g, id) })
}
