package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/icewarp"
	"github.com/postel-mail/postel/smsengine"
)

// report is what an import says, as --json writes it. Fields are added, never
// renamed or removed.
type report struct {
	Directory string            `json:"directory"`
	Applied   bool              `json:"applied"`
	Refused   bool              `json:"refused"` // --apply, and there are problems
	Files     []string          `json:"files"`   // that were read
	Entries   []reportEntry     `json:"entries"`
	Problems  []icewarp.Problem `json:"problems"`
	Gateways  []icewarp.Gateway `json:"gateways"` // none of them is carried over
	Filters   []reportFilters   `json:"filters"`  // nor of these
	Summary   summary           `json:"summary"`
}

// summary counts the entries by their result, and the problems.
type summary struct {
	Added    int `json:"added"`   // with --apply; without, what would be
	Changed  int `json:"changed"` // of those, how many have notes
	Left     int `json:"left"`
	Failed   int `json:"failed"`
	Problems int `json:"problems"`
}

// reportEntry is one account, or the counters of a mail user.
type reportEntry struct {
	icewarp.Place
	Name     string           `json:"name"`
	Result   string           `json:"result"` // would_add, added, left, failed
	Reason   string           `json:"reason,omitempty"`
	Account  bool             `json:"account"` // false: counters alone
	Password bool             `json:"password"`
	Policy   smsengine.Policy `json:"policy,omitzero"`
	Disabled bool             `json:"disabled,omitempty"`
	Counters []reportCounter  `json:"counters,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
}

type reportCounter struct {
	Month string `json:"month"`
	Used  int    `json:"used"`
}

// reportFilters is a file with content filters, and what carries them over.
type reportFilters struct {
	icewarp.FilterFile
	Command string `json:"command"`
}

func newReport(dir string, found *icewarp.Found, entries []icewarp.Entry, problems []icewarp.Problem) *report {
	r := &report{
		Directory: dir, Files: orEmpty(found.Files), Entries: []reportEntry{},
		Problems: append([]icewarp.Problem{}, problems...), Gateways: append([]icewarp.Gateway{}, found.Gateways...),
		Filters: []reportFilters{},
	}
	for _, f := range found.Filters {
		tab := cmp.Or(f.Tab, "outgoing or --incoming")
		r.Filters = append(r.Filters, reportFilters{f, "postel rules import " + quotedIfNeeded(filepath.Join(dir, f.File)) + " --" + tab})
	}
	for _, e := range entries {
		one := reportEntry{Place: e.Place, Name: e.Name, Result: "would_add", Account: e.Account != nil, Password: !e.Password.Empty(), Notes: e.Notes}
		if e.Account != nil {
			one.Policy, one.Disabled = e.Account.Policy, e.Account.Disabled
		}
		for _, c := range e.Counters {
			one.Counters = append(one.Counters, reportCounter{c.Period, c.Used})
		}
		if e.Left != "" {
			one.Result, one.Reason = "left", e.Left
		}
		r.Entries = append(r.Entries, one)
	}
	r.sum()
	return r
}

// sum counts.
func (r *report) sum() {
	r.Summary = summary{Problems: len(r.Problems)}
	for _, e := range r.Entries {
		switch e.Result {
		case "left":
			r.Summary.Left++
		case "failed":
			r.Summary.Failed++
		default:
			r.Summary.Added++
			if len(e.Notes) > 0 {
				r.Summary.Changed++
			}
		}
	}
}

func (r *report) write(t *terminal, asJSON bool) error {
	if asJSON {
		return lines(t.out, []*report{r})
	}
	t.printf("read %s: %s\n", clean(r.Directory), clean(strings.Join(r.Files, ", ")))
	verb := "would be added"
	if r.Applied {
		verb = "added"
	}
	r.section(t, verb, "would_add", "added")
	r.section(t, "left", "left")
	r.section(t, "failed", "failed")
	if len(r.Gateways) > 0 {
		t.printf("\nnot carried over: the gateways; make them in postel.toml, [[gateway]]\n")
		for _, g := range r.Gateways {
			certificate := ""
			if g.Certificate {
				certificate = "with a client certificate"
			}
			t.printf("  %s\n", clean(strings.Join(some(g.ID, g.Type, g.Description, certificate), ", ")))
		}
	}
	if len(r.Filters) > 0 {
		t.printf("\nnot carried over: content filters; if they are of the SMS service, these commands say what becomes of them\n")
		for _, f := range r.Filters {
			t.printf("  %s  (%s)\n", clean(f.Command), count(f.Filters, "filter"))
		}
	}
	if len(r.Problems) > 0 {
		t.printf("\nbad:\n")
		for _, p := range r.Problems {
			t.printf("  %s\n", clean(p.String()))
		}
	}
	t.printf("\n%d %s, %d of them changed; %d left, %d failed, %s\n",
		r.Summary.Added, verb, r.Summary.Changed, r.Summary.Left, r.Summary.Failed, count(r.Summary.Problems, "problem"))
	switch {
	case r.Refused:
		t.printf("nothing was written: mend the bad lines, or leave them out with --skip-bad\n")
	case !r.Applied:
		t.printf("nothing was written: --apply does that\n")
	}
	return nil
}

// section lists the entries with one of the results.
func (r *report) section(t *terminal, title string, results ...string) {
	first := true
	for _, e := range r.Entries {
		if !slices.Contains(results, e.Result) {
			continue
		}
		if first {
			t.printf("\n%s:\n", title)
			first = false
		}
		t.printf("  %s  (%s)\n", clean(e.Name), clean(e.Place.String()))
		if e.Reason != "" {
			t.printf("    %s\n", clean(e.Reason))
		}
		if e.Result != "left" {
			t.printf("    %s\n", clean(strings.Join(e.says(), " ")))
			for _, n := range e.Notes {
				t.printf("    note: %s\n", clean(n))
			}
		}
	}
}

// says lists what an entry stores.
func (e reportEntry) says() []string {
	said := policyWords(e.Policy)
	if e.Disabled {
		said = append(said, "disabled")
	}
	if e.Password {
		said = append(said, "with its password")
	}
	for _, c := range e.Counters {
		said = append(said, fmt.Sprintf("sent %d in %s", c.Used, c.Month))
	}
	return said
}
