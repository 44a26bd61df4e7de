package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/transport/control"
)

func checkCommand() *command {
	return &command{
		name: "check", short: "find what is wrong with a configuration, before it hurts",
		long: "Reads the configuration and looks at what it names: directories, permissions, users,\n" +
			"sockets, the database, the mail server. It reports everything that it finds, with what\n" +
			"to do, and changes nothing. Run it as the user that runs the service. The exit code is\n" +
			"1 if there is an error; warnings alone do not count.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			m := &mtaCheck{}
			m.flags(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if err := m.arguments(args); err != nil {
					return err
				}
				return check(ctx, t, *file, m)
			}
		},
	}
}

// findings is what a check found.
type findings struct {
	*terminal
	errors, warnings int
}

// wrong reports what will keep the service from working, and the remedy.
func (f *findings) wrong(remedy, format string, args ...any) {
	f.errors++
	f.printf("error    %s; %s\n", fmt.Sprintf(format, args...), remedy)
}

// doubtful reports what is probably not meant.
func (f *findings) doubtful(remedy, format string, args ...any) {
	f.warnings++
	f.printf("warning  %s; %s\n", fmt.Sprintf(format, args...), remedy)
}

func (f *findings) fine(format string, args ...any) {
	f.printf("ok       %s\n", fmt.Sprintf(format, args...))
}

func check(ctx context.Context, t *terminal, file string, m *mtaCheck) error {
	f := &findings{terminal: t}
	cfg, err := config.Load(file, drivers)
	if problems, ok := errors.AsType[mistake.Problems](err); ok {
		for _, p := range problems {
			f.errors++
			f.printf("error    %s\n", p)
		}
		return f.end()
	}
	if err != nil {
		f.wrong("postel config sample prints one to begin with", "%s", err)
		return f.end()
	}
	f.fine("%s", file)
	running := f.service(ctx, cfg)
	f.state(cfg)
	for _, d := range cfg.Doors() {
		f.door(d, running)
	}
	f.combinations(cfg)
	f.submission(cfg)
	f.modems(file, cfg)
	f.providers(cfg)
	f.prices(cfg)
	f.rules(cfg)
	f.databases(ctx, cfg)
	f.http(cfg)
	f.mail(ctx, cfg)
	f.mailboxes(ctx, cfg)
	f.mta(ctx, cfg, m)
	return f.end()
}

// end sums up.
func (f *findings) end() error {
	f.printf("%s, %s\n", count(f.errors, "error"), count(f.warnings, "warning"))
	if f.errors > 0 {
		return errReported
	}
	return nil
}

// service reports whether the service runs, and how its gateways are.
func (f *findings) service(ctx context.Context, cfg *config.Config) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	st, err := control.NewClient(cfg.Control.Listen.Address).Status(ctx)
	switch {
	case errors.Is(err, control.ErrNotRunning):
		f.fine("the service is not running")
		return false
	case err != nil:
		f.doubtful("run this as the user that runs postel", "cannot ask the service: %s", err)
		return true
	}
	f.fine("the service runs, version %s, pid %d", st.Version, st.PID)
	for id, h := range st.Gateways {
		if !h.Ready {
			f.doubtful("see the log", "gateway %s is not ready: %s", id, h.Text)
		}
	}
	return true
}

// combinations are settings that are possible and probably not meant.
func (f *findings) combinations(cfg *config.Config) {
	lmtp, milter := !cfg.LMTP.Listen.IsZero() || !cfg.SMTP.Listen.IsZero(), !cfg.Milter.Listen.IsZero()
	submission := !cfg.Submission.Listen.IsZero() || !cfg.Submission.TLSListen.IsZero()
	trusts := cfg.LMTP.Trust || cfg.SMTP.Trust || len(cfg.LMTP.TrustedNetworks)+len(cfg.SMTP.TrustedNetworks) > 0
	switch {
	case !lmtp && milter && !cfg.Milter.Take:
		f.doubtful("set lmtp.listen", "milter stamps mail, and nothing takes it: there is neither lmtp nor smtp")
	case lmtp && !milter && !trusts:
		f.doubtful("set milter.listen", "lmtp believes nobody: without the milter no mail has a ticket")
	case !lmtp && !milter && !submission && len(cfg.Mailboxes) == 0 && cfg.HTTP.Listen.IsZero():
		f.doubtful("set lmtp.listen", "no mail can become a text: there is neither lmtp nor smtp nor submission")
	}
	if milter && cfg.Policy.Listen.IsZero() {
		f.doubtful("set policy.listen, and add the guard to Postfix", "without policy, mail for phones is refused for good while Postel is down")
	}
	switch {
	case cfg.Access.Send == nil || !*cfg.Access.Send:
		f.fine("only accounts and domains that say so may send: access.send is not true")
	case cfg.Access.MonthlyLimit == nil || *cfg.Access.MonthlyLimit == 0:
		f.doubtful("set access.monthly_limit", "one stolen password can send any number of texts")
	}
}

// mail looks whether the place for mail can be reached.
func (f *findings) mail(ctx context.Context, cfg *config.Config) {
	to, err := cfg.Mail.Target()
	if err != nil {
		return // the configuration has reported it
	}
	if to.Protocol == "imap" {
		f.imapStore(ctx, cfg)
		return
	}
	if to.Protocol == "maildir" {
		if err := writable(nearest(to.Path)); err != nil {
			f.wrong("give it to the user that runs postel", "mail.to: cannot write to %s: %s", to.Path, err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, to.Socket.Network, to.Socket.Address)
	if err != nil {
		f.doubtful("answers and reports wait until it runs", "mail.to: the mail server cannot be reached: %s", err)
		return
	}
	_ = c.Close()
	f.fine("mail.to: %s answers", to.Socket)
}
