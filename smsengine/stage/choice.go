package stage

import (
	"cmp"
	"slices"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/price"
)

// Way is a gateway to the telephone network as the choice sees it. The zero Way
// carries everything, everywhere, at no cost.
type Way struct {
	Can    *smsengine.Abilities // nil: nobody knows what it cannot carry
	Prices *price.Table         // by prefix; nil: all numbers have the same
	Cost   *price.Price         // of a part to a number that Prices does not list; nil: it does not reach it, without Prices 0

	// Fallback are gateways that take the texts that are for this one alone while
	// it cannot send, best first.
	Fallback []string
}

// cost is what a part to a number costs, if the way reaches it. Short codes are in
// no table.
func (w Way) cost(number string) (p price.Price, reaches bool) {
	if w.Prices != nil && number != "" && number[0] == '+' {
		if p, listed, reached := w.Prices.Of(number); listed || w.Cost == nil {
			return p, reached
		}
	}
	if w.Cost == nil {
		return 0, true
	}
	return *w.Cost, true
}

// choice is the making of one message's route.
type choice struct {
	Config
	d      *smsengine.Draft
	costs  map[string]price.Price // of those that stay, where there are any
	passed []passed
}

// passed is a gateway that was passed over.
type passed struct {
	id, why string
	err     *smsengine.Error // for the sender, if no gateway is left
}

// stayWith is the route over one gateway, and those that stand in for it.
func (ch *choice) stayWith(id string) {
	route := smsengine.Route{{Gateways: []string{id}}}
	for _, other := range ch.Ways[id].Fallback {
		route = append(route, smsengine.Group{Gateways: []string{other}})
	}
	ch.d.Message.Route = route
	ch.keep(ch.carries)
}

// leastCost is the route over all gateways that can take the message, those that
// cost the same in one group. What not every gateway can, and no text needs, is
// asked for only as long as somebody can.
func (ch *choice) leastCost() {
	ch.d.Message.Route = smsengine.Over(ch.Phones...)
	ch.keep(ch.carries)
	if sender := named(ch.d.Params, "sender"); sender != "" {
		ch.prefer(func(id string) bool {
			return ch.Numbers[id].Value == sender || ch.has(id, func(a smsengine.Abilities) bool { return a.Sender })
		}, "this gateway cannot show another sender")
	}
	if n := ch.d.Message.Notify; n&smsengine.NotifySuccess != 0 && n.Wants(smsengine.NotifySuccess) {
		ch.prefer(func(id string) bool { return ch.has(id, func(a smsengine.Abilities) bool { return a.Receipts }) }, "this gateway does not tell what became of a text")
	}
	ch.rank()
}

// rank puts what costs less first.
func (ch *choice) rank() {
	ids, costs := ch.d.Message.Route.Gateways(), map[string]price.Price{}
	priced := false
	for _, id := range ids {
		costs[id], _ = ch.Ways[id].cost(ch.d.Message.To.Value)
		priced = priced || costs[id] > 0
	}
	if !priced {
		return
	}
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(costs[a], costs[b]) })
	var route smsengine.Route
	for i, id := range ids {
		if i == 0 || costs[id] != costs[ids[i-1]] {
			route = append(route, smsengine.Group{Patience: ch.Patience})
		}
		last := &route[len(route)-1]
		last.Gateways = append(last.Gateways, id)
	}
	ch.d.Message.Route, ch.costs = route, costs
}

// carries says why a gateway cannot take the message; nil if it can. At RCPT time
// there is no text yet.
func (ch *choice) carries(id string) *smsengine.Error {
	w := ch.Ways[id]
	if _, reaches := w.cost(ch.d.Message.To.Value); !reaches {
		return smsengine.Fail("route", smsengine.Permanent, unreached, "no gateway reaches this number", nil)
	}
	if w.Can == nil || ch.d.Preview {
		return nil
	}
	return w.Can.Carries(ch.d.Message)
}

// unreached is the code of a number that a gateway has no way to (RFC 3463 §3.5).
const unreached = "5.4.4"

// prefer leaves the gateways that are as wished, if there are any.
func (ch *choice) prefer(wished func(id string) bool, why string) {
	if !slices.ContainsFunc(ch.d.Message.Route.Gateways(), wished) {
		return
	}
	ch.keep(func(id string) *smsengine.Error {
		if wished(id) {
			return nil
		}
		return smsengine.Fail("route", smsengine.Permanent, "5.6.1", why, nil)
	})
}

// has reports whether a gateway has an ability, or nobody knows.
func (ch *choice) has(id string, ability func(smsengine.Abilities) bool) bool {
	can := ch.Ways[id].Can
	return can == nil || ability(*can)
}

// keep leaves the gateways that nothing is said against, and remembers the others.
func (ch *choice) keep(against func(id string) *smsengine.Error) {
	ch.d.Message.Route = ch.d.Message.Route.Keep(func(id string) bool {
		err := against(id)
		if err != nil {
			why := err.Text
			if err.Code == unreached {
				why = "it does not reach this number"
			}
			ch.passed = append(ch.passed, passed{id, why, err})
			ch.d.Passed = append(ch.d.Passed, smsengine.Passed{Gateway: id, Why: why})
		}
		return err == nil
	})
}

// none is the refusal of a message that no gateway can take: what is said against
// one that reaches the number, if one does.
func (ch *choice) none() error {
	err := ch.passed[0].err
	for _, p := range ch.passed {
		if p.err.Code != unreached {
			err = p.err
		}
	}
	return err
}
