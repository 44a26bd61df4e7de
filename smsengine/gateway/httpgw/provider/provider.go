// Package provider reads provider files: what a company's HTTP interface for
// texts looks like, in TOML and without code.
//
// A file says how a text is handed over ([Send]), what the answer means
// ([Answer]), and how texts from phones and receipts come back ([Incoming],
// [Receipts]). Three things recur in all of it:
//
//   - a [Template] is a text with variables, in the language of package
//     template: "%number%", "%data%", and the names of the [Need]s;
//   - a [Where] says where something stands in an answer or a request:
//     "json:/messages/0/id", "form:From", "header:Location";
//   - an [Outcome] says what a provider's code means: "permanent 5.1.1 there is
//     no such number".
//
// The files that come with Postel are in contrib/gateways, with a README that
// says how to write one.
package provider

import (
	"slices"

	"github.com/pelletier/go-toml/v2"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// Provider is what a provider file says.
type Provider struct {
	// ID is the file's name without ".toml"; [gateway.http] provider names it.
	ID string `toml:"-"`
	// Name is what people call the provider.
	Name string `toml:"name"`
	// Documents are the addresses of the provider's documents that this follows.
	Documents []string `toml:"documents"`
	// Read is the day on which they were read.
	Read toml.LocalDate `toml:"read"`
	// Verified is how sure it is.
	Verified Verified `toml:"verified"`
	// Notes are for the administrator: what the provider does unasked, and what
	// has to be set in its console.
	Notes string `toml:"notes"`

	// Needs are the values that a site has to give, in the order of asking.
	Needs []Need `toml:"need"`

	// Splits is who cuts long texts: "provider", which is handed whole texts, or
	// "postel", which sends part by part.
	Splits Splitter `toml:"splits"`
	// Alphabets that it carries: "gsm7", "ucs2", "binary".
	Alphabets []string `toml:"alphabets"`
	// MaxParts is how many parts one text may have, as Postel counts them; 0: any
	// number.
	MaxParts int `toml:"max_parts"`
	// Rate is how many requests it takes, such as "10/s"; zero: any.
	Rate Rate `toml:"rate"`
	// Concurrency is how many requests it takes at a time; 0: any number.
	Concurrency int `toml:"concurrency"`

	Send     Send      `toml:"send"`
	Answer   Answer    `toml:"answer"`
	Incoming *Incoming `toml:"incoming"` // nil: texts from phones do not come over HTTP
	Receipts *Receipts `toml:"receipts"` // nil: there are none
}

// Need is a value that a site has to give: an account's name, a key.
type Need struct {
	// Name of the variable, as [template.CheckName] wants it.
	Name string `toml:"name"`
	// Words say what it is and where it is found, for who is asked for it.
	Words string `toml:"words"`
	// Secret values are read from files, and shown to nobody.
	Secret bool `toml:"secret"`
	// Template is set where the value is a whole URL in the language of package
	// template: send.url is this variable and nothing else.
	Template bool `toml:"template"`
	// Default is what it is if the site does not say; Optional needs may be empty.
	Default  string `toml:"default"`
	Optional bool   `toml:"optional"`
	// Example is shown when it is asked for.
	Example string `toml:"example"`
}

// Verified is how sure a provider file is.
type Verified string

// The degrees.
const (
	Unverified Verified = "unverified" // some of it is from memory or hearsay: a comment in the file says what
	ByDocs     Verified = "docs"       // what it says was read in the documents that it names
	Live       Verified = "live"       // has sent and received at the provider
)

// Splitter is who cuts long texts.
type Splitter string

// Who may.
const (
	ByProvider Splitter = "provider"
	ByPostel   Splitter = "postel"
)

// Settings are the needs as package template knows them.
func (p *Provider) Settings() []template.Setting {
	var all []template.Setting
	for _, n := range p.Needs {
		all = append(all, template.Setting{Name: n.Name, Secret: n.Secret})
	}
	return all
}

// Need finds a need by its name.
func (p *Provider) Need(name string) (Need, bool) {
	for _, n := range p.Needs {
		if n.Name == name {
			return n, true
		}
	}
	return Need{}, false
}

// Carries reports whether it carries texts in an alphabet.
func (p *Provider) Carries(alphabet string) bool {
	return slices.Contains(p.Alphabets, alphabet)
}
