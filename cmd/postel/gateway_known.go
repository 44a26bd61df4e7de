package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

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
