package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func accountResetCommand() *command {
	return &command{
		name: "reset", args: "NAME", short: "set what an account has used in a month",
		long: "Sets the counter of a month to any value, 0 if nothing else is said. With --used and a\n" +
			"NAME of \"*\" and --month a day (2026-11-23), it is what all accounts together have sent\n" +
			"on that day, which the daily ceiling is about.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			used := fs.Int("used", 0, "the new `number`, in the account's limit_unit")
			month := fs.String("month", "", "the `month`, as 2026-11; the present one if not given")
			last := fs.String("last-sent", "", "when the account sent last, a `time` as 2026-11-23T10:00:00Z; as it was if not given")
			return func(ctx context.Context, t *terminal, args []string) error {
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				u := smsengine.Usage{Used: *used}
				if *used < 0 {
					return fault("--used", "write 0 or more", "%d is less than nothing", *used)
				}
				if *last != "" {
					if u.Last, err = time.Parse(time.RFC3339, *last); err != nil {
						return fault("--last-sent", "write it as 2026-11-23T10:00:00Z", "%.40q is no time", *last)
					}
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					c, err := b.counter(name, strings.TrimSpace(*month))
					if err != nil {
						return "", err
					}
					done := fmt.Sprintf("%s has used %d in %s", name, u.Used, c.Period)
					return done, b.words(b.SetUsage(ctx, c, u))
				})
			}
		},
	}
}

// counter finds the counter that is meant.
func (b *books) counter(name, period string) (smsengine.Counter, error) {
	if name == smsengine.SiteCounter {
		c := b.decider.Today(b.now)
		if period != "" {
			if _, err := time.Parse(time.DateOnly, period); err != nil {
				return c, fault("--month", "all accounts together are counted by day, as 2026-11-23", "%.40q is no day", period)
			}
			c.Period = period
		}
		return c, nil
	}
	if err := b.known(name); err != nil {
		return smsengine.Counter{}, err
	}
	if strings.HasPrefix(name, "@") {
		return smsengine.Counter{}, fmt.Errorf("%s is the policy of a domain: its users are counted, each by himself", name)
	}
	c := b.decider.Month(name, b.now)
	if period != "" {
		if !monthForm.MatchString(period) {
			return c, fault("--month", "write it as 2026-11", "%.40q is no month", period)
		}
		c.Period = period
	}
	return c, nil
}
