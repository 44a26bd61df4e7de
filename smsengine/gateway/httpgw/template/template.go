// Package template is the language in which the address, the fields and the
// body of a request to an HTTP provider are written: fixed text, with variables
// such as %number% and %udh;len;hex% in it. docs/url-templates.md describes it
// for those who write templates.
//
// Parse reads a template once, and says with line, column and remedy what is
// wrong with it. Expand fills it in for one text, and escapes what it fills in
// for the Place where it stands, so that nothing that a stranger wrote can
// become a parameter, a header or a second host. Masked and String are for
// logs: they show no secrets.
//
// The language is that of IceWarp's SMS gateways, whose URLs work as they are
// printed in its manual; what its manual leaves open is decided here, and said
// where it is decided.
//
// Everything here is pure, and a Template may be used by many goroutines.
package template

import (
	"slices"

	"github.com/postel-mail/postel/smsengine/sms"
)

// Values are what one text is, and what the gateway's configuration adds.
type Values struct {
	Number           string // of the phone, "+15555550123"
	Alphabet         sms.Alphabet
	Text             string // what it says; not for sms.Binary
	Data             []byte // of sms.Binary, the header not included
	UDH              []byte // user data header with its length octet first, as in sms.Part; nil if none
	PID, DCS         string // TP-PID and TP-DCS, decimal, where the sender named them; else ""
	Sender           string // the number or name that it comes from
	SenderPhoneAlias string // the phone number of the person who sends
	Parts            int    // SMS that the whole text takes
	MsgID            string // our name for it, the same at each repetition
	// Settings are the values of the variables that Parse was told of. One that
	// is used and not there is an error of Expand; one that is empty is not.
	Settings map[string]string
}

// Setting is a variable that gets its value from the gateway's configuration.
type Setting struct {
	Name   string // as CheckName wants it
	Secret bool   // Masked never shows it
}

// Place says where the template, or what comes of it, stands.
type Place uint8

const (
	// URL is a whole URL, http or https. Values are percent-encoded. Settings may
	// stand in the host, or at the very beginning, as the URL that the template
	// goes on from. White space at the ends, around ? & = and around line ends
	// does not count; other spaces are %20.
	URL Place = iota
	// Form is a whole query or body of a form, a=1&b=%data%. As in a URL.
	Form
	// Field is one value of a query or a form, which the caller percent-encodes.
	// It may have any octets.
	Field
	// Text is one value that the caller quotes or encodes, and that must be
	// UTF-8: a value of a JSON object that is marshalled, a user name.
	Text
	// JSON is a whole JSON document. Values are escaped within its strings;
	// numbers may stand outside of them, too.
	JSON
	// Header is the value of a header field. Control characters are refused.
	Header
)

// Template is a text with variables in it. Parse makes it; it does not change.
type Template struct {
	place  Place
	pieces []piece
}

// piece is fixed text, or a variable if it has a name.
type piece struct {
	fixed, masked string // as it goes out; as it is shown in logs
	name          string
	spot          spot
	secret        bool // what comes out is not shown
	steps         []step
}

// Uses reports whether a variable stands in the template: "udh", or the name of
// a Setting.
func (t *Template) Uses(name string) bool { return slices.Contains(t.Variables(), name) }

// Variables gives the names of the variables in the template, each once, in the
// order in which they first stand there; body is data, and dsc is dcs.
func (t *Template) Variables() []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range t.pieces {
		if p.name != "" && !seen[p.name] {
			seen[p.name] = true
			names = append(names, p.name)
		}
	}
	return names
}

// Carries reports whether what a text of this alphabet says stands in what
// Expand gives: data with a condition that it does not meet, or no data at all,
// does not carry it.
func (t *Template) Carries(a sms.Alphabet) bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool { return p.name == "data" && p.stands(a) })
}

// TellsBinary reports whether what Expand gives can be told from a text where it
// is of sms.Binary: by %binary%, a header, a coding scheme, a condition, or data
// that is always encoded. Without any of them a provider takes octets for the
// letters of their base64.
func (t *Template) TellsBinary() bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool {
		switch p.name {
		case "binary", "udh", "dcs":
			return true
		}
		return slices.ContainsFunc(p.steps, func(s step) bool {
			return s.kind == stepBinary || p.name == "data" && (s.kind == stepHex || s.kind == stepB64 || s.kind == stepRaw)
		})
	})
}
