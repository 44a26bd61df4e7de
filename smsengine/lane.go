package smsengine

import "time"

// lane is a gateway under one setting.
type lane struct {
	Lane
	*stint
}

// laneOf fills in what a Lane leaves open. Its stint is yet to come.
func laneOf(l Lane) *lane {
	if l.Concurrency <= 0 {
		l.Concurrency = 1
	}
	if l.Timeout <= 0 {
		l.Timeout = 3 * time.Minute
	}
	return &lane{Lane: l}
}

// latest is the lane as it is set now, or as it was when its gateway was dismissed.
func (e *Engine) latest(l *lane) *lane {
	if now := e.setting.Load().lanes[l.id]; now != nil && now.stint == l.stint {
		return now
	}
	return l
}

// room is how many attempts may begin now.
func (l *lane) room(now time.Time) int { return min(l.free(), l.gate.room(now)) }

// take takes a place if one is free and the gate is open; give gives back n that
// are not used, leave the one of an attempt that was made.
func (l *lane) take(now time.Time) bool {
	if !l.places.take() {
		return false
	}
	if !l.gate.take(now) {
		l.leave()
		return false
	}
	return true
}

func (l *lane) give(n int) {
	for range n {
		l.leave()
	}
	l.gate.give(n)
}

// share is what the lane is chosen by, against others of its group.
func (l *lane) share(turn float64) Share {
	return Share{Weight: l.Weight, UnderWay: l.underWay(), Turn: turn}
}

func (l *lane) whole() bool {
	s, ok := l.Gateway.(Splitter)
	return ok && s.Whole()
}
