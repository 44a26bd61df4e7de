package main

import (
	"strings"

	"github.com/postel-mail/postel/smsengine/rule"
)

// show writes what came of a message, for a person.
func (one tried) show(t *terminal) {
	t.printf("\n")
	if one.Note != "" {
		t.printf("# %s\n", clean(one.Note))
	}
	t.printf("%s -> %s  %s\n", clean(one.From), clean(one.To), one.At.Format("Mon 2006-01-02 15:04 MST"))
	one.showRules(t)
	one.showChanges(t)
	one.showEffects(t)
	t.printf("stages\n")
	for _, s := range one.Stages {
		if s.Note != "" {
			t.printf("  %-11s %s\n", s.Stage, clean(s.Note))
		}
	}
	one.showGateways(t)
	one.showEnd(t)
}

// showRules writes what every rule said and did.
func (one tried) showRules(t *terminal) {
	switch {
	case one.none, one.asked && len(one.Rules) == 0:
		t.printf("rules\n  there are none\n")
		return
	case !one.asked:
		t.printf("rules\n  not asked\n")
		return
	}
	t.printf("rules\n")
	for _, s := range one.Rules {
		showStep(t, s)
	}
}

func showStep(t *terminal, s rule.Step) {
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

func showFinding(t *terminal, f rule.Finding, margin string) {
	t.printf("%s%s: %s\n", margin, clean(f.Condition), f.Result)
	for _, of := range f.Of {
		showFinding(t, of, margin+"  ")
	}
}

func (one tried) showChanges(t *terminal) {
	if len(one.Changes) > 0 {
		t.printf("changes\n")
	}
	for _, c := range one.Changes {
		showValue(t, "  ", c.Field, c.Value)
	}
}

func (one tried) showEffects(t *terminal) {
	if len(one.Effects) > 0 {
		t.printf("beside it\n")
	}
	for _, e := range one.Effects {
		t.printf("  %s: %s\n", clean(e.Rule), clean(e.What))
		for _, f := range e.More {
			showValue(t, "    ", f.Name, f.Value)
		}
		if e.Fail != "" {
			t.printf("    which fails: %s\n", clean(e.Fail))
		}
	}
}

// showValue writes a value, one of several lines below its name.
func showValue(t *terminal, margin, name, value string) {
	if value = strings.TrimRight(value, "\n"); strings.Contains(value, "\n") {
		t.printf("%s%s\n%s%s\n", margin, clean(name), margin, strings.ReplaceAll(indent(value), "\n", "\n"+margin))
		return
	}
	if value == "" {
		value = "(nothing)"
	}
	t.printf("%s%-11s %s\n", margin, clean(name), clean(value))
}

func (one tried) showGateways(t *terminal) {
	switch {
	case len(one.Gateways) > 0 && one.Shared:
		t.printf("gateways, which take turns: in the order of this text\n")
	case len(one.Gateways) > 0:
		t.printf("gateways\n")
	}
	width := 0
	for _, g := range one.Gateways {
		width = max(width, len(g.ID))
	}
	for _, g := range one.Gateways {
		switch {
		case g.Passed != "":
			t.printf("  -  %-*s  %s\n", width, g.ID, clean(g.Passed))
		case g.Rank == 1:
			t.printf("  1  %s\n", g.ID)
		case g.After != "":
			t.printf("  %d  %-*s  if those above cannot send, or are busy for %s\n", g.Rank, width, g.ID, g.After)
		default:
			t.printf("  %d  %-*s  if those above cannot send\n", g.Rank, width, g.ID)
		}
	}
}

func (one tried) showEnd(t *terminal) {
	switch one.Outcome {
	case "ended":
		t.printf("it ends here: %s\n", clean(one.Why))
	case "taken":
		t.printf("it goes to %s\n", clean(one.Goes))
	default:
		t.printf("%s: %s\n", one.Outcome, clean(one.Why))
	}
	for i, p := range one.Parts {
		t.printf("  part %d of %d\n%s\n", i+1, len(one.Parts), indent(p))
	}
	if one.Text != "" {
		t.printf("%s\n", indent(one.Text))
	}
	if one.Told != "" {
		t.printf("  with a word from Postel\n%s\n", indent(one.Told))
	}
}
