package main

import (
	"context"
	"flag"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/setup"
)

func setupPostfixCommand() *command {
	return &command{
		name: "postfix", short: "add Postel to a running Postfix",
		long: "Adds the lines of contrib/postfix to main.cf and master.cf with postconf, each list in front of\n" +
			"what is there, and to every SMTP server of master.cf that has milters or restrictions of its own.\n" +
			"By default there is a phone domain, +15551234567@sms.example.org; --domain adds addresses such as\n" +
			"sms:+15551234567@example.org in a mail domain of yours.\n\n" + setupLong,
		setup: func(fs *flag.FlagSet) runner {
			o := &setupOptions{}
			o.flags(fs)
			fs.BoolVar(&o.percent, "allow-percent", false, "let %, ! and @ through in local parts, which has a risk that is shown")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError("setup postfix takes no arguments")
				}
				i, err := newInstaller(o, t)
				if err != nil {
					return err
				}
				return i.postfix(ctx)
			}
		},
	}
}

func (i *installer) postfix(ctx context.Context) error {
	p, err := setup.ReadPostfix(ctx, i.host, i.dir)
	if err != nil {
		return err
	}
	if i.undo {
		then := undoing{finish: []setup.Command{{Args: []string{"postfix", "-c", p.Dir, "check"}}, {Args: []string{"postfix", "-c", p.Dir, "reload"}}}}
		if i.noReload {
			then.finish = nil
		}
		return i.takeBack(ctx, "postfix", p.Dir, then)
	}
	w, err := i.wanted(p)
	if err != nil {
		return err
	}
	plan, err := p.Plan(ctx, w)
	if err != nil {
		return err
	}
	if i.percent {
		i.printf("%s", percentRisk)
		if !plan.IsEmpty() && !i.confirm("Do you want that, for all of this Postfix?") {
			return i.unchanged()
		}
	}
	if err := i.carryOut(ctx, plan); err != nil {
		return err
	}
	return i.postelToml(w)
}

const percentRisk = `--allow-percent sets allow_percent_hack, swap_bangpath and resolve_dequoted_address to no, for the
whole of this Postfix and not only for phones. THE RISK is in the last one: the inside of a quoted
local part, as in "victim@other.example"@example.org, is no longer looked at. If this Postfix passes
mail for example.org on to a host that does look inside, strangers relay through the two of you.
Whoever uses the phone domain, writes =40 for @ in user names, or has keys in addresses instead of
passwords, does not need it.
`

// wanted is what the options, and else postel.toml, ask for.
func (i *installer) wanted(p *setup.Postfix) (setup.Wanted, error) {
	w := setup.Wanted{PhoneDomains: i.phoneDomains, Domains: i.domains, Percent: i.percent}
	w.Take = i.cfg != nil && i.cfg.Milter.Take
	i.domainsOf(&w, "sms."+p.Full["mydomain"])
	i.sockets, i.connects = filepath.Join(p.Queue(), "postel"), p.Full["mail_owner"]
	doors := i.doors()
	var err error
	for n, to := range []*string{&w.Milter, &w.Policy, &w.LMTP} {
		if w.Take && doorNames[n] == "lmtp" && doors[n].IsZero() {
			continue // the milter takes all
		}
		if *to, err = i.reached(doorNames[n], doors[n], filepath.Clean(p.Queue())); err != nil {
			return w, err
		}
	}
	w.SocketDir, err = i.socketDir(doors, p.Full["mail_owner"])
	return w, err
}

// doorNames are the tables of postel.toml that doors are from.
var doorNames = []string{"milter", "policy", "lmtp"}

// domainsOf takes the domains that the options do not name from postel.toml.
func (i *installer) domainsOf(w *setup.Wanted, otherwise string) {
	switch {
	case len(w.PhoneDomains) > 0:
	case i.cfg == nil:
		w.PhoneDomains = []string{otherwise}
	case len(i.cfg.Address.PhoneDomains) > 0:
		w.PhoneDomains = i.cfg.Address.PhoneDomains
	case len(w.Domains) == 0:
		w.Domains = i.cfg.Address.Domains // there is nothing else
	}
}

// doors are Postel's sockets for milter, policy and LMTP: those of postel.toml,
// or where its sample has them.
func (i *installer) doors() [3]config.Endpoint {
	if i.cfg != nil {
		return [3]config.Endpoint{i.cfg.Milter.Listen, i.cfg.Policy.Listen, i.cfg.LMTP.Listen}
	}
	at := func(name string) config.Endpoint {
		return config.Endpoint{Network: "unix", Address: i.host.Path(filepath.Join(i.sockets, name))}
	}
	return [3]config.Endpoint{at("milter"), at("policy"), at("lmtp")}
}

// reached is how Postfix names a socket: relative to its queue directory, which
// is the root of its servers if they are in a chroot.
func (i *installer) reached(name string, e config.Endpoint, queue string) (string, error) {
	if e.IsZero() {
		return "", setup.Refusal{
			What:   i.setupOptions.config + " does not set " + name + ".listen",
			Remedy: "write  listen = \"unix:" + filepath.Join(queue, "postel", name) + "\"  under [" + name + "]",
		}
	}
	if e.Network != "unix" {
		return "inet:" + e.Address, nil
	}
	path, below := strings.CutPrefix(strings.TrimPrefix(e.Address, i.host.Root), queue+"/")
	if !below {
		return "", setup.Refusal{
			What:   name + ".listen is " + e.Address + ", which Postfix in a chroot cannot see",
			Remedy: "write  listen = \"unix:" + filepath.Join(queue, "postel", name) + "\"  in " + i.setupOptions.config,
		}
	}
	return "unix:" + path, nil
}

// socketDir is the directory of the sockets: Postfix may pass through, and its
// group is that of the sockets in it.
func (i *installer) socketDir(doors [3]config.Endpoint, mailOwner string) (setup.Dir, error) {
	for _, e := range doors {
		if e.Network != "unix" {
			continue
		}
		uid, _, err := i.host.User(i.user)
		if err != nil {
			return setup.Dir{}, setup.Refusal{What: err.Error(), Remedy: "make it: useradd --system --home-dir /var/lib/postel --shell /usr/sbin/nologin " + i.user + ", or name the user that runs Postel with --user"}
		}
		_, gid, err := i.host.User(mailOwner)
		if err != nil {
			return setup.Dir{}, err
		}
		dir := strings.TrimPrefix(filepath.Dir(e.Address), i.host.Root)
		return setup.Dir{Path: dir, Mode: 0o710 | fs.ModeSetgid, UID: uid, GID: gid}, nil
	}
	return setup.Dir{}, nil
}
