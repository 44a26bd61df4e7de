package smsengine

import (
	"maps"
	"sync"
	"time"
)

// turns remembers whose turn it is among gateways of one group.
type turns struct {
	mu sync.Mutex
	of map[string]Share // of all lanes; what is under way is not counted here
}

// took notes that a message is being sent.
func (t *turns) took(m Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn(t.of, m.Gateway, m.Route)
}

// set takes over the lanes of a setting. A gateway that was there keeps its turn.
func (t *turns) set(lanes map[string]*lane) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := make(map[string]Share, len(lanes))
	for id, l := range lanes {
		of[id] = Share{Weight: l.Weight, Turn: t.of[id].Turn}
	}
	t.of = of
}

// shares are those of all lanes as they are now.
func (t *turns) shares(lanes map[string]*lane) map[string]Share {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := maps.Clone(t.of)
	for id, l := range lanes {
		now[id] = l.share(now[id].Turn)
	}
	return now
}

// ableAt gives the gateways that can send. As long as they are the same it is the
// same map, which nobody changes.
func (s *setting) ableAt(now time.Time) map[string]bool {
	last := s.able.Load()
	same := last != nil
	for id, l := range s.lanes {
		same = same && (*last)[id] == l.able(now)
	}
	if same {
		return *last
	}
	able := make(map[string]bool, len(s.lanes))
	for id, l := range s.lanes {
		able[id] = l.able(now)
	}
	s.able.Store(&able)
	return able
}

func (l *lane) able(now time.Time) bool { return isOpen(l.ready()) && l.gate.able(now) }

// reserve takes a place for a message that has just come, if Claim would give it
// one now.
func (e *Engine) reserve(s *setting, m Message, c Claim) {
	for _, g := range m.Route {
		if l := e.lightest(s, g, c.Now); l != nil {
			if l.take(c.Now) {
				c.Room[l.id]++
			}
			return
		}
		for _, id := range g.Gateways {
			if c.Able[id] {
				return // it waits for that one
			}
		}
	}
}

// lightest is the lane of a group that has room, and the least to do; nil if none
// has any, or messages wait for it.
func (e *Engine) lightest(s *setting, g Group, now time.Time) *lane {
	var best *lane
	var least Share
	for _, id := range g.Gateways {
		l := s.lanes[id]
		if l == nil || l.short.Load() || !isOpen(l.ready()) || l.room(now) < 1 {
			continue
		}
		if share := l.share(e.turns.turn(id)); best == nil || share.before(least) {
			best, least = l, share
		}
	}
	return best
}

func (t *turns) turn(id string) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[id].Turn
}
