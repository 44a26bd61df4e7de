package provider_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

const guide = "../../../../docs/providers.md"

// TestGuide compares the tables of docs/providers.md with the files: one row for
// each in the first, and something to know about each in the second.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := provider.List(gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	rows, known := map[string]string{}, map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		cells := strings.Split(line, " | ")
		id, is := strings.CutPrefix(cells[0], "| `")
		id, _, _ = strings.Cut(id, "`")
		switch {
		case !is:
		case !slices.Contains(ids, id):
			t.Errorf("there is no provider %q", id)
		case len(cells) > 2:
			rows[id] = line
		default:
			known[id] = len(cells[1])
		}
	}
	for _, id := range ids {
		p, err := provider.Load(id, gateways.Files)
		if err != nil {
			t.Fatal(err)
		}
		if want := row(p); rows[id] != want {
			t.Errorf("the guide says\n%s\nwant\n%s", rows[id], want)
		}
		if known[id] < 40 {
			t.Errorf("%s: there is nothing to know about it", id)
		}
	}
}

// row is what the guide's first table says of a provider.
func row(p *provider.Provider) string {
	var needs []string
	for _, n := range p.Needs {
		s := "`" + n.Name + "`"
		if n.Secret {
			s = "secret " + s
		}
		if n.Optional || n.Default != "" {
			s = "perhaps " + s
		}
		needs = append(needs, s)
	}
	return fmt.Sprintf("| `%s` %s | %s | %s | %s | %s | %s | %s | %s |", p.ID, p.Name, strings.Join(needs, ", "),
		p.Splits, limits(p), yes(p.Incoming != nil), yes(p.Receipts != nil), signed(p), p.Verified)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func limits(p *provider.Provider) string {
	var all []string
	if p.MaxParts > 0 {
		all = append(all, fmt.Sprintf("%d parts", p.MaxParts))
	}
	if !p.Rate.IsZero() {
		all = append(all, p.Rate.String())
	}
	if p.Carries("binary") {
		all = append(all, "binary, too")
	}
	if !p.Carries("ucs2") {
		all = append(all, "no Unicode")
	}
	if all == nil {
		return "–"
	}
	return strings.Join(all, ", ")
}

// signed says how the provider's own requests are known.
func signed(p *provider.Provider) string {
	var s *provider.Signature
	switch {
	case p.Incoming != nil:
		s = &p.Incoming.Signature
	case p.Receipts != nil:
		s = &p.Receipts.Signature
	default:
		return "–"
	}
	switch {
	case s.Kind == provider.NoSignature:
		return "none"
	case s.Optional:
		return "perhaps " + string(s.Kind)
	}
	return string(s.Kind)
}
