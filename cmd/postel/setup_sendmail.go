package main

import (
	"context"
	"flag"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/setup"
)

func setupSendmailCommand() *command {
	return &command{
		name: "sendmail", short: "add Postel to a running Sendmail",
		long: "Writes postel.m4 of contrib/sendmail into /etc/mail, names it in sendmail.mc, adds the phone domain\n" +
			"to the mailer table, and makes sendmail.cf anew with m4, or with make where there is a Makefile.\n" +
			"With Sendmail there are phone domains only, +15551234567@sms.example.org.\n\n" + setupLong,
		setup: func(fs *flag.FlagSet) runner {
			o := &setupOptions{}
			o.flags(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("setup sendmail takes no arguments")
				}
				i, err := newInstaller(o, t)
				if err != nil {
					return err
				}
				return i.sendmail(ctx)
			}
		},
	}
}

func (i *installer) sendmail(ctx context.Context) error {
	s, err := setup.ReadSendmail(i.host, i.dir)
	if err != nil {
		return err
	}
	if i.undo {
		then := undoing{finish: []setup.Command{s.Reload()}}
		if i.noReload {
			then.finish = nil
		}
		then.build, _ = s.Build()
		return i.takeBack(ctx, "sendmail", s.Dir, then)
	}
	w := setup.Wanted{PhoneDomains: i.phoneDomains, Domains: i.domains}
	i.sockets, i.connects = "/run/postel", "root"
	i.domainsOf(&w, "")
	if first(w.PhoneDomains) == "" {
		return usageError("name the phone domain, as in --phone-domain sms.example.org")
	}
	doors := i.doors()
	for n, to := range []*string{&w.Milter, &w.Policy, &w.LMTP} {
		name := doorNames[n]
		if doors[n].IsZero() {
			return setup.Refusal{
				What:   i.setupOptions.config + " does not set " + name + ".listen",
				Remedy: "write  listen = \"unix:" + i.sockets + "/" + name + "\"  under [" + name + "]",
			}
		}
		*to = i.absolute(doors[n])
	}
	plan, err := s.Plan(ctx, w)
	if err != nil {
		return err
	}
	if err := i.carryOut(ctx, plan); err != nil {
		return err
	}
	return i.postelToml(w)
}

// absolute is how Sendmail names a socket, which knows no queue directory.
func (i *installer) absolute(e config.Endpoint) string {
	if e.Network == "unix" {
		return "unix:" + strings.TrimPrefix(e.Address, i.host.Root)
	}
	return "inet:" + e.Address
}
