package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

func gatewayTryCommand() *command {
	return &command{
		name: "test", args: "ID --to NUMBER", short: "send one text through a gateway, and follow it",
		long: "Hands a text to the running service, to be sent through this gateway and no other, and\n" +
			"prints what happens to it until it is delivered, or sent and nothing more will be\n" +
			"heard, or has failed, or the time is over. The exit code is 0 if it was sent. It costs\n" +
			"what a text costs.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			a := attempt{}
			fs.StringVar(&a.to, "to", "", "`number` of the phone")
			fs.StringVar(&a.from, "from", "", "mail `address` that gets the answer; the gateway's default_recipient if not given")
			fs.StringVar(&a.text, "text", "Postel works. Answer this text to see the way back.", "the `text`")
			fs.DurationVar(&a.wait, "wait", 2*time.Minute, "how `long` to follow it")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 || a.to == "" || strings.ContainsAny(a.to, "?@") {
					return usageError("give the ID of a gateway, and the number of a phone")
				}
				cfg, g, err := loadGateway(*file, args[0])
				if err != nil {
					return err
				}
				a.terminal, a.cfg, a.gateway = t, cfg, g
				return a.run(ctx)
			}
		},
	}
}

// attempt is one text through one gateway.
type attempt struct {
	*terminal
	cfg            *config.Config
	gateway        config.Gateway
	to, from, text string
	wait           time.Duration
}

func (a *attempt) run(ctx context.Context) error {
	c := control.NewClient(a.cfg.Control.Listen.Address)
	defer c.Close()
	if err := a.look(ctx, c); err != nil {
		return err
	}
	store, err := readOnly(a.cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	id, err := a.hand(ctx, c)
	if err != nil {
		return err
	}
	a.printf("%s  to %s through %s\n", id, clean(a.to), a.gateway.ID)
	short, cancel := context.WithTimeout(ctx, a.wait)
	defer cancel()
	m, events, err := a.follow(short, store, id)
	if err != nil && short.Err() == nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; the text goes on: postel trace %s", id)
	}
	return a.judge(m, events)
}

// look says what will keep the text from leaving.
func (a *attempt) look(ctx context.Context, c *control.Client) error {
	st, err := c.Status(ctx)
	if err != nil {
		return words(err)
	}
	s, known := st.Gateways[a.gateway.ID]
	switch {
	case !known:
		return fmt.Errorf("the service runs with an older configuration, without the gateway %q: postel reload", a.gateway.ID)
	case !s.Ready:
		a.printf("%s is not ready, so the text will wait: %s\n", a.gateway.ID, clean(s.Text))
	}
	return nil
}

// hand gives the text to the service.
func (a *attempt) hand(ctx context.Context, c *control.Client) (smsengine.MessageID, error) {
	results, err := c.Send(ctx, control.SendRequest{From: a.from, To: []string{a.to + "?id=" + a.gateway.ID}, Text: a.text})
	if err != nil {
		return "", words(err)
	}
	if len(results) != 1 {
		return "", errors.New("the service does not say what became of the text")
	}
	switch r := results[0]; {
	case r.Refused != nil:
		return "", fmt.Errorf("refused: %s", outcome(*r.Refused))
	case r.Dropped != "":
		return "", fmt.Errorf("dropped: %s", r.Dropped)
	default:
		return r.ID, nil
	}
}

// follow prints the events of a message until there is nothing more to expect,
// or ctx ends. It gives the message as it was last seen.
func (a *attempt) follow(ctx context.Context, l smsengine.Store, id smsengine.MessageID) (m smsengine.Message, events []smsengine.Event, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		// The message first: what ended it is in the trace by then.
		now, err := l.Message(ctx, id)
		if err != nil {
			return m, events, err
		}
		all, err := l.Trace(ctx, id)
		if err != nil {
			return m, events, err
		}
		for _, e := range all[min(len(events), len(all)):] {
			a.printf("%s  %-9s  %s\n", e.At.Local().Format(clock+".000"), e.Kind, strings.Join(describe(e, now), ", "))
		}
		m, events = now, all
		if m.State.Final() || m.State == smsengine.Sent && !reports(events) {
			return m, events, nil
		}
		select {
		case <-ctx.Done():
			return m, events, ctx.Err()
		case <-tick.C:
		}
	}
}

// reports reports whether a gateway said that a receipt will follow.
func reports(events []smsengine.Event) bool {
	for _, e := range events {
		if e.Taken.Receipts {
			return true
		}
	}
	return false
}

// judge says what it has come to. It fails if the text was not sent.
func (a *attempt) judge(m smsengine.Message, events []smsengine.Event) error {
	switch m.State {
	case smsengine.Delivered:
		a.printf("delivered: the phone has it\n")
		return nil
	case smsengine.Sent:
		a.printf("sent: %s\n", a.silence(reports(events)))
		return nil
	case smsengine.Unsure:
		return fmt.Errorf("unsure: perhaps it was sent (%s); look at the phone, then: postel queue repeat %s", outcome(m.Status), m.ID)
	case smsengine.Ready, smsengine.Sending, smsengine.Held:
		return fmt.Errorf("not sent within %v; it goes on: postel trace %[2]s follows it, postel queue cancel %[2]s ends it", a.wait, m.ID)
	}
	return fmt.Errorf("%s: %s", m.State, outcome(m.Status))
}

// silence says why nobody knows whether the phone has a text that was sent.
func (a *attempt) silence(expected bool) string {
	p, err := providerOf(a.cfg, a.gateway)
	switch {
	case err != nil || p == nil || expected && p.Receipts == nil:
		if expected {
			return fmt.Sprintf("no receipt came within %v; the phone may be off", a.wait)
		}
		return "the gateway took it, and tells no more of it"
	case p.Receipts == nil:
		return p.Name + " took it, and does not tell what becomes of texts"
	case a.cfg.Hooks.Listen.IsZero():
		return p.Name + " took it, and has no address for its receipt: " + howToListen
	case !expected:
		return p.Name + " took it without giving it a name, so no receipt can be told to be its own"
	}
	return fmt.Sprintf("%s took it, and no receipt came within %v: the phone is off, or %s does not reach %s "+
		"(docs/http-gateways.md, When no receipt comes)", p.Name, a.wait, p.Name, a.cfg.Hooks.URL)
}
