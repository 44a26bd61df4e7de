package main

import (
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
	"github.com/postel-mail/postel/smsengine/rule"
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
	rules    func(rule.Decision) // gets what the rules decide; nil: nobody asks
}

func (e explanation) run(ctx context.Context, t *terminal, cfg *config.Config, file string) error {
	engine, letters, done, err := explainer(t, cfg, e.rules)
	if err != nil {
		return err
	}
	defer done()
	if e.from == "" {
		t.printf("dropped: a mail from the null sender does not become a text\n")
		return errReported
	}
	m, err := readMail(t, letters, file)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.MessageID == "" {
		t.printf("a mail without Message-ID\n")
	} else {
		t.printf("mail <%s>\n", clean(m.MessageID))
	}
	words := mailbridge.WordsOf(m.Mail, e.from, letters.Phones)
	t.printf("  %s\n", strings.Join(some("kind "+string(words.Kind), named("subject", clean(words.Subject)), files(words)), ", "))
	src := mailbridge.SourceOf(m.Mail, smsengine.Source{Door: "explain", Identity: e.identity, Sender: smsengine.Mailbox(e.from)})
	names := mailbridge.NamesOf(m.Mail, letters.Phones)
	refused := false
	for _, to := range e.to {
		r := smsengine.Recipient{Address: strings.Trim(to, "<>")}
		if number, isPhone, err := letters.Phones.Parse(r.Address); isPhone && err == nil {
			r.Name = names[number.Number]
		}
		d, steps, err := engine.Explain(ctx, src, smsengine.Body{}, words, r)
		show(t, to, d, steps, err)
		refused = refused || err != nil
	}
	if refused {
		return errReported
	}
	return nil
}

// files names the attachments of a mail.
func files(m *smsengine.Mail) string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, clean(cmp.Or(a.Name, a.Type)))
	}
	if len(names) == 0 {
		return ""
	}
	return "with " + strings.Join(names, ", ")
}

func readMail(t *terminal, letters mailbridge.Letterbox, file string) (*mailbridge.Received, error) {
	if file == "-" {
		return letters.Open(t.in)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return letters.Open(f)
}

// explainer makes an engine that only explains. Without a database it knows
// nothing of the past. What the rules decide is given to explained, unless that is nil.
func explainer(t *terminal, cfg *config.Config, explained func(rule.Decision)) (*smsengine.Engine, mailbridge.Letterbox, func(), error) {
	stages, err := decisions(cfg)
	if err != nil {
		return nil, mailbridge.Letterbox{}, nil, err
	}
	rules, err := openRules(cfg, stages.Parser)
	if err != nil {
		return nil, mailbridge.Letterbox{}, nil, err
	}
	stages.Rules = rules.stages()
	stages.Rules.Explained = explained
	letters := mailbridge.Letterbox{Phones: stages.Parser, Hostname: cfg.Hostname, Disclaimers: cfg.Text.Disclaimers}
	c := smsengine.Config{Node: cfg.Hostname, Outgoing: stage.Outgoing(stages)}
	store, err := readOnly(cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(t.err, "there is no database yet: nothing counts as used this month\n")
		return smsengine.New(c), letters, func() {}, nil
	case err != nil:
		return nil, letters, nil, err
	}
	c.Store = store
	return smsengine.New(c), letters, func() { _ = store.Close() }, nil
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
	case d.Ended:
		t.printf("  it ends here: %s\n", clean(d.Message.Status.Text))
	case d.Dropped != "":
		t.printf("  dropped: %s\n", clean(d.Dropped))
		return
	}
	for _, deed := range d.Deeds {
		t.printf("  beside it   %s\n", clean(beside(deed)))
	}
	if d.Ended {
		return
	}
	for i, p := range d.Message.Parts {
		t.printf("  part %d of %d\n%s\n", i+1, len(d.Message.Parts), indent(p.Text))
	}
}

// beside says what a rule does beside a message.
func beside(m smsengine.Message) string {
	what := cmp.Or(m.Body.Subject, "a copy")
	if m.Kind != smsengine.Deed {
		what = "a copy to " + place(m.To)
	}
	if m.State == smsengine.Failed {
		what += ", which fails: " + outcome(m.Status)
	}
	return what
}
