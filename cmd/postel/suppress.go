package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

func suppressCommand() *command {
	return &command{
		name: "suppress", short: "keep texts away from phones, as a STOP does",
		long: "A phone that answers STOP (incoming.stop) gets no more texts from that number of yours,\n" +
			"until it answers START. These commands show who did, and do the same by hand, whether\n" +
			"the service runs or not.",
		sub: []*command{suppressListCommand(), suppressChangeCommand(true), suppressChangeCommand(false)},
	}
}

// suppressed is a line of the list, for programs.
type suppressed struct {
	Phone string    `json:"phone"`
	From  string    `json:"from"` // our number, "" for gateways that have none
	Since time.Time `json:"since"`
}

func suppressListCommand() *command {
	return &command{
		name: "list", short: "list the phones that get no texts",
		long: "Lists the phones that get no texts, with the number of yours that they are kept from, the\n" +
			"last first. It reads the database, so it works when the service is down.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("list takes no arguments")
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				all, err := b.suppressed(ctx)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, all)
				}
				return tabulateSuppressed(t, all)
			}
		},
	}
}

func (b *books) suppressed(ctx context.Context) ([]suppressed, error) {
	if b.store == nil {
		return nil, nil
	}
	all, err := b.store.Suppressions(ctx)
	var out []suppressed
	for _, s := range all {
		out = append(out, suppressed{s.Theirs.Value, s.Ours.Value, s.Since})
	}
	return out, err
}

func tabulateSuppressed(t *terminal, all []suppressed) error {
	if len(all) == 0 {
		t.printf("no phone said STOP\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PHONE\tNO TEXTS FROM\tSINCE")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", clean(s.Phone), clean(numberName(s.From)), moment(s.Since))
	}
	return w.Flush()
}

// numberName is what a number of ours is called.
func numberName(number string) string {
	if number == "" {
		return "gateways without a number"
	}
	return number
}

func suppressChangeCommand(add bool) *command {
	c := &command{
		name: "remove", args: "NUMBER", short: "let a phone get texts again",
		long: "Texts go to the phone again, from all numbers of yours or from one. Make sure that its\n" +
			"owner wants them.",
	}
	if add {
		c = &command{
			name: "add", args: "NUMBER", short: "keep texts away from a phone",
			long: "Texts to the phone are refused from now on, from all numbers of yours or from one; those\n" +
				"that wait fail when their turn comes.",
		}
	}
	c.setup = func(fs *flag.FlagSet) runner {
		file := configFlag(fs)
		from := fs.String("from", "", "only from this `number` of yours")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) != 1 {
				return usageError("give the number of one phone")
			}
			return changing(ctx, t, *file, func(b *books) (string, error) {
				theirs, ours, err := b.pair(args[0], *from)
				if err != nil {
					return "", err
				}
				if add {
					return b.suppress(ctx, theirs, ours)
				}
				return b.unsuppress(ctx, theirs, ours)
			})
		}
	}
	return c
}

// pair reads the number of a phone, and one of ours, zero if none was given.
func (b *books) pair(theirs, from string) (smsengine.Address, smsengine.Address, error) {
	var none smsengine.Address
	parser, err := phone.New(b.cfg.Phones())
	if err != nil {
		return none, none, err
	}
	number, _, err := parser.Number(theirs)
	if err != nil {
		return none, none, usageError(fmt.Sprintf("%q is no phone number: %v", theirs, err))
	}
	if from == "" {
		return smsengine.Phone(number), none, nil
	}
	ours, _, err := parser.Number(from)
	if err != nil {
		return none, none, usageError(fmt.Sprintf("--from %q is no phone number: %v", from, err))
	}
	return smsengine.Phone(number), smsengine.Phone(ours), nil
}

// suppress keeps texts of one of our numbers away from a phone, of all if none is
// given.
func (b *books) suppress(ctx context.Context, theirs, ours smsengine.Address) (string, error) {
	which := []smsengine.Address{ours}
	if ours.IsZero() {
		all := numbers(b.cfg)
		which = nil
		for _, id := range b.gateways() {
			which = append(which, all[id]) // zero stands for gateways without a number
		}
	}
	for _, n := range which {
		if err := b.Suppress(ctx, smsengine.Suppress{Ours: n, Theirs: theirs, Since: b.now}); err != nil {
			return "", b.words(err)
		}
	}
	return "no more texts to " + theirs.Value, nil
}

// unsuppress ends that, for one of our numbers, or for whatever there is.
func (b *books) unsuppress(ctx context.Context, theirs, ours smsengine.Address) (string, error) {
	all, err := b.store.Suppressions(ctx)
	if err != nil {
		return "", err
	}
	found := false
	for _, s := range all {
		if s.Theirs != theirs || !ours.IsZero() && s.Ours != ours {
			continue
		}
		found, s.Since = true, time.Time{}
		if err := b.Suppress(ctx, s); err != nil && !errors.Is(err, smsengine.ErrNotFound) {
			return "", b.words(err)
		}
	}
	if !found {
		return "", errors.New("texts to " + theirs.Value + " are not suppressed; postel suppress list shows those that are")
	}
	return "texts to " + theirs.Value + " again", nil
}
