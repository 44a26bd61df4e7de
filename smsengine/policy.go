package smsengine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Policy is what one level (built-in, site, domain, account) says about sending.
// A key that is nil says nothing: the next level above speaks then, key by key.
// The comments are what the documentation of postel.toml says.
type Policy struct {
	// Whether texts may be sent at all. Nobody may unless some level says true.
	Send *bool `toml:"send" json:"send,omitempty" example:"true"`
	// How much may be sent in a calendar month, in the unit of limit_unit. 0: any
	// number.
	MonthlyLimit *int `toml:"monthly_limit" json:"monthly_limit,omitempty" example:"500"`
	// What the monthly limit counts: "parts", each SMS on the air, or "messages",
	// each text, however long.
	LimitUnit *LimitUnit `toml:"limit_unit" json:"limit_unit,omitempty"`
	// How many parts a text may have. A longer one is cut. maxmsgs in an address or
	// request allows fewer, and more unless the account itself says max_parts.
	MaxParts *int `toml:"max_parts" json:"max_parts,omitempty"`
	// How many parts may be sent in a time, "100/1h"; "none" for any number. Who is
	// faster is told to come again (450).
	Rate *Rate `toml:"rate" json:"rate,omitempty"`
	// Where texts may go: "home" is the country of region, "+44" all numbers that
	// begin so, "72727" a short code, "*" everywhere.
	Allow []string `toml:"allow" json:"allow,omitzero"`
	// Where texts may not go, whatever allow says: "premium" is numbers that cost
	// extra, "satellite" satellite telephones and international networks, "+882" all
	// numbers that begin so. [] denies nothing.
	Deny []string `toml:"deny" json:"deny,omitzero"`
	// How many parts may go in an hour to countries that only "*" allows. More
	// than that stops the account, and the administrator gets a mail. 0: any number.
	UnusualBurst *int `toml:"unusual_burst" json:"unusual_burst,omitempty"`
	// The gateway that texts leave through. Empty: any that is free.
	Gateway *string `toml:"gateway" json:"gateway,omitempty"`
	// The number or name that texts come from, where a gateway lets us choose. Empty:
	// the gateway's. "*": the same, and whoever writes may choose any.
	Sender *string `toml:"sender" json:"sender,omitempty" example:"\"+15555550123\""`
	// What whoever writes may choose, with sender= in the address or request, to be
	// shown in place of that: "own", what sender says; "gateways", the number of any
	// gateway; a number, in any form; "+1555*", all that begin so; a name of at most
	// 11 letters; "*", anything. [] lets nobody choose.
	SenderAllow []string `toml:"sender_allow" json:"sender_allow,omitzero" example:"[\"gateways\", \"+15555550123\", \"EXAMPLE\"]"`
	// Which envelope senders a user may write from, for answers and reports go
	// there: "own", the user's own addresses, or "any", if the mail server already
	// sees to it (Postfix: reject_sender_login_mismatch).
	Senders *string `toml:"senders" json:"senders,omitempty"`
	// What a text says of a mail: {text}, {subject}, {from}, {name}, {date}, {size},
	// {attachments}. {text|subject} is the first that is not empty; what stands in
	// [brackets] is left out if all in it are empty. Or the name of a template of
	// [text.templates].
	Template *string `toml:"template" json:"template,omitempty" example:"\"[{subject}: ]{text}\""`
	// What is left out of a mail: "quotes", the mail that it answers; "signature",
	// what stands below "-- "; "mobile", the footers of phones; "list", those of
	// mailing lists; "disclaimer", those of companies. [] leaves all in.
	Strip []string `toml:"strip" json:"strip,omitzero"`
	// What becomes of attachments: "leave-out"; "name", their names stand in the
	// text; "link", a link to each, which serves it for the time of
	// attachments.lifetime.
	Attachments *string `toml:"attachments" json:"attachments,omitempty"`
	// Whether typographic quotes, dashes and letters that the GSM alphabet lacks are
	// replaced by near ones where that makes a text cheaper.
	Transliterate *bool `toml:"transliterate" json:"transliterate,omitempty"`
	// National tables of the GSM alphabet that may be used where they make a text
	// cheaper, if gateways and phones know them: "turkish", "spanish", "portuguese",
	// "bengali", "gujarati", "hindi", "kannada", "malayalam", "oriya", "punjabi",
	// "tamil", "telugu", "urdu".
	NationalTables []string `toml:"national_tables" json:"national_tables,omitzero" example:"[\"turkish\"]"`
	// What happens to a text with more than max_parts: "cut" ends it at a word with
	// an ellipsis, "refuse" sends nothing.
	TooLong *string `toml:"too_long" json:"too_long,omitempty"`
	// Mail of machines that becomes texts: "auto-generated", alerts and logs; "list",
	// mailing lists; "feedback", complaints; "invited", the first two where an address
	// bears the account's key or password, and alerts from networks and local users
	// that the account pays for. Bounces, reports and automatic answers never do.
	MachineMail []string `toml:"machine_mail" json:"machine_mail,omitzero" example:"[\"auto-generated\"]"`
	// How often the same text may go from one sender to one number in a time; more
	// of them are dropped, and the sender is told once. "none" for any number.
	Identical *Rate `toml:"identical" json:"identical,omitempty"`
	// The language of reports: "en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs",
	// "ru" or "sv". Empty: that of the mail, or English.
	Language *string `toml:"language" json:"language,omitempty"`
	// The last day on which texts may be sent, "2027-01-31". Empty: no end.
	Expires *Date `toml:"expires" json:"expires,omitempty"`
}

// BuiltIn is the level below all others. It says something about every key.
var BuiltIn = Policy{
	Send:           new(false),
	MonthlyLimit:   new(0),
	LimitUnit:      new(CountParts),
	MaxParts:       new(3),
	Rate:           new(Rate{100, time.Hour}),
	Allow:          []string{"home"},
	Deny:           []string{"premium", "satellite"},
	UnusualBurst:   new(10),
	Gateway:        new(""),
	Sender:         new(""),
	SenderAllow:    []string{"own", "gateways"},
	Senders:        new("own"),
	Template:       new("{text|subject}"),
	Strip:          []string{"quotes", "signature", "mobile", "list", "disclaimer"},
	Attachments:    new("leave-out"),
	Transliterate:  new(false),
	NationalTables: []string{},
	TooLong:        new("cut"),
	MachineMail:    []string{InvitedMail},
	Identical:      new(Rate{3, time.Hour}),
	Language:       new(""),
	Expires:        new(Date("")),
}

// Terms are what all levels together say.
type Terms struct {
	Send           bool
	MonthlyLimit   int
	LimitUnit      LimitUnit
	MaxParts       int
	OwnParts       int // what the account itself says of MaxParts; 0: nothing
	Rate           Rate
	Allow, Deny    []string
	UnusualBurst   int
	Gateway        string
	Sender         string
	SenderAllow    []string
	Senders        string
	Template       string
	Strip          []string
	Attachments    string
	Transliterate  bool
	NationalTables []string
	TooLong        string
	MachineMail    []string
	Identical      Rate
	Language       string
	Expires        Date
}

// LimitUnit is what a monthly limit counts.
type LimitUnit string

// The units.
const (
	CountParts    LimitUnit = "parts"
	CountMessages LimitUnit = "messages"
)

// UnmarshalText reads a unit.
func (u *LimitUnit) UnmarshalText(text []byte) error {
	switch v := LimitUnit(text); v {
	case CountParts, CountMessages:
		*u = v
		return nil
	}
	return errors.New(`want "parts" or "messages"`)
}

// MarshalText writes what UnmarshalText reads.
func (u LimitUnit) MarshalText() ([]byte, error) { return []byte(u), nil }

// Rate is how many parts may be sent in a time. The zero Rate is any number.
type Rate struct {
	Parts int
	Every time.Duration
}

var errRate = errors.New(`want a rate such as "100/1h" or "5/1m", or "none"`)

// UnmarshalText reads a rate: "100/1h", "5/m", "1000/d", "none".
func (r *Rate) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "none" {
		*r = Rate{}
		return nil
	}
	parts, every, ok := strings.Cut(s, "/")
	if every == "s" || every == "m" || every == "h" {
		every = "1" + every
	}
	if every == "d" {
		every = "24h"
	}
	n, err := strconv.Atoi(parts)
	d, derr := time.ParseDuration(every)
	if !ok || err != nil || derr != nil || n < 1 || n > 1e9 || d < time.Second || d > 24*time.Hour {
		return errRate
	}
	*r = Rate{n, d}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Rate) String() string {
	if r.Parts == 0 {
		return "none"
	}
	return fmt.Sprintf("%d/%s", r.Parts, r.Window())
}

// Window is the time in words: "1h", where Duration says "1h0m0s".
func (r Rate) Window() string {
	every := r.Every.String()
	if strings.HasSuffix(every, "m0s") {
		every = strings.TrimSuffix(every, "0s")
	}
	if strings.HasSuffix(every, "h0m") {
		every = strings.TrimSuffix(every, "0m")
	}
	return every
}

// Date is a day, "2027-01-31", or "" for none.
type Date string

// UnmarshalText reads a date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) > 0 {
		if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
			return errors.New(`want a day, year first: "2027-01-31"`)
		}
	}
	*d = Date(text)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Date) MarshalText() ([]byte, error) { return []byte(d), nil }

// Over reports whether the day has passed; now is in the site's zone.
func (d Date) Over(now time.Time) bool { return d != "" && now.Format(time.DateOnly) > string(d) }
