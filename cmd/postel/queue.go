package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

func queueCommand() *command {
	return &command{
		name: "queue", short: "list the messages that wait, and change what becomes of them",
		long: "Lists the messages that are not finished, newest first. It reads the database, so it\n" +
			"works when the service is down; the commands below need the service. An ID may be\n" +
			"shortened as long as it is the only one that begins so.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			states := fs.String("state", "", "only these `states`, joined by commas: "+stateNames())
			all := fs.Bool("all", false, "finished messages too")
			asJSON := fs.Bool("json", false, "one JSON object a line")
			limit := fs.Int("n", 100, "at most so `many`")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 0 {
					return usageError(fmt.Sprintf("%q is none of list, cancel, hold, resume, repeat", args[0]))
				}
				f := smsengine.Filter{Limit: *limit, States: open()}
				if *all {
					f.States = nil
				}
				if *states != "" {
					var err error
					if f.States, err = parseStates(*states); err != nil {
						return err
					}
				}
				return list(ctx, t, *file, f, *asJSON)
			}
		},
		sub: []*command{
			requestCommand("cancel", smsengine.CancelReq, "do not send a message"),
			requestCommand("hold", smsengine.HoldReq, "let a message wait for resume"),
			requestCommand("resume", smsengine.ResumeReq, "let a held message go on"),
			requestCommand("repeat", smsengine.RepeatReq, "send a message again that was perhaps sent"),
		},
	}
}

// open lists the states of messages that may still change by themselves.
func open() []smsengine.State {
	return slices.DeleteFunc(smsengine.States(), func(s smsengine.State) bool { return s.Final() || s == smsengine.Sent })
}

func stateNames() string {
	names := make([]string, 0, 9)
	for _, s := range smsengine.States() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func parseStates(s string) ([]smsengine.State, error) {
	var states []smsengine.State
	for name := range strings.SplitSeq(s, ",") {
		st := smsengine.State(strings.TrimSpace(name))
		if !slices.Contains(smsengine.States(), st) {
			return nil, usageError(fmt.Sprintf("there is no state %q; there are %s", st, stateNames()))
		}
		states = append(states, st)
	}
	return states, nil
}

func list(ctx context.Context, t *terminal, file string, f smsengine.Filter, asJSON bool) error {
	store, err := read(file)
	if err != nil {
		return err
	}
	defer store.Close()
	ms, err := store.List(ctx, f)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(t.out)
		for _, m := range ms {
			if err := enc.Encode(lineOf(m)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(ms) == 0 {
		t.printf("no messages\n")
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tKIND\tFROM\tTO\tPARTS\tWHAT")
	for _, m := range ms {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d/%d\t%s\n", m.ID, m.State, m.Kind, place(m.From), place(m.To), m.Left(), len(m.Parts), what(m, time.Now()))
	}
	return w.Flush()
}

// what says in a few words what is happening to a message.
func what(m smsengine.Message, now time.Time) string {
	s := outcome(m.Status)
	if m.State == smsengine.Ready {
		next := "next attempt " + until(m.Next, now)
		if s == "" {
			return next
		}
		return next + ": " + s
	}
	if s == "" && m.Gateway != "" {
		return "by " + m.Gateway
	}
	return s
}

// line is a message as queue --json writes it.
type line struct {
	ID      smsengine.MessageID `json:"id"`
	Kind    smsengine.Kind      `json:"kind"`
	State   smsengine.State     `json:"state"`
	From    smsengine.Address   `json:"from"`
	To      smsengine.Address   `json:"to"`
	Account string              `json:"account,omitempty"`
	Gateway string              `json:"gateway,omitempty"`
	Parts   int                 `json:"parts"`
	Left    int                 `json:"left"` // parts that left
	Attempt int                 `json:"attempt"`
	Created time.Time           `json:"created"`
	Next    *time.Time          `json:"next,omitempty"` // state ready
	Expires time.Time           `json:"expires"`
	Status  smsengine.Status    `json:"status,omitzero"`
	About   smsengine.MessageID `json:"about,omitempty"`
	Tells   smsengine.Occasions `json:"occasion,omitzero"` // of a call
}

func lineOf(m smsengine.Message) line {
	l := line{
		ID: m.ID, Kind: m.Kind, State: m.State, From: m.From, To: m.To, Account: m.Account, Gateway: m.Gateway,
		Parts: len(m.Parts), Left: m.Left(), Attempt: m.Attempt, Created: m.Created, Expires: m.Expires,
		Status: m.Status, About: m.About,
	}
	if m.State == smsengine.Ready {
		l.Next = &m.Next
	}
	if n := m.Body.Notice; n != nil {
		l.Tells = n.Occasion
	}
	return l
}

// requestCommand is one of the commands that ask something of a message.
func requestCommand(name string, kind smsengine.EventKind, short string) *command {
	return &command{
		name: name, args: "ID", short: short,
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the ID of a message")
				}
				m, err := request(ctx, *file, args[0], kind)
				if err != nil {
					return err
				}
				t.printf("%s is %s\n", m.ID, m.State)
				return nil
			}
		},
	}
}

func request(ctx context.Context, file, prefix string, kind smsengine.EventKind) (smsengine.Message, error) {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return smsengine.Message{}, err
	}
	store, err := readOnly(cfg)
	if err != nil {
		return smsengine.Message{}, err
	}
	defer store.Close()
	id, err := find(ctx, store, prefix)
	if err != nil {
		return smsengine.Message{}, err
	}
	m, err := control.NewClient(cfg.Control.Listen.Address).Request(ctx, id, kind)
	if errors.Is(err, smsengine.ErrTransition) {
		if now, err := store.Message(ctx, id); err == nil {
			return m, fmt.Errorf("%s is %s: %s is not possible", id, now.State, kind)
		}
	}
	return m, words(err)
}
