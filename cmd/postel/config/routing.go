package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/price"
)

// Routing is how a gateway is chosen for a text that names none. docs/routing.md
// explains it with examples.
type Routing struct {
	// How long a text waits for a gateway that costs less and is busy, before one
	// that costs more may take it. "0": as long as it takes. It never waits for one
	// that cannot send.
	Patience Duration `toml:"patience"`
}

// Sending is when a gateway sends, and how much, and what it costs.
type Sending struct {
	// How much of the texts it gets, against other gateways that cost the same.
	Weight int `toml:"weight"`
	// What a part costs in whatever currency, "0.05"; gateways that cost less go
	// first. Empty: nothing, or with prices, that it reaches no number but those
	// listed.
	Cost Price `toml:"cost"`
	// A file with what a part costs by prefix of the number: a line for each, as
	// "+4917,0.07", or "+881,-" where it has no way. The longest prefix counts.
	Prices string `toml:"prices"`
	// Gateways that take the texts which are for this one alone, while it cannot
	// send, the best first. Empty: those texts wait for it.
	Fallback []string `toml:"fallback"`
	// The most parts that it may send: "1/s", "30/m", "200/h" or "1000/d", which is
	// a day of the calendar. Several hold together, as ["30/m", "1000/d"].
	Rate []smsengine.Rate `toml:"rate"`
	// When it sends, by the clock of access.time_zone: hours, with days of the week
	// or without, as ["mon-fri 08:00-20:00", "22:00-06:00"]. Empty: always.
	Window []smsengine.Window `toml:"window"`
}

// Price is what a part costs, written "0.05", or "" for nothing said.
type Price struct {
	Price price.Price
	Set   bool
}

// UnmarshalText reads a price.
func (p *Price) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Price{}
		return nil
	}
	v, err := price.Parse(string(text))
	if err == nil {
		*p = Price{v, true}
	}
	return err
}

// MarshalText writes what UnmarshalText reads.
func (p Price) MarshalText() ([]byte, error) {
	if !p.Set {
		return nil, nil
	}
	return []byte(p.Price.String()), nil
}

// The largest weight, and the largest rate of less than a day.
const (
	mostWeight = 1000
	mostRate   = 100000
)

func (r *reader) checkSending(s *Sending, id, key string) {
	if s.Weight < 1 || s.Weight > mostWeight {
		r.bad(key+".weight", fmt.Sprintf("write 1 to %d", mostWeight), "%d is no weight", s.Weight)
	}
	ids := r.gatewayIDs()
	for i, f := range s.Fallback {
		switch {
		case f == id:
			r.bad(key+".fallback", "name others", "the gateway %q stands in for itself", f)
		case !slices.Contains(ids, f):
			r.bad(key+".fallback", mistake.Suggest(f, ids), "there is no gateway %q", f)
		case slices.Contains(s.Fallback[:i], f):
			r.bad(key+".fallback", "name it once", "%q is there twice", f)
		}
	}
	for i, rate := range s.Rate {
		switch {
		case rate.Parts == 0:
			r.bad(key+".rate", "leave it out", "a rate of none is no rate")
		case rate.Every > time.Hour && rate.Every != smsengine.Day:
			r.bad(key+".rate", `write "/s", "/m", "/h" or "/d"`, "%s: a span of more than an hour is a day", rate)
		case rate.Every < smsengine.Day && rate.Parts > mostRate:
			r.bad(key+".rate", fmt.Sprintf("write at most %d", mostRate), "%s is no limit worth keeping", rate)
		case slices.ContainsFunc(s.Rate[:i], func(o smsengine.Rate) bool { return o.Every == rate.Every }):
			r.bad(key+".rate", "keep the lower one", "there are two rates for %s", rate.Window())
		}
	}
}

func (r *reader) gatewayIDs() []string {
	var ids []string
	for _, g := range r.cfg.Gateways {
		ids = append(ids, g.ID)
	}
	return ids
}
