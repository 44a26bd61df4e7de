package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func accountListCommand() *command {
	return &command{
		name: "list", short: "list the accounts, and what they spend",
		long: "Lists the accounts, and the mail users without an account that sent something in this or\n" +
			"the previous month. It reads the database, so it works when the service is down.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("list takes no arguments; postel account show NAME shows one account")
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				sheets, err := b.sheets(ctx)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, sheets)
				}
				return tabulate(t, sheets)
			}
		},
	}
}

// lines writes each as a line of JSON.
func lines[T any](w io.Writer, all []T) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, one := range all {
		if err := enc.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

func tabulate(t *terminal, sheets []sheet) error {
	if len(sheets) == 0 {
		t.printf("no accounts; postel account add makes one\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATE\tLIMIT\tTHIS MONTH\tLAST MONTH\tLAST SENT\tMEMBERS")
	for _, s := range sheets {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", s.Name, s.State, s.limit(), s.Used, s.Previous, moment(s.LastSent), clean(strings.Join(s.Members, " ")))
	}
	return w.Flush()
}

func (s sheet) limit() string {
	if s.Limit == 0 {
		return "none"
	}
	return fmt.Sprintf("%d %s", s.Limit, s.Unit)
}

// moment writes a time that there may be.
func moment(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Local().Format(clock)
}

func accountShowCommand() *command {
	return &command{
		name: "show", args: "NAME", short: "show all about an account",
		long: "It reads the database, so it works when the service is down.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				if err := b.known(name); err != nil {
					return err
				}
				s, err := b.fullSheet(ctx, name)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, []sheet{s})
				}
				s.write(t)
				return nil
			}
		},
	}
}

func (s sheet) write(t *terminal) {
	t.printf("%s  %s\n", s.Name, strings.Join(some(s.State, s.Reason), ": "))
	row := func(name, value string) {
		if value != "" {
			t.printf("  %-12s %s\n", name, clean(value))
		}
	}
	row("description", s.Description)
	switch {
	case s.DefinedIn == "postel.toml":
		row("defined in", s.DefinedIn)
	case s.DefinedIn == "":
		row("account", "none of its own: domain and site speak for it")
	case !strings.HasPrefix(s.Name, "@") && s.Password:
		row("password", "yes")
	case !strings.HasPrefix(s.Name, "@"):
		row("password", "none")
	}
	row("members", strings.Join(s.Members, " "))
	row("owns", strings.Join(s.Owns, " "))
	row("contact", s.Contact)
	row("policy", strings.Join(policyWords(s.Policy), " "))
	if s.Keys > 0 {
		row("keys", count(s.Keys, "key")+", see postel account keys "+s.Name)
	}
	if s.Created.IsZero() && strings.HasPrefix(s.Name, "@") {
		return
	}
	if !strings.HasPrefix(s.Name, "@") {
		row("limit", s.limit()+" a month")
		row("this month", fmt.Sprintf("%d (%s)", s.Used, s.Month))
		months := make([]string, 0, 12)
		for period, used := range s.Months {
			if period < s.Month {
				months = append(months, fmt.Sprintf("%s: %d", period, used))
			}
		}
		slices.Sort(months)
		slices.Reverse(months)
		row("before", strings.Join(months[:min(len(months), 12)], ", "))
		row("last sent", moment(s.LastSent))
	}
	if !s.Created.IsZero() {
		row("made", moment(s.Created))
		row("changed", moment(s.Changed))
	}
}
