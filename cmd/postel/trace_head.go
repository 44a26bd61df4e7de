package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// traceHead says what the message is.
func traceHead(t *terminal, m smsengine.Message, src smsengine.Source) {
	t.printf("%s  %s from %s to %s: %s\n", m.ID, m.Kind, place(m.From), place(m.To), m.State)
	row := func(name, value string) {
		if value != "" {
			t.printf("  %-8s %s\n", name, clean(value))
		}
	}
	row("through", strings.Join(some(src.Door, src.Identity.User, src.Identity.Method, named("key", src.Identity.Key), src.Identity.Peer), ", "))
	if src.MessageID != "" {
		row("mail", "<"+src.MessageID+"> "+src.Subject)
	}
	switch {
	case m.Kind == smsengine.Call, m.Kind == smsengine.Deed: // it costs nothing
		row("account", m.Account)
	case m.Account != "":
		row("account", m.Account+", "+count(m.Cost, "part"))
	}
	row("charged", charges(m))
	if m.Original != "" && m.Kind == smsengine.Text {
		row("written", m.Original)
	}
	row("subject", m.Body.Subject)
	if m.Body.Text != "" {
		row("text", strings.Join(textFacts(m), ", "))
		t.printf("%s\n", indent(m.Body.Text))
	}
	if m.Body.Data != nil || m.Body.UDH != nil {
		row("binary", fmt.Sprintf("%d octets, header % x", len(m.Body.Data), m.Body.UDH))
	}
	row("rules", strings.Join(m.Body.Rules, ", "))
	if r := m.Body.Received; r != nil {
		row("decided", r.Decided)
		row("note", r.Note)
	}
	if n := m.Body.Notice; n != nil && m.Kind == smsengine.Call {
		row("tells", strings.Join(some(n.Occasion.String(), outcome(n.Status), "at "+n.At.Local().Format(clock)), ", "))
	} else if n != nil {
		row("report", strings.Join(some(string(n.Action), outcome(n.Status)), ", "))
	}
}

// manyParts is what one text should not need (R: "maxmsgs").
const manyParts = 12

// textFacts says how a text travels, and what became of the mail that it was
// made of.
func textFacts(m smsengine.Message) []string {
	s := some(m.Body.Alphabet, named("with the table", m.Body.National), count(len(m.Parts), "part"))
	if m.Body.Whole > 0 {
		s = append(s, "cut from "+count(m.Body.Whole, "part"))
	}
	if m.Kind == smsengine.Text && len(m.Parts) > manyParts {
		s = append(s, "warning: more parts than many phones put together")
	}
	if len(m.Body.LeftOut) > 0 {
		left := make([]string, len(m.Body.LeftOut))
		for i, k := range m.Body.LeftOut {
			left[i] = string(k)
		}
		s = append(s, "without "+strings.Join(left, ", "))
	}
	return s
}

// charges says what a message costs, and on which counters.
func charges(m smsengine.Message) string {
	var s []string
	for _, c := range m.Charges {
		on := strconv.Itoa(c.Amount) + " in " + c.Period
		switch c.Account {
		case smsengine.IdenticalCounter:
			continue // of no account: what it counts shows when it drops something
		case m.Account:
		case smsengine.SiteCounter:
			on += " of all accounts"
		default:
			on += " of " + c.Account
		}
		s = append(s, on)
	}
	return strings.Join(s, ", ")
}
