package smsengine

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// ReportLife is how long Postel tries to hand a report or an answer to the MTA.
const ReportLife = 5 * 24 * time.Hour

// Apply gives the message as it is after the event, and what must be stored
// with it. It is pure: it changes neither m nor its parts, and the same
// arguments give the same result. now is the time of the decision, in UTC.
//
// An event of an attempt that is over gives ErrStale, one that cannot happen in
// the message's state ErrTransition; m is returned unchanged then.
func (m Message) Apply(e Event, now time.Time) (Message, []Effect, error) {
	before := m
	m.Parts = slices.Clone(m.Parts)
	var effects []Effect
	var err error
	switch e.Kind {
	case Claimed:
		err = m.claim(e)
	case PartTaken, Taken, Deferred, Refused, InDoubt, Lost, Released:
		effects, err = m.settle(e, now)
		if e.Kind != Lost { // the attempt's answer, which came now
			tried(effects, now)
		}
	case Receipt:
		effects, err = m.receipt(e, now)
	case Delayed, TimedOut:
		effects, err = m.clock(e, now)
	case Bounced:
		effects, err = m.bounce(e, now)
	case CancelReq, HoldReq, ResumeReq, RepeatReq:
		effects, err = m.request(e, now)
	default:
		err = ErrTransition
	}
	if err != nil {
		return before, nil, fmt.Errorf("%s in state %s, attempt %d of %d: %w", e.Kind, before.State, e.Attempt, before.Attempt, err)
	}
	if m.State != before.State && (m.State == Failed || m.State == Expired) {
		effects = append(effects, m.undelivered(e, now)...)
		effects = append(effects, m.fallBack(now)...)
	}
	if e.Kind == TimedOut && m.State == Sent { // nobody has confirmed it
		effects = append(effects, m.fallBack(now)...)
	}
	if m.State != before.State {
		effects = append(effects, m.calls(now)...)
	}
	return m, effects, nil
}

// tried notes in reports when the attempt that they are due to ended.
func tried(effects []Effect, now time.Time) {
	for _, e := range effects {
		if r, ok := e.(NewMessage); ok && r.Message.Body.Notice != nil {
			r.Message.Body.Notice.Tried = now
		}
	}
}

// claim begins an attempt. It is stored before the attempt is made. The gateway
// is one of the route, and the same one again once a part may have left.
func (m *Message) claim(e Event) error {
	bound := m.Gateway != "" && m.Gateway != e.Gateway
	if m.State != Ready || m.Unsent() == len(m.Parts) || bound || !m.Route.Has(e.Gateway) ||
		e.Node == "" || e.Until.IsZero() {
		return ErrTransition
	}
	m.State, m.Gateway = Sending, e.Gateway
	m.Attempt++
	m.Lease = Lease{e.Node, e.Until}
	return nil
}

// settle records what came of the attempt under way. An answer that arrives
// after the attempt was given up as lost still clears the doubt. Parts go in
// order, so an answer is about the first one that has none.
func (m *Message) settle(e Event, now time.Time) ([]Effect, error) {
	if e.Attempt != m.Attempt {
		return nil, ErrStale
	}
	late := m.State == Unsure && e.Kind != InDoubt && e.Kind != Lost
	if m.State != Sending && !late {
		return nil, ErrTransition
	}
	for i := range m.Parts {
		if late && m.Parts[i].State == PartUnsure {
			m.Parts[i].State, m.Parts[i].Reference = PartWaiting, ""
		}
	}
	switch e.Kind {
	case Deferred:
		m.Status, m.Next = e.Status, e.Until
		return m.rest(now), nil
	case Released:
		m.Next = now
		return m.rest(now), nil
	case Lost:
		e.Part = m.Unsent()
		return m.doubt(e, now), nil
	}
	if e.Part != m.Unsent() {
		return nil, ErrTransition
	}
	switch e.Kind {
	case InDoubt:
		return m.doubt(e, now), nil
	case Refused:
		m.Status = e.Status
		effects := m.end(Failed, ActionFailed, now) // before it is marked: this part did not leave
		m.Parts[e.Part].State, m.Parts[e.Part].Status = PartFailed, e.Status
		return effects, nil
	}
	return m.take(e, now) // PartTaken, Taken
}

// take goes on to the next part, or ends the attempt with the last one.
func (m *Message) take(e Event, now time.Time) ([]Effect, error) {
	m.mark(e, PartSent)
	if e.Taken.Delivered {
		m.mark(e, PartDelivered)
	}
	more := m.Unsent() < len(m.Parts)
	if more != (e.Kind == PartTaken) {
		return nil, ErrTransition
	}
	if !more {
		return m.sent(e, now), nil
	}
	m.State, m.Awaits, m.Lease.Node = Sending, false, cmp.Or(m.Lease.Node, e.Node)
	if e.Until.After(m.Lease.Until) {
		m.Lease.Until = e.Until
	}
	if m.Lease.Node == "" || m.Lease.Until.IsZero() { // late, and nobody says that he goes on
		return nil, ErrTransition
	}
	return nil, nil
}

// mark sets the part that the event is about, or all from there on if the
// gateway has them whole.
func (m *Message) mark(e Event, s PartState) {
	last := e.Part
	if e.Taken.Whole {
		last = len(m.Parts) - 1
	}
	for i := e.Part; i <= last; i++ {
		m.Parts[i].State, m.Parts[i].Reference = s, e.Taken.Reference
	}
}

// sent ends the attempt that brought out the last part.
func (m *Message) sent(e Event, now time.Time) []Effect {
	m.free()
	m.State, m.Status, m.Awaits = Sent, Status{}, true
	var effects []Effect
	if m.LinkFor > 0 && !m.From.IsZero() && !e.Taken.Ours.IsZero() {
		effects = append(effects, MakeLink{Link{
			Ours: e.Taken.Ours, Theirs: m.To, Sender: m.From,
			Message: m.ID, Expires: now.Add(m.LinkFor), Name: m.Body.Name,
		}})
	}
	final, ended := m.heard(now)
	if !ended && !e.Taken.Receipts {
		final = m.relayed(now)
	}
	return append(effects, final...)
}

// relayed gives up waiting for receipts: it left, and that is all there is to know.
func (m *Message) relayed(now time.Time) []Effect {
	m.Awaits = false
	return m.report(ActionRelayed, NotifySuccess, now)
}

// rest ends an attempt that left the message to be tried again.
func (m *Message) rest(now time.Time) []Effect {
	cancel := m.Cancel
	m.free()
	if effects, ended := m.heard(now); ended {
		return effects
	}
	if cancel {
		return m.end(Cancelled, "", now)
	}
	m.State, m.Awaits = Ready, false
	if m.untouched() {
		m.Gateway = "" // any gateway may be next; once a part left it stays
	}
	return nil
}

// doubt ends an attempt that perhaps sent a part. Policy may have said that it
// is sent again: Until is the time then.
func (m *Message) doubt(e Event, now time.Time) []Effect {
	cancel := m.Cancel
	m.mark(e, PartUnsure)
	m.free()
	m.Status = Status{
		Class: Uncertain, Code: cmp.Or(e.Status.Code, "4.4.2"), Diagnostic: e.Status.Diagnostic,
		Text: cmp.Or(e.Status.Text, "the answer was lost, so the text may have been sent"),
	}
	if effects, ended := m.heard(now); ended {
		return effects
	}
	if cancel {
		return m.end(Cancelled, "", now)
	}
	if !e.Until.IsZero() {
		m.repeat(e.Until)
		return nil
	}
	m.State, m.Awaits = Unsure, true
	return m.report(ActionDelayed, NotifyDelay, now)
}

// repeat lets what is unsure be sent again, over the same gateway.
func (m *Message) repeat(next time.Time) {
	for i := range m.Parts {
		if p := &m.Parts[i]; p.State == PartUnsure {
			p.State, p.Reference = PartWaiting, ""
		}
	}
	m.State, m.Next, m.Awaits = Ready, next, false
	m.Repeats++
}
