package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/webhook"
)

func webhookCommand() *command {
	return &command{
		name: "webhook", short: "let programs hear at once what happens to texts",
		long: "A webhook is an address of a program that is told what happens: that a text was sent or\n" +
			"delivered, that it failed, that one came from a phone. A call that the program does not\n" +
			"take is made again for three days, and kept then: postel webhook failed lists those calls,\n" +
			"postel webhook retry makes them again. Changes work whether the service runs or not.",
		sub: []*command{
			webhookNewCommand(), webhookListCommand(), webhookShowCommand(), webhookTestCommand(),
			webhookFailedCommand(), webhookRetryCommand(), webhookRemoveCommand(),
		},
	}
}

func webhookNewCommand() *command {
	return &command{
		name: "new", args: "NAME", short: "make a webhook",
		long: "Prints a secret, which is shown this once: it signs what is sent (Standard Webhooks). A URL\n" +
			"may have variables in it, %%from%%, %%to%%, %%body%%, %%id%%, %%state%% and more\n" +
			"(docs/webhooks.md): then a GET request is made of it, which is not signed. Addresses in\n" +
			"networks that are not public are called only if http.webhook_networks lists them.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			url := fs.String("url", "", "the `address` of the program, https://…")
			of := fs.String("account", "", "the `account` whose messages it hears of; else it hears of all")
			on := fs.String("on", "sent,delivered,failed,received", "what it hears of: "+strings.Join(smsengine.AllOccasions.Names(), ", ")+", with commas between them")
			asJSON := fs.Bool("json", false, "one JSON object")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the webhook a name")
				}
				b, err := openBooks(ctx, *file, t)
				if err != nil {
					return err
				}
				defer b.close()
				made, err := b.makeWebhook(ctx, args[0], *url, *of, *on)
				if err != nil {
					return err
				}
				if *asJSON {
					return lines(t.out, []shownWebhook{made})
				}
				t.printf("webhook %s hears of %s: %s\n", made.Name, whose(made.Account), occasions(made.Occasions))
				if made.Secret == "" {
					t.printf("Nothing is signed, since the URL has variables: what it holds is all that proves who calls.\n")
					return nil
				}
				t.printf("its secret is shown this once:\n  %s\n", made.Secret)
				t.printf("Verify each call: webhook-signature is \"v1,\" and the base64 of HMAC-SHA256 over\nwebhook-id.webhook-timestamp.body, whose key is the base64 behind whsec_\n(docs/http-api.md has a program). postel webhook test %s calls it now.\n", made.Name)
				return nil
			}
		},
	}
}

// shownWebhook is a webhook as new --json and list --json write it.
type shownWebhook struct {
	smsengine.Webhook
	URL    string `json:"url"`              // without what may be a password
	Secret string `json:"secret,omitempty"` // new: the one time that it is shown
}

// makeWebhook makes and stores a webhook.
func (b *books) makeWebhook(ctx context.Context, name, url, of, on string) (shownWebhook, error) {
	w := smsengine.Webhook{Name: name, URL: url, Account: strings.ToLower(of), Created: b.now}
	if err := smsengine.CheckWebhookName(name); err != nil {
		return shownWebhook{}, usageError(err.Error())
	}
	switch {
	case url == "":
		return shownWebhook{}, usageError("say where it is: --url https://shop.example.com/texts")
	case len(url) > smsengine.MaxWebhookURL:
		return shownWebhook{}, fault("--url", "", "it has more than %d octets", smsengine.MaxWebhookURL)
	}
	if err := webhook.Check(url); err != nil {
		return shownWebhook{}, fault("--url", "", "%s", words(err))
	}
	if w.Account != "" {
		if err := b.known(w.Account); err != nil {
			return shownWebhook{}, err
		}
	}
	var err error
	if w.Occasions, err = smsengine.ParseOccasions(on); err != nil || w.Occasions == 0 {
		return shownWebhook{}, fault("--on", `as "delivered,failed"`, "%s", whyNot(err))
	}
	var shown string
	w.Secret, shown = newSecret(url)
	err = b.PutWebhook(ctx, w)
	if errors.Is(err, smsengine.ErrExists) {
		return shownWebhook{}, fmt.Errorf("there is a webhook %s already; postel webhook list shows all", name)
	}
	return shownWebhook{w, w.PublicURL(), shown}, words(err)
}

func whyNot(err error) string {
	if err == nil {
		return "it would hear of nothing"
	}
	return err.Error()
}

// whose says of whose messages a webhook hears.
func whose(account string) string {
	if account == "" {
		return "all accounts"
	}
	return account
}

// occasions names occasions as --on takes them.
func occasions(o smsengine.Occasions) string { return strings.Join(o.Names(), ",") }

func webhookListCommand() *command {
	return &command{
		name: "list", args: "[ACCOUNT]", short: "list the webhooks of an account, or all",
		long: "By name. Of a URL it shows no values of parameters, which may be passwords.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 1 {
					return usageError("give the name of one account, or none")
				}
				b, err := readBooks(ctx, *file)
				if err != nil {
					return err
				}
				defer b.close()
				all := b.dir.Webhooks()
				if len(args) == 1 {
					account := strings.ToLower(args[0])
					if err := b.known(account); err != nil {
						return err
					}
					all = slices.DeleteFunc(all, func(w smsengine.Webhook) bool { return w.Account != account })
				}
				return listWebhooks(t, all, *asJSON)
			}
		},
	}
}

func listWebhooks(t *terminal, all []smsengine.Webhook, asJSON bool) error {
	if asJSON {
		shown := make([]shownWebhook, len(all))
		for i, w := range all {
			shown[i] = shownWebhook{Webhook: w, URL: w.PublicURL()}
		}
		return lines(t.out, shown)
	}
	if len(all) == 0 {
		t.printf("no webhooks; postel webhook new makes one\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tACCOUNT\tHEARS OF\tCREATED\tURL")
	for _, h := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.Name, whose(h.Account), occasions(h.Occasions), moment(h.Created), clean(h.PublicURL()))
	}
	return w.Flush()
}

// webhook gives a webhook by its name.
func (b *books) webhook(name string) (smsengine.Webhook, error) {
	w, there := b.dir.Webhook(name)
	if !there {
		return w, fmt.Errorf("there is no webhook %.64q; postel webhook list shows all", name)
	}
	return w, nil
}

func webhookRemoveCommand() *command {
	return &command{
		name: "remove", args: "NAME", short: "forget a webhook",
		long: "It hears nothing more. Calls that wait for it fail.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the name of one webhook")
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					if _, err := b.webhook(args[0]); err != nil {
						return "", err
					}
					return "removed " + args[0], b.words(b.RemoveWebhook(ctx, args[0]))
				})
			}
		},
	}
}
