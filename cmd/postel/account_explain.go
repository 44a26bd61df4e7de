package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/postel-mail/postel/smsengine/account"
)

func accountExplainCommand() *command {
	return &command{
		name: "explain", args: "USER", short: "say what holds for a user, and which level says so",
		long: "Says whether USER may send now, who pays, and for each key its value and the level that\n" +
			"had the last word: built-in, site (postel.toml), domain, account. USER is a mail user, an\n" +
			"account, or \"@example.org\" for the users of a domain. The code is that of the service.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give one user, account or @domain")
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				x, err := b.explain(ctx, strings.ToLower(args[0]))
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, []explained{x})
				}
				return x.write(t)
			}
		},
	}
}

// explained is what explain --json writes: what the Decider says, and what is
// left of the month. Fields are added, never renamed or removed.
type explained struct {
	account.Explained
	Month string `json:"month"`
	Used  int    `json:"used"` // by who pays
	Limit int    `json:"monthly_limit"`
	Unit  string `json:"limit_unit"`
}

func (b *books) explain(ctx context.Context, name string) (explained, error) {
	if name != "" && !strings.Contains(name, "@") {
		if _, ok := b.dir.Account(name); !ok {
			name = b.decider.Qualify(name)
		}
	}
	if err := account.CheckName(name); err != nil {
		return explained{}, err
	}
	x := explained{Explained: b.decider.Explain(b.dir, name, b.now), Month: b.decider.Month("", b.now).Period}
	for _, t := range x.Terms {
		switch t.Key {
		case "monthly_limit":
			_, _ = fmt.Sscan(t.Value, &x.Limit) // it was written from a number
		case "limit_unit":
			x.Unit = t.Value
		}
	}
	if x.Pays == "" {
		return x, nil
	}
	usage, err := b.usageOf(ctx, x.Pays)
	if err != nil {
		return x, err
	}
	x.Used = usage[x.Month].Used
	if x.May && x.Limit > 0 && x.Used >= x.Limit {
		x.May = false
		x.Refusal = fmt.Sprintf("the monthly limit of %d %s is reached; it resets on %s", x.Limit, x.Unit, b.decider.Reset(b.now).Format("2 January 2006"))
	}
	return x, nil
}

func (x explained) write(t *terminal) error {
	domain := strings.HasPrefix(x.User, "@")
	switch who := x.User; {
	case domain && x.May:
		t.printf("the users of %s may send\n", x.User[1:])
	case domain:
		t.printf("the users of %s may not send, but for those whose account says otherwise\n", x.User[1:])
	case x.May && x.Pays == who:
		t.printf("%s may send, and pays\n", who)
	case x.May:
		t.printf("%s may send, and %s pays\n", who, x.Pays)
	default:
		t.printf("%s may not send: %s\n", who, clean(x.Refusal))
	}
	if !domain {
		left := "of any number"
		if x.Limit > 0 {
			left = fmt.Sprintf("of %d", x.Limit)
		}
		t.printf("%d %s %s used in %s by %s\n", x.Used, left, x.Unit, x.Month, x.Pays)
	}
	t.printf("\n")
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tVALUE\tFROM")
	for _, term := range x.Terms {
		value := term.Value
		if value == "" {
			value = none
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", term.Key, clean(value), term.Level)
	}
	return w.Flush()
}
