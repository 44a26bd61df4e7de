package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
)

func accountSwitchCommand(on bool) *command {
	c := &command{
		name: "disable", args: "NAME", short: "keep an account from sending",
		long: "Texts of the account are refused from now on; those that wait are still sent (postel\n" +
			"queue cancel). A mail user without an account is stopped, as after a burst.",
	}
	if on {
		c = &command{
			name: "enable", args: "NAME", short: "let an account send again",
			long: "Lets an account send that was disabled, or that Postel stopped itself after a burst to\n" +
				"unusual destinations.",
		}
	}
	c.setup = func(fs *flag.FlagSet) runner {
		file := configFlag(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			name, err := nameOf(args)
			if err != nil {
				return err
			}
			return changing(ctx, t, *file, func(b *books) (string, error) {
				if on {
					return b.enable(ctx, name)
				}
				return b.disable(ctx, name)
			})
		}
	}
	return c
}

// enable lets an account send again, whatever kept it from that.
func (b *books) enable(ctx context.Context, name string) (string, error) {
	if err := b.known(name); err != nil {
		return "", err
	}
	a, stored := b.dir.Account(name)
	_, stopped := b.dir.Stopped(name)
	if stopped {
		if err := b.words(b.ResumeAccount(ctx, name)); err != nil {
			return "", err
		}
	}
	if stored && a.Disabled {
		a.Disabled, a.Changed = false, b.now
		if err := b.words(b.PutAccount(ctx, a)); err != nil {
			return "", err
		}
	} else if !stopped {
		return name + " is enabled already", nil
	}
	return "enabled " + name, nil
}

// disable keeps an account from sending. A user without an account has none to
// mark, and is stopped.
func (b *books) disable(ctx context.Context, name string) (string, error) {
	if err := b.known(name); err != nil {
		return "", err
	}
	a, stored := b.dir.Account(name)
	_, stopped := b.dir.Stopped(name)
	switch {
	case stored && a.Disabled, !stored && stopped:
		return name + " is disabled already", nil
	case stored && a.IsDomain():
		return "", fmt.Errorf("%s is the policy of a domain; postel account set %s send=false keeps its users from sending", name, name)
	case stored:
		a.Disabled, a.Changed = true, b.now
		return "disabled " + name, b.words(b.PutAccount(ctx, a))
	case !b.isUser(name):
		return "", fmt.Errorf("%s is defined in postel.toml; change it there", name)
	}
	stop := smsengine.Stop{Account: name, At: b.now, Reason: "the postmaster disabled it"}
	return "disabled " + name, b.words(b.StopAccount(ctx, stop))
}
