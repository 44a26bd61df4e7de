package smsengine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Route is who may send a message: groups of gateways, the best first. Which
// gateway sends is decided when the message is claimed, so that nothing that
// waits has to be rewritten when a gateway fails, or comes back.
//
// As a text it is "cheap1 cheap2 |30s dear": a bar between groups, with the
// patience of the group before it, if it has any.
type Route []Group

// Group is gateways of equal rank: whichever is free takes the message.
type Group struct {
	Gateways []string
	// Patience is how long a message that is due waits for these gateways while
	// they can send and are busy, before those of the next group may take it. 0: as
	// long as it takes. Where none of them can send, the next group need not wait.
	Patience time.Duration
}

// Over is the route over gateways of equal rank.
func Over(gateways ...string) Route {
	if len(gateways) == 0 {
		return nil
	}
	return Route{{Gateways: gateways}}
}

// Has reports whether the gateway is one of the route.
func (r Route) Has(gateway string) bool {
	return slices.ContainsFunc(r, func(g Group) bool { return slices.Contains(g.Gateways, gateway) })
}

// group is the one that the gateway is in.
func (r Route) group(gateway string) Group {
	for _, g := range r {
		if slices.Contains(g.Gateways, gateway) {
			return g
		}
	}
	return Group{}
}

// Gateways are all of them, those of the best group first.
func (r Route) Gateways() []string {
	var all []string
	for _, g := range r {
		all = append(all, g.Gateways...)
	}
	return all
}

// Keep leaves the gateways that are as asked for, in their order and rank.
func (r Route) Keep(ok func(gateway string) bool) Route {
	var kept Route
	for _, g := range r {
		left := slices.DeleteFunc(slices.Clone(g.Gateways), func(id string) bool { return !ok(id) })
		if len(left) > 0 {
			kept = append(kept, Group{left, g.Patience})
		}
	}
	return kept
}

// String is the route as it is stored. The patience of the last group, which
// nothing follows, is left out.
func (r Route) String() string {
	var b strings.Builder
	for i, g := range r {
		if i > 0 {
			b.WriteString(" |")
			if p := r[i-1].Patience; p > 0 {
				b.WriteString(Rate{Every: p}.Window())
			}
			b.WriteByte(' ')
		}
		b.WriteString(strings.Join(g.Gateways, " "))
	}
	return b.String()
}

// ParseRoute reads what String wrote.
func ParseRoute(text string) (Route, error) {
	var r Route
	last := Group{}
	for _, word := range strings.Fields(text) {
		patience, bar := strings.CutPrefix(word, "|")
		if !bar {
			last.Gateways = append(last.Gateways, word)
			continue
		}
		if len(last.Gateways) == 0 {
			return nil, fmt.Errorf("route %q: a group without gateways", text)
		}
		if patience != "" {
			d, err := time.ParseDuration(patience)
			if err != nil || d <= 0 {
				return nil, fmt.Errorf("route %q: %q is no time", text, patience)
			}
			last.Patience = d
		}
		r, last = append(r, last), Group{}
	}
	switch {
	case len(last.Gateways) > 0:
		r = append(r, last)
	case len(r) > 0:
		return nil, fmt.Errorf("route %q: a group without gateways", text)
	}
	return r, nil
}

// MarshalText writes the route as String does.
func (r Route) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Route) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRoute(string(text))
	return err
}
