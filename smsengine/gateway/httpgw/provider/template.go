package provider

import (
	"slices"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// Variables that the templates of a file may have, besides those of package
// template and the file's needs. They are empty where there is nothing to say.
const (
	VarIncoming = "incoming_url" // where the provider brings texts from phones
	VarReceipts = "receipts_url" // where it brings receipts
	VarSeconds  = "seconds"      // how long the text is still good for
	VarMinutes  = "minutes"      // the same, rounded up
	VarClass    = "class"        // "0" for what the phone shows at once (3GPP TS 23.038 §4)
)

var own = []template.Setting{
	{Name: VarIncoming, Secret: true}, {Name: VarReceipts, Secret: true}, // they are unguessable
	{Name: VarSeconds}, {Name: VarMinutes}, {Name: VarClass},
}

// Template is a text with variables in the language of package template.
type Template struct {
	Source string
	parsed *template.Template // nil until the file's needs are known
	wants  []string           // its variables that are settings
}

// UnmarshalText keeps the source: what variables there are is not known yet.
func (t *Template) UnmarshalText(text []byte) error {
	t.Source = string(text)
	return nil
}

// MarshalText gives the source.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.Source), nil }

// IsZero reports whether it is empty.
func (t Template) IsZero() bool { return t.Source == "" }

// NewTemplate parses a text for a place. Besides the variables that are given
// it may have those that every provider file may have.
func NewTemplate(source string, place template.Place, settings ...template.Setting) (Template, error) {
	t := Template{Source: source}
	err := t.parse(place, slices.Concat(own, settings))
	return t, err
}

func (t *Template) parse(place template.Place, settings []template.Setting) (err error) {
	if t.parsed, err = template.Parse(t.Source, place, settings...); err != nil {
		return err
	}
	for _, s := range settings {
		if t.parsed.Uses(s.Name) {
			t.wants = append(t.wants, s.Name)
		}
	}
	return nil
}

// Uses reports whether a variable stands in the template.
func (t Template) Uses(name string) bool { return t.parsed != nil && t.parsed.Uses(name) }

// Parsed is the template itself; nil if it is empty.
func (t Template) Parsed() *template.Template { return t.parsed }

// Expand fills it in. there is false if nothing comes of it, or if it has
// variables of the file or the site that are empty: then what it stands for is
// left out. The error is a *template.ValueError.
func (t Template) Expand(v template.Values) (s string, there bool, err error) {
	if t.parsed == nil {
		return "", false, nil
	}
	for _, name := range t.wants {
		if v.Settings[name] == "" {
			return "", false, nil
		}
	}
	s, err = t.parsed.Expand(v)
	return s, err == nil && (s != "" || len(t.parsed.Variables()) == 0), err
}

// Masked is what Expand gives, for logs: without secrets and without the text.
func (t Template) Masked(v template.Values) string {
	if t.parsed == nil {
		return ""
	}
	return t.parsed.Masked(v)
}
