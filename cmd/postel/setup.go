package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/setup"
)

func setupCommand() *command {
	return &command{
		name: "setup", short: "join Postel to the mail server, and take that back",
		sub: []*command{setupPostfixCommand(), setupSendmailCommand()},
	}
}

const setupLong = "Shows every change as a diff and asks before it makes one; without a terminal it needs --yes,\n" +
	"and without that it changes nothing and ends with exit code 1. What was there before is kept,\n" +
	"and --undo brings it back byte for byte. Doing it twice is the same as once. Run it as root."

// setupOptions are the options of all postel setup commands.
type setupOptions struct {
	config, dir, root, records, user string
	phoneDomains, domains            domainList
	percent, yes, undo, noReload     bool
}

func (o *setupOptions) flags(fs *flag.FlagSet) {
	o.config = defaultConfig
	fs.StringVar(&o.config, "c", defaultConfig, "Postel's configuration `file`, whose domains and sockets are used")
	fs.StringVar(&o.dir, "C", "", "the mail server's configuration `directory`, if not its own default")
	fs.StringVar(&o.root, "root", "", "the root `directory` of the mail server, if it runs in a chroot or container of its own")
	fs.StringVar(&o.records, "records", "", "the `directory` where what was there before is kept (default: setup beside Postel's configuration)")
	fs.StringVar(&o.user, "user", "postel", "the `user` that Postel runs as")
	fs.Var(&o.phoneDomains, "phone-domain", "a `domain` in which every address is a phone (default: those of Postel's configuration, or sms. in the mail domain)")
	fs.Var(&o.domains, "domain", "a mail `domain` that shall have sms:NUMBER addresses as well")
	fs.BoolVar(&o.yes, "yes", false, "do not ask")
	fs.BoolVar(&o.undo, "undo", false, "take back what setup did last")
	fs.BoolVar(&o.noReload, "no-reload", false, "do not have the mail server read its configuration again")
}

// domainList is a flag that may be given several times, or with commas.
type domainList []string

func (l *domainList) String() string { return strings.Join(*l, ",") }

func (l *domainList) Set(s string) error {
	for _, v := range strings.Split(s, ",") {
		if v = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(v), ".")); v != "" {
			*l = append(*l, v)
		}
	}
	return nil
}

// installer is one run of postel setup.
type installer struct {
	*setupOptions
	*terminal
	host    *setup.Host
	answers *bufio.Reader
	cfg     *config.Config // nil: there is no postel.toml yet
	// For a postel.toml that is yet to be written: the directory of the sockets,
	// and the user as whom the mail server connects to them.
	sockets, connects string
}

func newInstaller(o *setupOptions, t *terminal) (*installer, error) {
	i := &installer{setupOptions: o, terminal: t, host: setup.NewHost(o.root), answers: bufio.NewReader(t.in)}
	cfg, err := config.Load(o.config, drivers)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		i.cfg = cfg
	}
	if o.records == "" {
		o.records = filepath.Join(filepath.Dir(o.config), "setup")
	}
	return i, nil
}

// recordsOf is where the records of a mail server are. Several instances of
// Postfix have one directory each.
func (i *installer) recordsOf(mta, dir string) setup.Records {
	return setup.Records{Dir: filepath.Join(i.records, mta+strings.ReplaceAll(filepath.Clean(dir), "/", "-"))}
}

// carryOut shows a plan, asks, and makes the changes.
func (i *installer) carryOut(ctx context.Context, p *setup.Plan) error {
	for _, n := range p.Notes {
		i.printf("note     %s\n", n)
	}
	if p.IsEmpty() {
		i.printf("nothing to do: %s has all of it\n", p.MTA)
		return nil
	}
	staged, err := p.Stage(ctx, i.host)
	if err != nil {
		return err
	}
	i.printf("%s\nThis is done by\n", staged.Diff())
	for _, c := range staged.Commands() {
		i.printf("  %s\n", c)
	}
	if !i.confirm("Make these changes?") {
		return i.unchanged()
	}
	say := func(format string, args ...any) {
		i.printf("%s\n", strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
	}
	if err := staged.Apply(ctx, i.recordsOf(p.MTA, p.Dir), !i.noReload, say); err != nil {
		return err
	}
	if i.noReload {
		i.printf("done; the mail server reads it at its next reload\n")
	} else {
		i.printf("done\n")
	}
	return nil
}

// undoing is what is to be done after files were put back.
type undoing struct {
	build  []setup.Command // where not every file is as it was
	finish []setup.Command
}

// takeBack undoes the changes of setup, the newest first.
func (i *installer) takeBack(ctx context.Context, mta, dir string, then undoing) error {
	records := i.recordsOf(mta, dir)
	done, inPart := 0, false
	for {
		u, err := records.Undo(i.host, func() (*setup.Postfix, error) { return setup.ReadPostfix(ctx, i.host, dir) })
		if err != nil {
			return err
		}
		if u == nil {
			break
		}
		if err := i.takeBackOne(ctx, u); err != nil {
			return err
		}
		done++
		inPart = inPart || len(u.Changed) > 0
	}
	if done == 0 {
		i.printf("nothing to do: no record of a setup is in %s\n", records.Dir)
		return nil
	}
	commands := then.finish
	if inPart {
		commands = append(then.build, commands...)
	}
	for _, c := range commands {
		i.printf("%s\n", c)
		said, err := i.host.Do(ctx, c)
		if err != nil {
			return err
		}
		i.printf("%s", said)
	}
	i.printf("done; %s stays as it is\n", i.setupOptions.config)
	return nil
}

func (i *installer) takeBackOne(ctx context.Context, u *setup.Undoing) error {
	i.printf("What setup did on %s:\n", u.Time())
	diff, err := u.Diff()
	if err != nil {
		return err
	}
	i.printf("%s", diff)
	for _, name := range u.Changed {
		i.printf("%s was changed since, so only what is ours goes from it:\n", name)
	}
	for _, c := range u.Commands() {
		i.printf("  %s\n", c)
	}
	if len(u.ByHand) > 0 {
		i.printf("This has to be done by hand, since it cannot be done without guessing:\n")
		for _, s := range u.ByHand {
			i.printf("  %s\n", s)
		}
		return i.unchanged()
	}
	if !i.confirm("Take it back?") {
		return i.unchanged()
	}
	return u.Do(ctx)
}

// confirm asks, unless --yes was given or nobody is there to answer.
func (i *installer) confirm(question string) bool {
	if i.yes {
		return true
	}
	if !isTerminal(i.in) {
		i.printf("There is no terminal to ask on: --yes answers \"%s\" with yes.\n", question)
		return false
	}
	i.printf("%s [y/N] ", question)
	answer, _ := i.answers.ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

func (i *installer) unchanged() error {
	i.printf("Nothing was changed.\n")
	return errReported
}

// isTerminal reports whether a person may be at the other end.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}
