package smsengine

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Claim says what a node can send now.
type Claim struct {
	Node  string
	Room  map[string]int // gateway → free places
	Now   time.Time
	Until time.Time

	// Able are the gateways that can send now, though they may be busy. Where none
	// of a group can, the next group stands in. One that is not able may have room
	// all the same, for a single text that tries.
	Able map[string]bool
	// Shares are what gateways of one group are chosen by. Absent: all alike.
	Shares map[string]Share
}

// Share is how much a gateway has to do, and how much it is to have.
type Share struct {
	Weight   int     // against others of its group; 0 counts as 1
	UnderWay int     // attempts
	Turn     float64 // grows with each attempt by 1/Weight: the lowest is next
}

// load is what is under way in proportion to the weight.
func (s Share) load() float64 { return float64(s.UnderWay) / s.weight() }

func (s Share) weight() float64 { return float64(max(s.Weight, 1)) }

// before reports whether s should take a message rather than t: who has less to
// do, else whose turn it is.
func (s Share) before(t Share) bool {
	if a, b := s.load(), t.load(); a != b {
		return a < b
	}
	return s.Turn < t.Turn
}

// Places are the free places of a Claim while they are given out.
type Places struct {
	Claim
	copied bool // Room and Shares are our own
}

// Places begins to give out the places of a claim, which stays as it is.
func (c Claim) Places() *Places { return &Places{Claim: c} }

// Choose gives the gateway that begins an attempt at a message, "" if none does:
// the one that has it already, else the best of its route. A group's turn comes
// when none of those before can send, or the message has waited for longer than
// their patience.
func (p *Places) Choose(m Message) string {
	if m.Gateway != "" {
		if p.Room[m.Gateway] > 0 {
			return m.Gateway
		}
		return ""
	}
	waited, wait := p.Now.Sub(m.Next), time.Duration(0)
	for _, g := range m.Route {
		if waited < wait {
			return ""
		}
		if best := p.best(g); best != "" {
			return best
		}
		if !p.closed(g) {
			if g.Patience == 0 {
				return ""
			}
			wait += g.Patience
		}
	}
	return ""
}

// Take takes one of a gateway's places for a message.
func (p *Places) Take(gateway string, r Route) {
	if !p.copied {
		p.Room, p.Shares, p.copied = maps.Clone(p.Room), maps.Clone(p.Shares), true
	}
	p.Room[gateway]--
	if s, known := p.Shares[gateway]; known {
		turn(p.Shares, gateway, r)
		s.UnderWay, s.Turn = s.UnderWay+1, p.Shares[gateway].Turn
		p.Shares[gateway] = s
	}
}

// Reach says how much room there is for unbound messages of a route at most, and
// how long one must have been due to get any of it. No room: none is claimed.
func (p *Places) Reach(r Route) (room int, wait time.Duration) {
	after := time.Duration(0)
	for _, g := range r {
		for _, id := range g.Gateways {
			if n := p.Room[id]; n > 0 {
				if room == 0 {
					wait = after
				}
				room += n
			}
		}
		if !p.closed(g) {
			if g.Patience == 0 {
				break
			}
			after += g.Patience
		}
	}
	return room, wait
}

// best is the gateway of a group that has room and the least to do.
func (p *Places) best(g Group) string {
	best := ""
	for _, id := range g.Gateways {
		if p.Room[id] > 0 && (best == "" || p.Shares[id].before(p.Shares[best])) {
			best = id
		}
	}
	return best
}

// closed reports whether no gateway of the group can send.
func (p *Places) closed(g Group) bool {
	return !slices.ContainsFunc(g.Gateways, func(id string) bool { return p.Able[id] })
}

// turn notes in shares that a gateway got a message of a route, where it shares
// its rank with others.
func turn(shares map[string]Share, gateway string, r Route) {
	group := r.group(gateway).Gateways
	if len(group) < 2 {
		return
	}
	lowest := math.Inf(1)
	for _, id := range group {
		if other, known := shares[id]; known && id != gateway {
			lowest = min(lowest, other.Turn)
		}
	}
	s := shares[gateway]
	s.Turn = max(s.Turn, lowest-1) + 1/s.weight()
	shares[gateway] = s
}
