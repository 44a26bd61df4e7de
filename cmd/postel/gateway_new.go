package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func gatewayNewCommand() *command {
	return &command{
		name: "new", args: "PROVIDER", short: "ask for what a provider needs, and print its configuration",
		long: "Asks for what the provider needs, writes passwords and keys into a file that only Postel\n" +
			"may read, and prints the gateway's block, without secrets, on standard output:\n\n" +
			"  postel gateway new twilio >>/etc/postel/postel.toml\n\n" +
			"Where there is no terminal it reads the answers as lines of standard input, in the same\n" +
			"order: the number, the mailbox, then what the provider needs, an empty line for what it\n" +
			"can do without. What an option or --set gives is not asked for.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			o := newOptions{set: map[string]string{}}
			fs.StringVar(&o.id, "id", "", "the gateway's `name` (default: the provider's)")
			fs.StringVar(&o.number, "number", "", "your `number` at the provider")
			fs.StringVar(&o.recipient, "recipient", "", "the `mailbox` for texts that answer nobody")
			fs.StringVar(&o.secrets, "secrets", "", "the `file` for passwords and keys (default: ID.secrets beside the configuration)")
			fs.Func("set", "`name=value` of what the provider needs and is no secret; may be given several times", o.add)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the name of one provider; postel gateway providers lists them")
				}
				d, err := newDraft(*file, t)
				if err != nil {
					return err
				}
				p, err := loadProvider(d.cfg, args[0])
				if err != nil {
					return err
				}
				return makeGateway(ctx, t, d, p, o)
			}
		},
	}
}

type newOptions struct {
	id, number, recipient, secrets string
	set                            map[string]string
}

func (o *newOptions) add(s string) error {
	var v httpgw.Value
	if err := v.UnmarshalText([]byte(s)); err != nil {
		return err
	}
	o.set[v.Name] = v.Value
	return nil
}

func makeGateway(ctx context.Context, t *terminal, d *draft, p *provider.Provider, o newOptions) error {
	if err := usable(p, o.set); err != nil {
		return err
	}
	if err := d.name(p, o); err != nil {
		return err
	}
	secrets, err := filepath.Abs(o.secrets)
	if err != nil {
		return err
	}
	if o.secrets == "" {
		if secrets, err = filepath.Abs(filepath.Join(filepath.Dir(d.file), d.id+".secrets")); err != nil {
			return err
		}
	}
	if err := free(secrets); err != nil { // before all the questions
		return err
	}
	if p.Verified == provider.Unverified {
		fmt.Fprintf(t.err, "note: %s is %s\n", p.ID, sureness(p.Verified))
	}
	if err := d.fill(ctx, newAsker(t), p, o); err != nil {
		return err
	}
	d.provider = p
	lines := d.secretLines()
	if lines != "" {
		d.secrets = secrets
		if err := writeSecrets(t, secrets, lines, d.cfg.State); err != nil {
			return err
		}
	}
	if err := d.finish(t); err != nil {
		if lines != "" {
			err = errors.Join(err, discard(secrets))
		}
		return err
	}
	d.next(t)
	return nil
}

// usable looks whether what --set gives is what the provider needs.
func usable(p *provider.Provider, set map[string]string) error {
	for name := range set {
		switch n, ok := p.Need(name); {
		case !ok:
			return usageError(fmt.Sprintf("%s has no use for %q; postel gateway providers %s says what it needs", p.Name, name, p.ID))
		case n.Secret:
			return usageError(name + " is a secret, and a secret is never an argument: whoever is on this machine sees the arguments of all commands; it is asked for")
		}
	}
	return nil
}

// name gives the gateway a name of its own.
func (d *draft) name(p *provider.Provider, o newOptions) error {
	if o.id != "" {
		d.id = o.id
		if err := d.wrong("id"); err != nil {
			return fmt.Errorf("--id: %w", err)
		}
		return nil
	}
	d.id = p.ID
	for n := 2; d.wrong("id") != nil && n < 100; n++ {
		d.id = fmt.Sprintf("%s%d", p.ID, n)
	}
	return d.wrong("id")
}

// fill asks for all that is not given.
func (d *draft) fill(ctx context.Context, a *asker, p *provider.Provider, o newOptions) error {
	get := func(q question, given string, isGiven bool) (string, error) {
		if !isGiven {
			return a.ask(ctx, q)
		}
		if err := q.check(given); err != nil {
			return "", fmt.Errorf("%s: %w", q.name, err)
		}
		return given, nil
	}
	var err error
	if d.number, err = get(question{"number", "Your number at " + p.Name + ", such as +15555550100", false, func(s string) error {
		d.number = s
		return d.wrong("number")
	}}, o.number, o.number != ""); err != nil {
		return err
	}
	if d.recipient, err = get(question{"recipient", "The mailbox for texts that answer nobody, such as office@example.org", false, func(s string) error {
		d.recipient = s
		return d.wrong("default_recipient")
	}}, o.recipient, o.recipient != ""); err != nil {
		return err
	}
	for _, n := range p.Needs {
		given, isGiven := o.set[n.Name]
		v, err := get(question{n.Name, asked(n), n.Secret, func(s string) error { return goodValue(p, n, s) }}, given, isGiven)
		if err != nil {
			return err
		}
		d.values[n.Name] = v
	}
	if p.Send.Auth.Kind == provider.CertificateAuth {
		d.certificate, err = a.ask(ctx, question{"client_certificate", "The file with the certificate, and its key, by which " + p.Name + " knows us (PEM)", false, goodCertificate})
	}
	return err
}

// asked are the words of a question.
func asked(n provider.Need) string {
	words := strings.ToUpper(n.Words[:1]) + n.Words[1:]
	switch {
	case n.Default != "":
		words += " [" + n.Default + "]"
	case n.Example != "":
		words += ", such as " + n.Example
	}
	if n.Optional && n.Default == "" {
		words += " (Enter for none)"
	}
	return words
}

// finish looks whether the gateway can be made of it, and prints it.
func (d *draft) finish(t *terminal) error {
	block := d.block()
	var c httpgw.Config
	c.Provider, c.SecretsFile, c.ClientCertificate = d.provider.ID, d.secrets, d.certificate
	for _, n := range d.provider.Needs {
		if v := d.values[n.Name]; v != "" && !n.Secret {
			c.Values = append(c.Values, httpgw.Value{Name: n.Name, Value: v})
		}
	}
	g, err := httpgw.New(d.id, d.number, c, httpgw.Options{Files: providers(d.cfg)})
	if err != nil {
		return err
	}
	_ = g.Close()
	_, err = fmt.Fprint(t.out, block)
	return err
}

// next says what there is to do now.
func (d *draft) next(t *terminal) {
	say := func(format string, args ...any) { fmt.Fprintf(t.err, format, args...) }
	say("\n")
	if d.secrets != "" {
		say("The secrets are in %s.\n", d.secrets)
	}
	for _, g := range d.cfg.Gateways {
		if g.Type == "sim" {
			say("%s is still a simulated gateway: remove it, or texts end there.\n", g.ID)
		}
	}
	if brings(d.provider) && d.cfg.Hooks.Listen.IsZero() {
		say("%s can bring %s: for that, %s.\n", d.provider.Name, bringsWhat(d.provider), howToListen)
	}
	say("With the block in %s, go on with\n  postel check\n  systemctl reload-or-restart postel\n", d.file)
	if brings(d.provider) {
		say("  %-40s  the address for %s\n", "postel gateway url "+d.id, d.provider.Name)
	}
	say("  %-40s  a text to your own phone\n", "postel gateway test "+d.id+" --to NUMBER")
}
