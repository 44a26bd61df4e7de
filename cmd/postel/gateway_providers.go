package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

func gatewayProvidersCommand() *command {
	return &command{
		name: "providers", args: "[NAME]", short: "list the HTTP providers that can be gateways",
		long: "Lists the provider files, Postel's own and those of the site (the directory \"providers\"\n" +
			"of the configuration), of which one with the same name stands for Postel's. With NAME:\n" +
			"all that there is to know about one, and what it needs.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON object a line")
			return func(_ context.Context, t *terminal, args []string) error {
				if len(args) > 1 {
					return usageError("give one name, or none for all")
				}
				cfg, err := tolerantConfig(*file)
				if err != nil {
					return err
				}
				if len(args) == 1 {
					return oneProvider(t, cfg, args[0], *asJSON)
				}
				return allProviders(t, cfg, *asJSON)
			}
		},
	}
}

// tolerantConfig is the configuration for commands that come before there is
// one: without a file, the defaults.
func tolerantConfig(file string) (*config.Config, error) {
	cfg, err := config.Load(file, drivers)
	if errors.Is(err, fs.ErrNotExist) && file == defaultConfig {
		none := config.Default()
		return &none, nil
	}
	return cfg, err
}

// known is a provider for programs, and for the list.
type known struct {
	ID        string            `json:"id"`
	Name      string            `json:"name,omitempty"`
	Verified  provider.Verified `json:"verified,omitempty"`
	Splits    provider.Splitter `json:"splits,omitempty"` // who cuts long texts
	Receipts  bool              `json:"receipts"`
	Incoming  bool              `json:"incoming"`
	Site      bool              `json:"site"`    // it is a file of the site
	Shadows   bool              `json:"shadows"` // which stands for Postel's own
	Documents []string          `json:"documents,omitempty"`
	Read      string            `json:"read,omitempty"` // when the documents were
	Needs     []need            `json:"needs,omitempty"`
	Alphabets []string          `json:"alphabets,omitempty"`
	MaxParts  int               `json:"max_parts,omitempty"`
	Rate      string            `json:"rate,omitempty"`
	Notes     string            `json:"notes,omitempty"`
	Problem   string            `json:"problem,omitempty"` // it cannot be used
}

type need struct {
	Name     string `json:"name"`
	Words    string `json:"words"`
	Secret   bool   `json:"secret"`
	Optional bool   `json:"optional"`
	Default  string `json:"default,omitempty"`
	Example  string `json:"example,omitempty"`
}

// about says all of it in a line.
func (n need) about() string {
	s := []string{n.Words}
	if n.Secret {
		s = append(s, "secret")
	}
	if n.Optional {
		s = append(s, "optional")
	}
	return strings.Join(append(s, some(named("such as", n.Example), named("else", n.Default))...), "; ")
}

func newKnown(cfg *config.Config, id string) known {
	k := known{ID: id}
	folders := providers(cfg)
	_, err := fs.Stat(folders[0], id+".toml")
	k.Site = err == nil
	_, err = fs.Stat(gateways.Files, id+".toml")
	k.Shadows = k.Site && err == nil
	p, err := loadProvider(cfg, id)
	if err != nil {
		k.Problem = err.Error()
		return k
	}
	k.Name, k.Verified, k.Splits, k.Notes = p.Name, p.Verified, p.Splits, strings.TrimSpace(p.Notes)
	k.Receipts, k.Incoming = p.Receipts != nil, p.Incoming != nil
	k.Documents, k.Alphabets, k.MaxParts, k.Rate = p.Documents, p.Alphabets, p.MaxParts, p.Rate.String()
	if p.Read.Year > 0 {
		k.Read = p.Read.String()
	}
	for _, n := range p.Needs {
		k.Needs = append(k.Needs, need{n.Name, n.Words, n.Secret, n.Optional || n.Default != "", n.Default, n.Example})
	}
	return k
}

// file says where a provider file is.
func (k known) file(cfg *config.Config) string {
	path := filepath.Join(cfg.Providers, k.ID+".toml")
	switch {
	case k.Shadows:
		return path + ", in place of Postel's"
	case k.Site:
		return path
	}
	return "Postel's"
}

func (k known) splitter() string {
	if k.Splits == provider.ByProvider {
		return "the provider"
	}
	return "Postel"
}

func allProviders(t *terminal, cfg *config.Config, asJSON bool) error {
	ids, err := provider.List(providers(cfg)...)
	if err != nil {
		return err
	}
	var all []known
	broken := false
	for _, id := range ids {
		k := newKnown(cfg, id)
		broken = broken || k.Problem != ""
		all = append(all, k)
	}
	if asJSON {
		err = lines(t.out, all)
	} else {
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tPROVIDER\tVERIFIED\tCUTS LONG TEXTS\tRECEIPTS\tANSWERS\tFILE")
		for _, k := range all {
			if k.Problem != "" {
				fmt.Fprintf(w, "%s\tcannot be used: %s\n", clean(k.ID), clean(k.Problem))
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clean(k.ID), clean(k.Name), k.Verified, k.splitter(), yes(k.Receipts), yes(k.Incoming), k.file(cfg))
		}
		err = w.Flush()
	}
	if err == nil && broken {
		err = errReported
	}
	return err
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func oneProvider(t *terminal, cfg *config.Config, id string, asJSON bool) error {
	k := newKnown(cfg, id)
	switch {
	case k.Problem != "":
		return errors.New(k.Problem)
	case asJSON:
		return json.NewEncoder(t.out).Encode(k)
	}
	t.printf("%s  %s\n", clean(k.ID), clean(k.Name))
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", name, clean(value))
		}
	}
	row("verified", sureness(k.Verified))
	row("file", k.file(cfg))
	for i, d := range k.Documents {
		row([]string{"documents", ""}[min(i, 1)], d)
	}
	row("read", k.Read)
	row("alphabets", strings.Join(k.Alphabets, ", "))
	cuts := "cut by " + k.splitter()
	if k.MaxParts > 0 {
		cuts += fmt.Sprintf(", at most %s", count(k.MaxParts, "part"))
	}
	row("long texts", cuts)
	row("rate", k.Rate)
	row("receipts", yes(k.Receipts))
	row("answers", yes(k.Incoming))
	fmt.Fprintf(w, "needs\t\n")
	for _, n := range k.Needs {
		row(n.Name, n.about())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if k.Notes != "" {
		t.printf("notes\n%s\n", indented(k.Notes))
	}
	return nil
}

// indented sets notes off by two spaces, and folds their lines, except for those
// that are set off already: they are to be copied.
func indented(notes string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(notes)) {
		line = clean(strings.TrimRight(line, "\n"))
		if strings.HasPrefix(line, " ") {
			b.WriteString("  " + line + "\n")
			continue
		}
		b.WriteString(fold(line) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// fold breaks a line into several of at most 80 columns.
func fold(line string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(line) {
		n := utf8.RuneCountInString(word) + 1
		switch {
		case column == 0:
			b.WriteString(" ")
			column = 1
		case column+n > 80:
			b.WriteString("\n ")
			column = 1
		}
		b.WriteString(" " + word)
		column += n
	}
	return b.String()
}
