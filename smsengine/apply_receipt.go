package smsengine

import (
	"slices"
	"time"
)

// receipt takes the network's word on a part that left. One that comes after
// the end is kept in the trace and changes only its part; one that comes while
// another part is in flight is weighed when that has its answer.
func (m *Message) receipt(e Event, now time.Time) ([]Effect, error) {
	known := e.Final == "" || e.Final == PartDelivered || e.Final == PartFailed
	if !known || e.Part < 0 || e.Part >= len(m.Parts) || m.Parts[e.Part].State == PartWaiting {
		return nil, ErrTransition
	}
	ref := m.Parts[e.Part].Reference
	for i := range m.Parts { // a gateway that took the text whole has one name for all its parts
		if p := &m.Parts[i]; i == e.Part || ref != "" && p.Reference == ref && p.State != PartWaiting {
			p.hear(e)
		}
	}
	if m.State.Final() || m.State == Sending {
		return nil, nil
	}
	effects, ended := m.heard(now)
	doubt := slices.ContainsFunc(m.Parts, func(p Part) bool { return p.State == PartUnsure })
	if ended || m.State != Unsure || doubt {
		return effects, nil
	}
	if m.Unsent() < len(m.Parts) { // the doubt is over, and there is more to send
		m.Next = now
		return m.rest(now), nil
	}
	m.State, m.Status = Sent, Status{}
	return nil, nil
}

// hear is a receipt's effect on one part. What a phone has it keeps, whatever
// comes later. A network that still tries (Final "") has the part.
func (p *Part) hear(e Event) {
	switch {
	case e.Final == "" && p.State == PartUnsure:
		p.State = PartSent
	case e.Final == PartDelivered, e.Final == PartFailed && p.State != PartDelivered:
		p.State, p.Status = e.Final, e.Status
	}
}

// heard ends the message if one of its parts failed or all were delivered.
func (m *Message) heard(now time.Time) (effects []Effect, ended bool) {
	delivered := true
	for _, p := range m.Parts {
		if p.State == PartFailed {
			m.Status = p.Status
			return m.end(Failed, ActionFailed, now), true
		}
		delivered = delivered && p.State == PartDelivered
	}
	if !delivered {
		return nil, false
	}
	m.Status = m.Parts[len(m.Parts)-1].Status
	return m.end(Delivered, ActionDelivered, now), true
}
