package provider

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Answer says what the provider's answer to [Send] means. The first that has
// something to say decides: a Match in the body, the Codes, the HTTP Status,
// the common rule ([CommonStatus]).
type Answer struct {
	// ID is where the provider's name for the text stands, by which receipts will
	// find it. "msgid" is our own, which the request carried. An accepted
	// answer without it is uncertain, unless IDOptional is set.
	ID         Where `toml:"id"`
	IDOptional bool  `toml:"id_optional"`
	// Code is where the provider's own code stands. If there are several, as with
	// "json:/messages/*/status", and they do not agree, the worst counts; if some
	// say accepted and others do not, the outcome is uncertain.
	Code []Where `toml:"code"`
	// Words is where the provider says it in words, which only the log sees.
	Words []Where `toml:"words"`

	Match  []Match            `toml:"match"`
	Codes  map[string]Outcome `toml:"codes"`  // "*": any other code
	Status map[string]Outcome `toml:"status"` // "201", "2xx", "400-499"
}

// Match looks for a regular expression in the answer's body.
type Match struct {
	Text Regexp `toml:"text"`
	// Status limits it to answers of these HTTP status codes, as "2xx"; "": any.
	Status  string  `toml:"status"`
	Outcome Outcome `toml:"outcome"`
}

// OutcomeKind is what an answer means for the text and for the gateway.
type OutcomeKind string

// The kinds.
const (
	Accepted  OutcomeKind = "accepted"
	Permanent OutcomeKind = "permanent" // this text can never be sent here
	Temporary OutcomeKind = "temporary" // nothing was sent; later it can be
	Uncertain OutcomeKind = "uncertain" // perhaps sent
	// Nothing was sent, and nothing will be until somebody pays or sets the
	// credentials right: the gateway is held, the text is not to blame.
	Credit      OutcomeKind = "credit"
	Credentials OutcomeKind = "credentials"
	// Nothing was sent, since requests come too fast: the gateway rests a while.
	Throttled OutcomeKind = "throttled"
)

// Outcome is a kind with a code of RFC 3463 and words for strangers, written
// "permanent 5.1.1 there is no such number". Code and words may be left out.
type Outcome struct {
	Kind OutcomeKind
	Code string
	Text string
}

// defaults are code and words of outcomes that have none of their own.
var defaults = map[OutcomeKind]Outcome{
	Accepted:    {Accepted, "2.0.0", "accepted"},
	Permanent:   {Permanent, "5.0.0", "the provider refused the text"},
	Temporary:   {Temporary, "4.3.0", "the provider cannot take texts at the moment"},
	Uncertain:   {Uncertain, "4.4.2", "the provider did not say whether it took the text"},
	Credit:      {Credit, "4.3.1", "the provider takes no texts at the moment"},
	Credentials: {Credentials, "4.3.5", "the provider takes no texts at the moment"},
	Throttled:   {Throttled, "4.3.2", "the provider takes no more texts at the moment"},
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// UnmarshalText reads kind, code and words.
func (o *Outcome) UnmarshalText(text []byte) error {
	kind, rest, _ := strings.Cut(string(text), " ")
	v, ok := defaults[OutcomeKind(kind)]
	if !ok {
		return fmt.Errorf("%q is no outcome: there are accepted, permanent, temporary, throttled, credit, credentials and uncertain", kind)
	}
	code, words, _ := strings.Cut(rest, " ")
	if enhanced.MatchString(code) {
		if code[0] != v.Code[0] {
			return fmt.Errorf("%s: the code of what is %s begins with %q (RFC 3463)", code, kind, v.Code[:2])
		}
		v.Code, rest = code, words
	}
	if rest != "" {
		v.Text = rest
	}
	*o = v
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func (o Outcome) String() string {
	return strings.TrimRight(string(o.Kind)+" "+o.Code+" "+o.Text, " ")
}

// NewOutcome is the outcome of a kind, with the words that every provider gets.
func NewOutcome(kind OutcomeKind) Outcome { return defaults[kind] }

// CommonStatus is what an HTTP status code (RFC 9110 §15) means where a
// provider file says nothing. The codes of somebody in between, who knows not
// what the provider did, are uncertain.
func CommonStatus(status int) Outcome {
	switch {
	case status >= 200 && status < 300:
		return NewOutcome(Accepted)
	case status == 401, status == 403:
		return NewOutcome(Credentials)
	case status == 402:
		return NewOutcome(Credit)
	case status == 408, status == 425, status == 500, status == 503:
		return NewOutcome(Temporary)
	case status == 429:
		return NewOutcome(Throttled)
	case status >= 500:
		return NewOutcome(Uncertain)
	case status >= 400:
		return NewOutcome(Permanent)
	case status >= 300: // never followed: nobody took the text
		return Outcome{Temporary, "4.3.5", "the provider's address has changed"}
	}
	return NewOutcome(Uncertain)
}

// statusRange is "201", "2xx" or "400-499".
type statusRange struct{ low, high int }

func parseStatus(s string) (r statusRange, err error) {
	low, high, is := strings.Cut(s, "-")
	switch {
	case len(s) == 3 && s[1:] == "xx":
		low, high = s[:1]+"00", s[:1]+"99"
	case !is:
		high = low
	}
	r.low, err = strconv.Atoi(low)
	if err == nil {
		r.high, err = strconv.Atoi(high)
	}
	if err != nil || r.low < 100 || r.high > 599 || r.low > r.high {
		return r, errors.New(`want HTTP status codes: "201", "2xx" or "400-499"`)
	}
	return r, nil
}

// ByStatus is the outcome that the file gives an HTTP status: that of the
// narrowest range that has it.
func (a *Answer) ByStatus(status int) (Outcome, bool) {
	var best Outcome
	width := 1000
	for s, o := range a.Status {
		if r, err := parseStatus(s); err == nil && r.low <= status && status <= r.high && r.high-r.low < width {
			best, width = o, r.high-r.low
		}
	}
	return best, width < 1000
}

// Concerns reports whether a Match is about answers of this HTTP status.
func (m Match) Concerns(status int) bool {
	if m.Status == "" {
		return true
	}
	r, err := parseStatus(m.Status)
	return err == nil && r.low <= status && status <= r.high
}

// Regexp is a regular expression (package regexp), of which a file is sure that
// it compiles.
type Regexp struct{ *regexp.Regexp }

// UnmarshalText compiles it.
func (r *Regexp) UnmarshalText(text []byte) (err error) {
	r.Regexp, err = regexp.Compile(string(text))
	return err
}
