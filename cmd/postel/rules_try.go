package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
)

func rulesTestCommand() *command {
	return &command{
		name: "test", args: "[FILE]", short: "say what the rules make of a message, and send nothing",
		long: "Runs the very lists that the service runs: for a text to a phone, or with --incoming for\n" +
			"a text from one. The message is what --text says, or FILE (\"-\" is standard input): a mail,\n" +
			"or messages as JSON, one object each, with the fields\n\n" +
			"  note      what it is about, printed above it\n" +
			"  incoming  true: it is from a phone\n" +
			"  at        when, \"2026-11-23 18:30\", as the clock at the site shows it\n" +
			"  from      who writes it: a mail address, or a phone\n" +
			"  to        the phone, or several; with incoming our number\n" +
			"  text      what it says; or data: the octets of a binary message in hex\n" +
			"  subject   of the mail, and headers: {\"X-Priority\": \"1\"}\n" +
			"  user      who signed in with a mail address, or account: the name of an account\n" +
			"  sender    the caller ID that the address asks for\n" +
			"  gateway   the gateway that the address names; with incoming the one that brought it\n" +
			"  door      where it comes in: lmtp (a mail), http (a program), control (postel send)\n" +
			"  reply     true: it answers a text from a phone\n\n" +
			"It prints what each rule and each condition says, what changes, what is done beside the\n" +
			"message with all values filled in, which gateways may send it, and why each of the others\n" +
			"is passed over. It looks into the database for what the stages ask (limits, STOP, texts\n" +
			"that wait for answers) and changes nothing. It fails if a message is refused.",
		setup: setupTest,
	}
}

func setupTest(fs *flag.FlagSet) runner {
	file := configFlag(fs)
	m := trial{Headers: map[string][]string{}}
	fs.StringVar(&m.From, "from", "", "who writes it: a mail `address`, or with --incoming a number")
	fs.Var((*addresses)(&m.To), "to", "who gets it: an `address`, or a number; may be given several times")
	fs.StringVar(&m.Text, "text", "", "what it says, in place of a file")
	fs.StringVar(&m.Subject, "subject", "", "of the mail that --text is in")
	fs.Var(headerFlag(m.Headers), "header", "a field of that mail, `NAME=VALUE`; may be given several times")
	fs.StringVar(&m.User, "user", "", "the `name` with which the sender signed in; the sender's own if not given")
	fs.StringVar(&m.Account, "account", "", "the `name` of an account that sends it")
	fs.StringVar(&m.Sender, "sender", "", "the caller `ID` that the address asks for")
	fs.StringVar(&m.Door, "door", "", "where it comes in: `lmtp`, http, ...")
	fs.BoolVar(&m.Reply, "reply", false, "it answers a text from a phone")
	fs.BoolVar(&m.Incoming, "incoming", false, "it is a text from a phone")
	fs.StringVar(&m.Gateway, "gateway", "", "the `id` that the address names, or with --incoming of the gateway that brought it")
	fs.StringVar(&m.At, "at", "", "the `time` at which it comes, \"2026-11-23 18:30\"")
	rules := fs.String("rules", "", "the rules of this `folder`, in place of those of the configuration")
	asJSON := fs.Bool("json", false, "one JSON object a line, for each message and recipient")
	return func(ctx context.Context, t *terminal, args []string) error {
		if len(args) > 1 || (len(args) == 1) == (m.Text != "") {
			return usageError("give a file, or --text")
		}
		all, err := gather(t, m, args)
		if err != nil {
			return err
		}
		cfg, err := config.Load(*file, drivers)
		if err != nil {
			return err
		}
		r, err := newRehearsal(cfg, cmp.Or(*rules, cfg.Rules))
		if err != nil {
			return err
		}
		defer r.close()
		return r.tryAll(ctx, t, all, *asJSON)
	}
}

// gather gives the messages that are to be tried: that of the flags, a mail, or
// those of a file.
func gather(t *terminal, m trial, args []string) ([]trial, error) {
	if len(args) == 0 {
		if err := m.check(); err != nil {
			return nil, usageError(err.Error())
		}
		return []trial{m}, nil
	}
	data, err := readFile(t, args[0])
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 100)]), "\ufeff \t\r\n["), "{") {
		return readTrials(args[0], bytes.TrimPrefix(data, []byte("\ufeff")), m)
	}
	if m.mail = string(data); m.Subject != "" || len(m.Headers) > 0 {
		return nil, usageError("the mail has a header of its own: leave --subject and --header out")
	}
	if err := m.check(); err != nil {
		return nil, usageError(err.Error())
	}
	return []trial{m}, nil
}

// mostFile bounds what is read, in octets.
const mostFile = 64 << 20

func readFile(t *terminal, name string) ([]byte, error) {
	from := t.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, mostFile+1))
	if err == nil && len(data) > mostFile {
		err = fmt.Errorf("%s is larger than %d MB", name, mostFile>>20)
	}
	return data, err
}

// headerFlag is a flag NAME=VALUE that may be given several times.
type headerFlag map[string][]string

func (h headerFlag) String() string { return "" }
func (h headerFlag) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("want NAME=VALUE")
	}
	h[name] = append(h[name], value)
	return nil
}

// tryAll tries messages, and fails without words if one is refused.
func (r *rehearsal) tryAll(ctx context.Context, t *terminal, all []trial, asJSON bool) error {
	if why := r.unknown(); why != "" && !asJSON {
		t.printf("not known: %s\n", why)
	}
	refused := false
	enc := json.NewEncoder(t.out)
	for i, m := range all {
		tried, err := r.try(ctx, m, i+1)
		if err != nil {
			return err
		}
		for _, one := range tried {
			refused = refused || one.Refused != nil
			if !asJSON {
				one.show(t)
			} else if err := enc.Encode(one); err != nil {
				return err
			}
		}
	}
	if refused {
		return errReported
	}
	return nil
}

// try decides about one message, once for each recipient.
func (r *rehearsal) try(ctx context.Context, m trial, n int) ([]tried, error) {
	if m.Incoming {
		one, err := r.tryIncoming(ctx, m, n)
		return []tried{one}, err
	}
	return r.tryOutgoing(ctx, m, n)
}
