package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"slices"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

func traceCommand() *command {
	return &command{
		name: "trace", args: "ID", short: "show everything that happened to a message",
		long: "Shows where a message came from, every event with its time and reason, its parts, the\n" +
			"text that it answers, and the answers, reports and calls of webhooks that it caused. It\n" +
			"reads the database, so it works when the service is down. An ID may be shortened as long\n" +
			"as it is the only one that begins so.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "the events, one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) != 1 {
					return usageError("give the ID of a message")
				}
				store, err := read(*file)
				if err != nil {
					return err
				}
				defer store.Close()
				id, err := find(ctx, store, args[0])
				if err != nil {
					return err
				}
				if *asJSON {
					return traceJSON(ctx, t, store, id)
				}
				return trace(ctx, t, store, id)
			}
		},
	}
}

func traceJSON(ctx context.Context, t *terminal, store smsengine.Store, id smsengine.MessageID) error {
	events, err := store.Trace(ctx, id)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(t.out)
	for _, e := range events {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// trace writes all that is known of a message.
func trace(ctx context.Context, t *terminal, store smsengine.Store, id smsengine.MessageID) error {
	m, err := store.Message(ctx, id)
	if err != nil {
		return err
	}
	src, err := store.Source(ctx, m.Source)
	if err != nil && !errors.Is(err, smsengine.ErrNotFound) {
		return err
	}
	events, err := store.Trace(ctx, id)
	if err != nil {
		return err
	}
	traceHead(t, m, src)
	if err := traceAbout(ctx, t, store, m); err != nil {
		return err
	}
	t.printf("\n")
	for _, e := range events {
		t.printf("%s  %-9s  %s\n", e.At.Local().Format(clock+".000"), e.Kind, strings.Join(describe(e, m), ", "))
	}
	if len(m.Parts) > 1 {
		t.printf("\n")
		for i, p := range m.Parts {
			t.printf("part %d  %s\n", i+1, strings.Join(some(string(partState(p)), named("reference", p.Reference), outcome(p.Status)), ", "))
		}
	}
	return traceCaused(ctx, t, store, m)
}

// traceAbout names the message that this one answers, or reports on.
func traceAbout(ctx context.Context, t *terminal, store smsengine.Store, m smsengine.Message) error {
	if m.About == "" {
		return nil
	}
	verb := "answers"
	if m.Kind == smsengine.Report || m.Kind == smsengine.Note || m.Kind == smsengine.Call || m.Kind == smsengine.Deed || m.Kind == smsengine.Text {
		verb = "about"
	}
	about, err := store.Message(ctx, m.About)
	if errors.Is(err, smsengine.ErrNotFound) {
		t.printf("  %-8s %s, which is not kept any more\n", verb, m.About)
		return nil
	}
	if err != nil {
		return err
	}
	t.printf("  %-8s %s, %s from %s to %s\n", verb, about.ID, about.Kind, place(about.From), place(about.To))
	return nil
}

// traceCaused lists the answers, reports and calls that a message caused.
func traceCaused(ctx context.Context, t *terminal, store smsengine.Store, m smsengine.Message) error {
	caused, err := store.List(ctx, smsengine.Filter{About: m.ID})
	if err != nil || len(caused) == 0 {
		return err
	}
	t.printf("\n")
	slices.Reverse(caused) // oldest first
	for _, c := range caused {
		word := string(c.Kind)
		if n := c.Body.Notice; n != nil && c.Kind == smsengine.Call {
			word = "call, " + n.Occasion.String() + ","
		} else if n != nil {
			word = "report, " + string(n.Action) + ","
		} else if c.Kind == smsengine.Incoming {
			word = "answer"
		}
		t.printf("%s  %s to %s: %s\n", c.ID, word, place(c.To), c.State)
	}
	return nil
}

// describe gives what there is to say about an event.
func describe(e smsengine.Event, m smsengine.Message) []string {
	s := some(outcome(e.Status))
	switch e.Kind {
	case smsengine.Accepted:
		s = append(s, "stored, to be sent before "+m.Expires.Local().Format(clock))
	case smsengine.Claimed:
		s = append(s, "attempt "+strconv.Itoa(e.Attempt), "gateway "+e.Gateway)
	case smsengine.Taken, smsengine.PartTaken:
		if len(m.Parts) > 1 && !e.Taken.Whole {
			s = append(s, "part "+strconv.Itoa(e.Part+1)+" of "+strconv.Itoa(len(m.Parts)))
		}
		s = append(s, "by "+e.Gateway)
		s = append(s, some(named("reference", e.Taken.Reference), named("from", cmp.Or(e.Taken.Ours.Value, e.Taken.Sender)))...)
		switch {
		case e.Taken.Receipts:
			s = append(s, "a receipt will follow")
		case e.Taken.Delivered:
			s = append(s, "which is the delivery")
		}
	case smsengine.Deferred:
		s = append(s, "next attempt "+e.Until.Local().Format(clock))
	case smsengine.Receipt:
		if len(m.Parts) > 1 {
			s = append(s, "part "+strconv.Itoa(e.Part+1)+" of "+strconv.Itoa(len(m.Parts)))
		}
		final := string(e.Final)
		if final == "" {
			final = "not there yet"
		}
		s = append(s, final)
		if e.Early {
			s = append(s, "came before the gateway had answered")
		}
	case smsengine.InDoubt, smsengine.Lost:
		if !e.Until.IsZero() {
			s = append(s, "will be sent again")
		}
	}
	return append(s, some(named("by", e.By))...)
}

// partState is the state of a part in words.
func partState(p smsengine.Part) smsengine.PartState {
	if p.State == smsengine.PartWaiting {
		return "waiting"
	}
	return p.State
}

// some leaves out what is empty.
func some(items ...string) []string {
	return slices.DeleteFunc(items, func(s string) bool { return s == "" })
}

// named puts a name before a value that there is.
func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}
