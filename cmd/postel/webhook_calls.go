package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/webhook"
	v1 "github.com/postel-mail/postel/transport/httpapi/v1"
)

func webhookShowCommand() *command {
	return &command{
		name: "show", args: "NAME", short: "show a webhook and its last calls",
		long: "Shows what the webhook hears of, how many calls wait, are late or failed, and the last ten.\n" +
			"postel trace ID tells all of one call. It reads the database, so it works when the service\n" +
			"is down.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return ofWebhook(file, func(ctx context.Context, t *terminal, b *books, w smsengine.Webhook) error {
				return b.showWebhook(ctx, t, w)
			})
		},
	}
}

func (b *books) showWebhook(ctx context.Context, t *terminal, w smsengine.Webhook) error {
	waiting, err := b.calls(ctx, &w, open(), maxShown)
	if err != nil {
		return err
	}
	failed, err := b.deadLetters(ctx, &w)
	if err != nil {
		return err
	}
	last, err := b.calls(ctx, &w, nil, 10)
	if err != nil {
		return err
	}
	t.printf("%s  %s\n", w.Name, clean(w.PublicURL()))
	t.printf("  hears of %s: %s\n", whose(w.Account), occasions(w.Occasions))
	t.printf("  made     %s\n", moment(w.Created))
	t.printf("  waiting  %s\n", upTo(len(waiting)))
	t.printf("  failed   %s\n", upTo(len(failed)))
	if len(last) == 0 {
		return nil
	}
	t.printf("\n")
	return tabulateCalls(t, last, b.now)
}

// maxShown bounds the calls that are counted or listed.
const maxShown = 1000

func upTo(n int) string {
	if n == maxShown {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}

// calls gives the last calls of a webhook, nil for all webhooks, in some states.
func (b *books) calls(ctx context.Context, w *smsengine.Webhook, states []smsengine.State, most int) ([]smsengine.Message, error) {
	if b.store == nil {
		return nil, nil
	}
	f := smsengine.Filter{Kind: smsengine.Call, States: states, Limit: most}
	if w != nil {
		f.Address, f.Account = w.Address(), w.Account
	}
	return b.store.List(ctx, f)
}

// deadLetters gives the calls that failed and were not made again.
func (b *books) deadLetters(ctx context.Context, w *smsengine.Webhook) ([]smsengine.Message, error) {
	all, err := b.calls(ctx, w, smsengine.GivenUp(), maxShown)
	if err != nil {
		return nil, err
	}
	var dead []smsengine.Message
	for _, m := range all {
		switch _, err := smsengine.Again(ctx, b.store, m.ID); {
		case errors.Is(err, smsengine.ErrNotFound):
			dead = append(dead, m)
		case err != nil:
			return nil, err
		}
	}
	return dead, nil
}

func tabulateCalls(t *terminal, calls []smsengine.Message, now time.Time) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tWEBHOOK\tTELLS OF\tMESSAGE\tHAPPENED\tSTATE\tATTEMPTS\tWHAT")
	for _, m := range calls {
		var n smsengine.Notice
		if m.Body.Notice != nil {
			n = *m.Body.Notice
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, clean(m.To.Value), n.Occasion, m.About, moment(n.At), m.State, m.Attempt, what(m, now))
	}
	return w.Flush()
}

// ofWebhook runs what is about the one webhook that is named.
func ofWebhook(file *string, do func(context.Context, *terminal, *books, smsengine.Webhook) error) runner {
	return func(ctx context.Context, t *terminal, args []string) error {
		if len(args) != 1 {
			return usageError("give the name of one webhook")
		}
		b, err := readBooks(ctx, *file)
		if err != nil {
			return err
		}
		defer b.close()
		w, err := b.webhook(args[0])
		if err != nil {
			return err
		}
		return do(ctx, t, b, w)
	}
}

func webhookTestCommand() *command {
	return &command{
		name: "test", args: "NAME", short: "call a webhook now",
		long: "Calls the webhook once, with a message that there never was (its ID is all zeros), and says\n" +
			"what the program answered, and after how long. The call is made from here, not by the\n" +
			"service, and leaves no trace.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return ofWebhook(file, func(ctx context.Context, t *terminal, b *books, w smsengine.Webhook) error {
				g := webhook.New(webhook.Options{Compose: v1.Event, Networks: b.cfg.HTTP.Near(), Version: buildVersion()})
				defer g.Close()
				tried := try(ctx, g, w)
				if !tried.Taken {
					return errors.New(tried.Problem)
				}
				t.printf("%s took it: HTTP %d after %d ms\n", w.Name, tried.Status, tried.Millis)
				return nil
			})
		},
	}
}

func webhookFailedCommand() *command {
	return &command{
		name: "failed", args: "[NAME]", short: "list the calls that no program ever took",
		long: "Lists the calls of a webhook, or of all, that failed or whose time ran out, the last first,\n" +
			"but for those that were made again.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 1 {
					return usageError("give the name of one webhook, or none")
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				var of *smsengine.Webhook
				if len(args) == 1 {
					w, err := b.webhook(args[0])
					if err != nil {
						return err
					}
					of = &w
				}
				dead, err := b.deadLetters(ctx, of)
				if err != nil {
					return err
				}
				return listFailed(t, dead, b.now, *asJSON)
			}
		},
	}
}

func listFailed(t *terminal, dead []smsengine.Message, now time.Time, asJSON bool) error {
	if asJSON {
		all := make([]line, len(dead))
		for i, m := range dead {
			all[i] = lineOf(m)
		}
		return lines(t.out, all)
	}
	if len(dead) == 0 {
		t.printf("no call failed\n")
		return nil
	}
	return tabulateCalls(t, dead, now)
}

func webhookRetryCommand() *command {
	return &command{
		name: "retry", args: "NAME|ID", short: "make failed calls again",
		long: "Makes a call again that failed, or all of a webhook, with three more days each. A call that\n" +
			"was made again is not made a third time: the new one is. An ID may be shortened as long as\n" +
			"it is the only one that begins so.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the name of a webhook, or the ID of a call")
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					if _, there := b.dir.Webhook(args[0]); there {
						return b.retryAll(ctx, args[0])
					}
					return b.retry(ctx, args[0])
				})
			}
		},
	}
}

// retryAll makes the failed calls of a webhook again.
func (b *books) retryAll(ctx context.Context, name string) (string, error) {
	total := 0
	for {
		n, more, err := b.caller().AllAgain(ctx, name, "", maxShown)
		if total += n; err != nil {
			return "", fmt.Errorf("after %s: %w", count(total, "call"), words(err))
		}
		if !more {
			return count(total, "call") + " made again", nil
		}
	}
}

// retry makes one failed call again.
func (b *books) retry(ctx context.Context, prefix string) (string, error) {
	if b.store == nil {
		return "", fmt.Errorf("there is no webhook %.64q and no call", prefix)
	}
	id, err := find(ctx, b.store, prefix)
	if err != nil {
		return "", err
	}
	m, err := b.store.Message(ctx, id)
	if err != nil {
		return "", err
	}
	if m.Kind != smsengine.Call || !slices.Contains(smsengine.GivenUp(), m.State) {
		return "", fmt.Errorf("%s is no call that failed: it is a %s, and %s", id, m.Kind, m.State)
	}
	again, isNew, err := b.caller().CallAgain(ctx, id, "")
	switch {
	case err != nil:
		return "", words(err)
	case isNew:
		return "made again as " + string(again), nil
	}
	return "was made again before, as " + string(again), nil
}
