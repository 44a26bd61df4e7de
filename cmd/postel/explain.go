package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/stage"
)

func explainCommand() *command {
	return &command{
		name: "explain", args: "FILE.eml", short: "say what would become of a mail, and send nothing",
		long: "Runs the very code that the service runs, and prints what each stage decides, and the\n" +
			"parts that would be sent. FILE \"-\" is standard input. It looks into the database for\n" +
			"what the account has used this month, and changes nothing.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			from := fs.String("from", "", "envelope sender, a mail `address`; empty is the null sender")
			user := fs.String("user", "", "the `name` with which the sender authenticated; the sender's own if not given")
			stranger := fs.Bool("stranger", false, "the sender has not authenticated")
			client := fs.String("client", "", "the sender has not authenticated, and connects from this IP `address`")
			trust := fs.Bool("trust", false, "as through a socket that trusts the envelope sender")
			var to addresses
			fs.Var(&to, "to", "envelope recipient, an `address`; may be given several times")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 || len(to) == 0 {
					return usageError("give a mail and at least one --to")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				e := explanation{from: *from, to: to}
				switch {
				case *stranger:
				case *client != "":
					e.identity = smsengine.Identity{Method: smsengine.MethodClient, Peer: *client}
				case *trust:
					e.identity = smsengine.Identity{Method: smsengine.MethodTrusted}
				default:
					e.identity = smsengine.Identity{Method: smsengine.MethodAuth, User: cmp.Or(*user, *from)}
				}
				return e.run(ctx, t, cfg, args[0])
			}
		},
	}
}

// addresses is a flag that may be given several times.
type addresses []string

func (l *addresses) String() string     { return strings.Join(*l, " ") }
func (l *addresses) Set(s string) error { *l = append(*l, s); return nil }

// explanation is the envelope of a mail that is explained.
type explanation struct {
	from     string
	to       []string
	identity smsengine.Identity
}

func (e explanation) run(ctx context.Context, t *terminal, cfg *config.Config, file string) error {
	m, err := readMail(t, file)
	if err != nil {
		return err
	}
	engine, done, err := explainer(t, cfg)
	if err != nil {
		return err
	}
	defer done()
	if m.MessageID == "" {
		t.printf("a mail without Message-ID\n")
	} else {
		t.printf("mail <%s>\n", clean(m.MessageID))
	}
	if refused := mailbridge.Refuse(m, e.from); refused != nil {
		t.printf("  refused: %s\n", outcome(refused.Status))
		return errReported
	}
	t.printf("  %s of text\n%s\n", count(len([]rune(m.Text())), "character"), indent(m.Text()))
	src := m.Source()
	src.Door, src.Identity, src.Sender = "explain", e.identity, smsengine.Mailbox(e.from)
	refused := false
	for _, to := range e.to {
		d, steps, err := engine.Explain(ctx, src, smsengine.Body{Text: m.Text()}, nil, smsengine.Recipient{Address: strings.Trim(to, "<>")})
		show(t, to, d, steps, err)
		refused = refused || err != nil
	}
	if refused {
		return errReported
	}
	return nil
}

func readMail(t *terminal, file string) (mailbridge.Mail, error) {
	if file == "-" {
		return mailbridge.Read(t.in)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return mailbridge.Mail{}, err
	}
	return mailbridge.Read(bytes.NewReader(data))
}

// explainer makes an engine that only explains. Without a database it knows
// nothing of the past.
func explainer(t *terminal, cfg *config.Config) (*smsengine.Engine, func(), error) {
	stages, err := decisions(cfg)
	if err != nil {
		return nil, nil, err
	}
	c := smsengine.Config{Node: cfg.Hostname, Outgoing: stage.Outgoing(stages)}
	store, err := readOnly(cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(t.err, "there is no database yet: nothing counts as used this month\n")
		return smsengine.New(c), func() {}, nil
	case err != nil:
		return nil, nil, err
	}
	c.Store = store
	return smsengine.New(c), func() { _ = store.Close() }, nil
}

// show writes what the stages decided about a recipient.
func show(t *terminal, to string, d *smsengine.Draft, steps []smsengine.Step, err error) {
	t.printf("\n%s\n", clean(phone.Redact(to)))
	for _, s := range steps {
		note := cmp.Or(s.Note, "nothing to do")
		if s.Err != nil {
			note = "refused: " + outcome(smsengine.StatusOf(s.Err))
		}
		t.printf("  %-11s %s\n", s.Stage, clean(note))
	}
	switch {
	case err != nil:
		return
	case d.Dropped != "":
		t.printf("  dropped: %s\n", clean(d.Dropped))
		return
	}
	for i, p := range d.Message.Parts {
		t.printf("  part %d of %d\n%s\n", i+1, len(d.Message.Parts), indent(p.Text))
	}
}
