package main

import (
	"cmp"
	"context"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// explainStored says what the rules said of a message, and would say now.
func (r *rehearsal) explainStored(ctx context.Context, t *terminal, id smsengine.MessageID, asJSON bool) error {
	m, err := r.facts.Message(ctx, id)
	if err != nil {
		return err
	}
	one, said, asked, err := r.replay(ctx, m, true)
	if err != nil {
		return err
	}
	if asJSON && asked {
		return lines(t.out, []any{struct {
			replayed
			Rules []rule.Step `json:"rules"`
		}{one, said.Trace}})
	}
	t.printf("%s  %s from %s to %s: %s\n", m.ID, m.Kind, place(m.From), place(m.To), m.State)
	if !asked {
		t.printf("  no rules were asked about it: they are asked about texts to phones, and about texts from\n  phones that answer nobody\n")
		return nil
	}
	t.printf("then\n  rules       %s\n", clean(cmp.Or(commas(m.Body.Rules), "none held")))
	showValue(t, "  ", "rewritten", cmp.Or(commas(m.Body.Edited), "nothing"))
	if m.Body.Received != nil {
		showValue(t, "  ", "decided", cmp.Or(m.Body.Received.Decided, "by nothing"))
	}
	t.printf("  end         %s\n", clean(cmp.Or(stage.Past{Message: m}.EndedBy(), "it went on")))
	t.printf("now\n")
	for _, s := range said.Trace {
		showStep(t, s)
	}
	one.showDifferences(t)
	return nil
}

func (one replayed) showDifferences(t *terminal) {
	if one.Outcome == "same" {
		t.printf("nothing would differ\n")
		return
	}
	for _, d := range one.Differs {
		t.printf("  %-8s then: %s\n           now:  %s\n", d.What, clean(d.Then), clean(d.Now))
	}
	for _, e := range one.Effects {
		t.printf("  beside   now:  %s\n", clean(e))
	}
	if len(one.Perhaps) > 0 {
		why := "which cannot be decided"
		if len(one.Missing) > 0 {
			why = "for " + commas(one.Missing) + " is not kept"
		}
		t.printf("  not known: %s, %s\n", clean(commas(one.Perhaps)), why)
	}
}
