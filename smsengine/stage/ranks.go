package stage

import (
	"cmp"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// ranks makes a route of the gateways that a rule lists: with costs the cheapest
// first, with weights the one whose turn it is, otherwise as they stand. By chance,
// 0..65535 and the same for the same message, it is whose turn it is.
func ranks(names []rule.Choice, chance uint16, patience time.Duration) smsengine.Route {
	names = slices.Clone(names)
	total := 0.0
	for _, n := range names {
		total += n.Weight
	}
	if total > 0 {
		at := float64(chance) / 65536 * total
		for i, n := range names {
			if at -= n.Weight; at < 0 {
				names = slices.Insert(slices.Delete(names, i, i+1), 0, n)
				break
			}
		}
	}
	priced := slices.ContainsFunc(names, func(n rule.Choice) bool { return n.Cost > 0 })
	if priced {
		slices.SortStableFunc(names, func(a, b rule.Choice) int { return cmp.Compare(a.Cost, b.Cost) })
	}
	var route smsengine.Route
	for i, n := range names {
		if last := len(route) - 1; priced && i > 0 && n.Cost == names[i-1].Cost {
			route[last].Gateways = append(route[last].Gateways, n.Name)
			continue
		}
		route = append(route, smsengine.Group{Gateways: []string{n.Name}, Patience: patience})
	}
	return route
}
