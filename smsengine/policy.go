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
	// How many parts a text may have. A longer one is cut; maxmsgs in an address
	// allows more or fewer.
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
	// The number or name that texts come from, where a gateway lets us choose; "*"
	// lets whoever writes choose with sender= in the address. Empty: the gateway's.
	Sender *string `toml:"sender" json:"sender,omitempty"`
	// Which envelope senders a user may write from, for answers and reports go
	// there: "own", the user's own addresses, or "any", if the mail server already
	// sees to it (Postfix: reject_sender_login_mismatch).
	Senders *string `toml:"senders" json:"senders,omitempty"`
	// The last day on which texts may be sent, "2027-01-31". Empty: no end.
	Expires *Date `toml:"expires" json:"expires,omitempty"`
}

// BuiltIn is the level below all others. It says something about every key.
var BuiltIn = Policy{
	Send:         new(false),
	MonthlyLimit: new(0),
	LimitUnit:    new(CountParts),
	MaxParts:     new(3),
	Rate:         new(Rate{100, time.Hour}),
	Allow:        []string{"home"},
	Deny:         []string{"premium", "satellite"},
	UnusualBurst: new(10),
	Gateway:      new(""),
	Sender:       new(""),
	Senders:      new("own"),
	Expires:      new(Date("")),
}

// Terms are what all levels together say.
type Terms struct {
	Send         bool
	MonthlyLimit int
	LimitUnit    LimitUnit
	MaxParts     int
	Rate         Rate
	Allow, Deny  []string
	UnusualBurst int
	Gateway      string
	Sender       string
	Senders      string
	Expires      Date
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

// UnmarshalText reads a rate: "100/1h", "5/m", "none".
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
	every := r.Every.String() // "1h0m0s"
	if strings.HasSuffix(every, "m0s") {
		every = strings.TrimSuffix(every, "0s")
	}
	if strings.HasSuffix(every, "h0m") {
		every = strings.TrimSuffix(every, "0m")
	}
	return fmt.Sprintf("%d/%s", r.Parts, every)
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
