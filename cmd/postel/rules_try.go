package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesTestCommand() *command {
	return &command{
		name: "test", args: "[FILE.eml]", short: "say what the rules make of a message, and send nothing",
		long: "Runs the very code that the service runs for a text to a phone: a mail, or what --text\n" +
			"says. It prints what each rule and each condition says, what changes, and the route. With\n" +
			"--incoming it is a text from the phone --from, by the gateway --gateway, and the rules alone\n" +
			"are asked.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			from := fs.String("from", "", "who writes it: a mail `address`, or with --incoming a number")
			text := fs.String("text", "", "what it says, instead of a mail")
			subject := fs.String("subject", "", "of the mail that --text is in")
			user := fs.String("user", "", "the `name` with which the sender authenticated; the sender's own if not given")
			account := fs.String("account", "", "the `name` of an account that sends it")
			incoming := fs.Bool("incoming", false, "it is a text from a phone")
			gateway := fs.String("gateway", "", "with --incoming: the `id` of the gateway that brought it")
			var to addresses
			fs.Var(&to, "to", "who gets it: an `address`, or a number; may be given several times")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 1 || (len(args) == 1) == (*text != "") {
					return usageError("give a mail, or --text")
				}
				cfg, err := config.Load(*file, drivers)
				if err != nil {
					return err
				}
				if *incoming {
					return testIncoming(t, cfg, *gateway, *from, *text)
				}
				if *from == "" || len(to) == 0 {
					return usageError("give --from and at least one --to")
				}
				e := explanation{
					from: *from, to: onPhones(cfg, to), rules: func(d rule.Decision) { showDecision(t, d) },
					identity: smsengine.Identity{Method: smsengine.MethodAuth, User: cmp.Or(*account, *user, *from)},
				}
				if len(args) == 1 {
					return e.run(ctx, t, cfg, args[0])
				}
				name, err := writeLetter(*from, *subject, *text)
				if err != nil {
					return err
				}
				defer os.Remove(name)
				return e.run(ctx, t, cfg, name)
			}
		},
	}
}

// onPhones completes numbers to addresses.
func onPhones(cfg *config.Config, to []string) []string {
	all := make([]string, len(to))
	for i, a := range to {
		if all[i] = a; !strings.Contains(a, "@") {
			all[i] = a + "@" + cfg.Mail.Domain
			if len(cfg.Address.PhoneDomains) == 0 && len(cfg.Address.Prefixes) > 0 {
				prefix, _, _ := strings.Cut(cfg.Address.Prefixes[0], "?")
				all[i] = prefix + ":" + all[i]
			}
		}
	}
	return all
}

// writeLetter writes a mail of such words into a file, which the caller removes.
func writeLetter(from, subject, text string) (name string, err error) {
	f, err := os.CreateTemp("", "postel-*.eml")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "From: %s\r\nSubject: %s\r\nMessage-ID: <%d@rules.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		(&mail.Address{Address: from}).String(), strings.Join(strings.Fields(subject), " "), time.Now().UnixNano(), text)
	if err == nil {
		err = f.Close()
	}
	return f.Name(), err
}

// testIncoming asks the rules about a text from a phone that answers nobody.
func testIncoming(t *terminal, cfg *config.Config, gateway, from, text string) error {
	book, err := rulesOn(cfg)
	if err != nil {
		return err
	}
	set := book.now.Load().in
	if set == nil {
		t.printf("there are no rules for texts from phones\n")
		return nil
	}
	f := rule.Facts{From: from, Text: text, At: time.Now(), Size: int64(len(text))}
	if zone := cfg.Site().Location; zone != nil {
		f.At = f.At.In(zone)
	}
	for _, g := range cfg.Gateways {
		if gateway == "" || g.ID == gateway {
			f.Gateway, f.To, f.Door = g.ID, g.Number, "gateway:"+g.ID
			break
		}
	}
	showDecision(t, set.Explain(f))
	return nil
}

// showDecision writes what every rule said and did.
func showDecision(t *terminal, d rule.Decision) {
	t.printf("rules\n")
	for _, s := range d.Trace {
		said := s.Result.String()
		if s.Off {
			said = "not asked"
		}
		t.printf("  %-9s %s\n", said, clean(s.Rule))
		if s.If != nil && !s.Off {
			showFinding(t, *s.If, "            ")
		}
		for _, did := range s.Did {
			t.printf("            -> %s\n", clean(did))
		}
		for _, why := range s.Failed {
			t.printf("            failed: %s\n", clean(why))
		}
		if s.Ended {
			t.printf("            the list ends here\n")
		}
	}
	if d.Verdict != rule.GoOn {
		t.printf("  %s\n", clean(strings.TrimSuffix(string(d.Verdict)+" by "+d.Rule+": "+d.Reason, ": ")))
	}
	for _, e := range d.Effects {
		t.printf("  beside it: %s, by %s\n", e.Kind(), clean(e.By()))
	}
}

func showFinding(t *terminal, f rule.Finding, margin string) {
	t.printf("%s%s: %s\n", margin, clean(f.Condition), f.Result)
	for _, one := range f.Of {
		showFinding(t, one, margin+"  ")
	}
}
