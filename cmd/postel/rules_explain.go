package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesExplainCommand() *command {
	return &command{
		name: "explain", args: "[NUMBER|TITLE|ID]", short: "say in plain English what the rules do, or did to a message",
		long: "Says of each rule in a sentence what it asks and does, and warns of what is probably not\n" +
			"meant: a rule that is never reached, because one above it holds whenever it does and ends\n" +
			"the list; a gateway that never counts, because a rule below sets another; two rules that\n" +
			"forward; an empty list. It tells which rejections are said at RCPT TO. NUMBER or TITLE is\n" +
			"one rule; a TITLE may be shortened to words that are in no other.\n\n" +
			"With the ID of a message, as postel queue has it, it says what the rules said when that\n" +
			"message came, and what they would say now, condition by condition.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			rules := fs.String("rules", "", "the rules of this `folder`, in place of those of the configuration")
			only := directionFlags(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(ctx context.Context, t *terminal, args []string) error {
				if len(args) > 1 {
					return usageError("give one number, title or ID; a title of several words in quotes")
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
				return r.explain(ctx, t, strings.Join(args, ""), only, *asJSON)
			}
		},
	}
}

// directionFlag says of which rules a command is; both are all.
type directionFlag struct{ in, out *bool }

func directionFlags(fs *flag.FlagSet) directionFlag {
	return directionFlag{
		in:  fs.Bool("incoming", false, "only of texts from phones"),
		out: fs.Bool("outgoing", false, "only of texts to phones"),
	}
}

func (f directionFlag) has(d rule.Direction) bool {
	return *f.in == *f.out || *f.in == (d == rule.Incoming)
}

// explainedRule is a rule as rules explain --json writes it. Fields are added, never
// renamed or removed.
type explainedRule struct {
	Direction rule.Direction `json:"direction"`
	Number    int            `json:"number"` // in its file, from 1
	Title     string         `json:"title"`
	File      string         `json:"file"`
	Line      int            `json:"line"`
	Active    bool           `json:"active"`
	Sentence  string         `json:"sentence"`
	Warnings  []string       `json:"warnings,omitempty"`
	Notes     []string       `json:"notes,omitempty"`
}

// inPlainWords are the rules of a set.
func inPlainWords(set *rule.Set) (all []explainedRule) {
	if set == nil {
		return nil
	}
	remarks := set.Review()
	for i, r := range set.Rules() {
		e := explainedRule{
			Direction: set.Direction(), Number: i + 1, Title: r.Title, File: set.Files()[0], Line: r.Line, Active: r.Active, Sentence: r.Sentence(),
		}
		for _, m := range remarks[i] {
			if m.Warning {
				e.Warnings = append(e.Warnings, m.Text)
			} else {
				e.Notes = append(e.Notes, m.Text)
			}
		}
		all = append(all, e)
	}
	return all
}

func (r *rehearsal) explain(ctx context.Context, t *terminal, which string, only directionFlag, asJSON bool) error {
	var all []explainedRule
	for _, set := range []*rule.Set{r.rules.out, r.rules.in} {
		if set != nil && only.has(set.Direction()) {
			all = append(all, inPlainWords(set)...)
		}
	}
	if which != "" {
		chosen, err := chooseRules(all, which)
		if err == nil {
			return showExplained(t, chosen, asJSON)
		}
		id, findErr := r.stored(ctx, which)
		if findErr != nil {
			return errors.Join(err, findErr)
		}
		if id != "" {
			return r.explainStored(ctx, t, id, asJSON)
		}
		return err
	}
	if !asJSON && r.rules.out == nil && only.has(rule.Outgoing) {
		t.printf("%s: no rules\n", directionWords[rule.Outgoing])
	}
	err := showExplained(t, all, asJSON)
	if !asJSON && r.rules.in == nil && only.has(rule.Incoming) {
		t.printf("%s: no rules\n", directionWords[rule.Incoming])
	}
	return err
}

// directionWords are the directions, for people.
var directionWords = map[rule.Direction]string{rule.Outgoing: "texts to phones", rule.Incoming: "texts from phones"}

// chooseRules finds rules by number, title, or words of a title.
func chooseRules(all []explainedRule, which string) (found []explainedRule, err error) {
	number, numberErr := strconv.Atoi(which)
	for _, same := range []func(explainedRule) bool{
		func(e explainedRule) bool {
			return numberErr == nil && e.Number == number && strconv.Itoa(number) == which
		},
		func(e explainedRule) bool { return strings.EqualFold(e.Title, which) },
		func(e explainedRule) bool { return strings.Contains(strings.ToLower(e.Title), strings.ToLower(which)) },
	} {
		for _, e := range all {
			if same(e) {
				found = append(found, e)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	directions := map[rule.Direction]int{}
	for _, e := range found {
		if directions[e.Direction]++; directions[e.Direction] > 1 {
			return nil, fmt.Errorf("several rules have %q in their titles: %q, %q; give more of one", which, found[0].Title, e.Title)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no rule %q, and no message; postel rules list has the rules, postel queue --all the newest messages", which)
	}
	return found, nil
}

// stored finds a message by the beginning of its ID; "" if there is none.
func (r *rehearsal) stored(ctx context.Context, prefix string) (smsengine.MessageID, error) {
	if r.store == nil || len(prefix) < 4 {
		return "", nil
	}
	ids, err := r.store.Find(ctx, prefix, 2)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	if len(ids) > 1 {
		return "", fmt.Errorf("several messages have an ID that begins with %q; give more of it", prefix)
	}
	return ids[0], nil
}

func showExplained(t *terminal, all []explainedRule, asJSON bool) error {
	if asJSON {
		return lines(t.out, all)
	}
	direction, warnings := rule.Direction(""), 0
	for _, e := range all {
		if e.Direction != direction {
			if direction != "" {
				t.printf("\n")
			}
			direction = e.Direction
			t.printf("%s: %s, asked from the top down\n", directionWords[direction], e.File)
		}
		off := ""
		if !e.Active {
			off = "  (not active)"
		}
		t.printf("\n%3d  %s%s\n", e.Number, clean(e.Title), off)
		t.printf("%s\n", wrapped(e.Sentence, 90, "     "))
		for _, w := range e.Warnings {
			t.printf("%s\n", wrapped("warning: "+w+".", 90, "     "))
			warnings++
		}
		for _, n := range e.Notes {
			t.printf("%s\n", wrapped("note: "+n+".", 90, "     "))
		}
	}
	if warnings > 0 {
		t.printf("\n%s\n", count(warnings, "warning"))
	}
	return nil
}

// wrapped breaks words into lines of at most so many letters, behind a margin.
func wrapped(text string, width int, margin string) string {
	var b strings.Builder
	line := margin
	for _, word := range strings.Fields(clean(text)) {
		if line != margin && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line = margin
		}
		if line != margin {
			line += " "
		}
		line += word
	}
	return b.String() + line
}
