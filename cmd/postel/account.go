package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine/account"
)

func accountCommand() *command {
	return &command{
		name: "account", short: "say who may send, and see what they spend",
		long: "An account is who may send and is counted. NAME is one of three things: a plain name,\n" +
			"such as \"alerts\", of a script or a group; a mail user, \"john@example.org\"; or all users\n" +
			"of a domain, \"@example.org\". What an account does not say itself, its domain says, then\n" +
			"the site (postel.toml), then the built-in defaults, key by key.\n\n" +
			"Changes work whether the service runs or not, and hold from the next text on.",
		sub: []*command{
			accountListCommand(),
			accountShowCommand(),
			accountExplainCommand(),
			accountAddCommand(),
			accountSetCommand(),
			accountPasswdCommand(),
			accountSwitchCommand(true),
			accountSwitchCommand(false),
			accountResetCommand(),
			accountRemoveCommand(),
			accountKeyCommand(),
			accountKeysCommand(),
			accountRevokeCommand(),
		},
	}
}

// nameOf takes the name of an account from the arguments of a command that has
// no others. Case does not matter in names.
func nameOf(args []string) (string, error) {
	if len(args) != 1 {
		return "", usageError("give the name of one account")
	}
	return strings.ToLower(args[0]), nil
}

// changing opens the accounts, changes them and prints what was done.
func changing(ctx context.Context, t *terminal, file string, do func(b *books) (string, error)) error {
	b, err := openBooks(ctx, file, t)
	if err != nil {
		return err
	}
	defer b.close()
	done, err := do(b)
	if err != nil {
		return err
	}
	t.printf("%s\n", done)
	return nil
}

func accountRemoveCommand() *command {
	return &command{
		name: "remove", args: "NAME", short: "forget an account and its keys",
		long: "Forgets an account, its keys and its stop. What it has used stays, and so do its\n" +
			"messages. On a terminal it asks first; elsewhere it needs --yes.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			yes := fs.Bool("yes", false, "do not ask")
			return func(ctx context.Context, t *terminal, args []string) error {
				name, err := nameOf(args)
				if err != nil {
					return err
				}
				return changing(ctx, t, *file, func(b *books) (string, error) {
					if _, err := b.find(name); err != nil {
						return "", err
					}
					keys, err := b.keys(ctx, name)
					if err != nil {
						return "", err
					}
					if !*yes {
						if err := confirm(ctx, t, fmt.Sprintf("Remove %s and its %s?", name, count(len(keys), "key"))); err != nil {
							return "", err
						}
					}
					return "removed " + name, b.words(b.RemoveAccount(ctx, name))
				})
			}
		},
	}
}

// fault is a mistake in what was typed: it ends a command with exit code 2.
func fault(field, remedy, format string, args ...any) error {
	m := account.Mistake{Field: field, What: fmt.Sprintf(format, args...), Remedy: remedy}
	return usageError(m.Error())
}
