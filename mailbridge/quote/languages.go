package quote

import (
	"slices"
	"strings"
)

// language is what mail programs and companies write in a language around the
// words of a person. Alternatives are separated by "|"; case does not matter.
type language struct {
	tag string // BCP 47

	// The line above a quote: "On Mon, 5 Jan 2026, John wrote:".
	opens  string // the words that it begins with
	verbs  string // the words that it has for "wrote"
	days   string // how the days of the week begin
	months string // how the months begin

	// The names of the header fields above what Outlook quotes.
	from, sent, to, cc, subject string

	original  string // the line of dashes above a quoted mail, without them
	forwarded string // the line above a forwarded mail, without dashes and colon

	answers  string // how the subject of an answer begins, before the colon
	forwards string // how that of a forward does

	// Footers of mail programs: "*" is a device or a program.
	mobile  string
	offer   string // "*" is Outlook, which they advertise
	phones  string // words in "*" for the device itself
	filler  string // words that may stand beside them
	excuses string // stems of what people add: "please excuse typos"

	// Footers of mailing lists, as they begin.
	list string

	// Footers of companies.
	titles    string // that stand above them
	notices   string // how they begin
	secret    string // stems that they have for "confidential",
	recipient string // for "recipient",
	erase     string // and for "delete", "notify" or "copy"
	complete  string // how footers of virus scanners and printers begin
	green     string // stems that the latter have for "environment"
	printing  string // and for "print"
	outside   string // how a warning begins that the mail came from outside
	seldom    string // how Outlook begins to say that an author is new
	beware    string // stems that the rest of it has
}

// languages is what is known of each. To add one, add it to its group, and cases
// to testdata/reply.
var languages = slices.Concat(western, northern, eastern, asian)

// gather puts together what all languages have for something, folded: a mail may
// have several.
func gather(of func(language) string) phrases {
	var all phrases
	seen := map[string]bool{}
	for _, l := range languages {
		for phrase := range strings.SplitSeq(of(l), "|") {
			if phrase = folded(phrase); phrase != "" && !seen[phrase] {
				seen[phrase] = true
				all = append(all, phrase)
			}
		}
	}
	return all
}
