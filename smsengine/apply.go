package smsengine

import (
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
	case Receipt:
		effects, err = m.receipt(e, now)
	case Delayed, TimedOut:
		effects, err = m.clock(e, now)
	case CancelReq, HoldReq, ResumeReq, RepeatReq:
		effects, err = m.request(e, now)
	default:
		err = ErrTransition
	}
	if err != nil {
		return before, nil, fmt.Errorf("%s in state %s, attempt %d of %d: %w", e.Kind, before.State, e.Attempt, before.Attempt, err)
	}
	return m, effects, nil
}

// claim begins an attempt. It is stored before the attempt is made.
func (m *Message) claim(e Event) error {
	if m.State != Ready || m.Unsent() == len(m.Parts) {
		return ErrTransition
	}
	m.State, m.Gateway = Sending, e.Gateway
	m.Attempt++
	m.Lease = Lease{e.Node, e.Until}
	return nil
}

// settle records what came of the attempt under way. An answer that arrives
// after the attempt was given up as lost still clears the doubt.
func (m *Message) settle(e Event, now time.Time) ([]Effect, error) {
	if e.Attempt != m.Attempt {
		return nil, ErrStale
	}
	late := m.State == Unsure && (e.Kind == Taken || e.Kind == PartTaken || e.Kind == Refused || e.Kind == Deferred)
	if m.State != Sending && !late {
		return nil, ErrTransition
	}
	if e.Kind != Lost && e.Kind != Released && (e.Part < 0 || e.Part >= len(m.Parts)) {
		return nil, ErrTransition
	}
	switch e.Kind {
	case PartTaken:
		m.take(e)
		m.State, m.Lease.Until = Sending, e.Until
		return nil, nil
	case Taken:
		return m.taken(e, now), nil
	case Deferred:
		m.Status, m.Next = e.Status, e.Until
		m.Parts[e.Part].State = PartWaiting
		return m.rest(now), nil
	case Released:
		m.Attempt--
		m.Next = now
		return m.rest(now), nil
	case Refused:
		m.Status = e.Status
		m.Parts[e.Part].State, m.Parts[e.Part].Status = PartFailed, e.Status
		return m.end(Failed, ActionFailed, now), nil
	}
	return m.doubt(e, now), nil // InDoubt, Lost
}

// take marks the part, or the whole message, as taken by the gateway.
func (m *Message) take(e Event) {
	first, last := e.Part, e.Part
	if e.Taken.Whole {
		first, last = 0, len(m.Parts)-1
	}
	for i := first; i <= last; i++ {
		m.Parts[i].State, m.Parts[i].Reference = PartSent, e.Taken.Reference
	}
}

func (m *Message) taken(e Event, now time.Time) []Effect {
	m.take(e)
	m.free()
	m.State, m.Status = Sent, Status{}
	m.Awaits = e.Taken.Receipts
	var effects []Effect
	if m.LinkFor > 0 && !m.From.IsZero() && !e.Taken.Ours.IsZero() {
		effects = append(effects, MakeLink{Link{
			Ours: e.Taken.Ours, Theirs: m.To, Sender: m.From,
			Message: m.ID, Expires: now.Add(m.LinkFor),
		}})
	}
	switch {
	case e.Taken.Delivered:
		m.State = Delivered
	case !m.Awaits:
		effects = append(effects, m.report(ActionRelayed, NotifySuccess, now)...)
	}
	return effects
}

// rest ends an attempt that left the message to be tried again.
func (m *Message) rest(now time.Time) []Effect {
	m.free()
	if m.Cancel {
		m.Cancel = false
		return m.end(Cancelled, "", now)
	}
	m.State = Ready
	if m.Left() == 0 {
		m.Gateway = "" // any gateway may be next; once a part left it stays
	}
	return nil
}

// doubt marks the part in flight as perhaps sent.
func (m *Message) doubt(e Event, now time.Time) []Effect {
	i := e.Part
	if e.Kind == Lost {
		i = m.Unsent()
	}
	if i < len(m.Parts) {
		m.Parts[i].State = PartUnsure
	}
	m.free()
	m.State, m.Status, m.Awaits = Unsure, e.Status, true
	return m.report(ActionDelayed, NotifyDelay|NotifyFailure, now)
}

// receipt takes the network's word on a part. One that comes after the end is
// kept in the trace and changes only its part.
func (m *Message) receipt(e Event, now time.Time) ([]Effect, error) {
	if e.Part < 0 || e.Part >= len(m.Parts) || m.State == Ready && m.Parts[e.Part].State == PartWaiting {
		return nil, ErrTransition
	}
	p := &m.Parts[e.Part]
	if e.Final == "" { // the network still tries
		return nil, nil
	}
	p.State, p.Status = e.Final, e.Status
	if m.State != Sent && m.State != Unsure {
		return nil, nil
	}
	if e.Final == PartFailed {
		m.Status = e.Status
		return m.end(Failed, ActionFailed, now), nil
	}
	for _, p := range m.Parts {
		if p.State != PartDelivered {
			return nil, nil
		}
	}
	m.Status = e.Status
	return m.end(Delivered, ActionDelivered, now), nil
}

// clock is what the passing of time brings about.
func (m *Message) clock(e Event, now time.Time) ([]Effect, error) {
	waiting := m.State == Ready || m.State == Held
	if e.Kind == Delayed {
		if !waiting || m.Warn.IsZero() || now.Before(m.Warn) {
			return nil, ErrTransition
		}
		m.Warn = time.Time{}
		return m.report(ActionDelayed, NotifyDelay, now), nil
	}
	if now.Before(m.Expires) {
		return nil, ErrTransition
	}
	switch {
	case waiting:
		if m.Status.Text == "" {
			m.Status = Status{Temporary, "4.4.7", "no gateway was free in time"}
		}
		return m.end(Expired, ActionFailed, now), nil
	case m.State == Unsure:
		return m.end(Expired, ActionFailed, now), nil
	case m.State == Sent && m.Awaits: // it left, and no receipt came
		m.Awaits = false
		return m.report(ActionRelayed, NotifySuccess, now), nil
	}
	return nil, ErrTransition
}

// request is what a person, or a policy in a person's place, asks for.
func (m *Message) request(e Event, now time.Time) ([]Effect, error) {
	switch {
	case e.Kind == CancelReq && (m.State == Ready || m.State == Held || m.State == Unsure):
		m.Status = e.Status
		return m.end(Cancelled, "", now), nil
	case e.Kind == CancelReq && m.State == Sending:
		m.Cancel = true
	case e.Kind == HoldReq && m.State == Ready:
		m.State = Held
	case e.Kind == ResumeReq && m.State == Held:
		m.State, m.Next = Ready, now
	case e.Kind == RepeatReq && m.State == Unsure:
		for i, p := range m.Parts {
			if p.State == PartUnsure {
				m.Parts[i].State, m.Parts[i].Reference = PartWaiting, ""
			}
		}
		if m.Unsent() == len(m.Parts) {
			return nil, ErrTransition
		}
		m.State, m.Next, m.Awaits = Ready, now, false
	default:
		return nil, ErrTransition
	}
	return nil, nil
}

// end brings the message to a state for good. What was reserved is given back
// if no part can have left.
func (m *Message) end(s State, a Action, now time.Time) []Effect {
	m.free()
	m.State, m.Awaits = s, false
	var effects []Effect
	if s != Delivered && m.Left() == 0 && m.Cost > 0 && m.Account != "" {
		effects = append(effects, Refund{m.Account, m.Period, m.Cost})
	}
	switch a {
	case ActionFailed:
		effects = append(effects, m.report(a, NotifyFailure, now)...)
	case ActionDelivered:
		effects = append(effects, m.report(a, NotifySuccess, now)...)
	}
	return effects
}

func (m *Message) free() { m.Lease = Lease{} }

// report makes the message that tells the sender, if the sender wants to know
// and there is one. Reports and answers from phones cause no reports: there is
// nobody behind them who asked for anything (RFC 3464 §2, RFC 5321 §4.5.5).
func (m *Message) report(a Action, kind Notify, now time.Time) []Effect {
	if m.Kind != Text || m.From.Scheme != Mailto || !m.Notify.Wants(kind) {
		return nil
	}
	return []Effect{NewMessage{Message{
		Source: m.Source, Key: fmt.Sprintf("report:%s:%s:%s:%d", m.ID, a, m.State, m.Attempt),
		Kind: Report, About: m.ID, To: m.From,
		Body: Body{Notice: &Notice{
			Action: a, State: m.State, Status: m.Status, At: now,
			Gateway: m.Gateway, Sent: m.Left(), Parts: len(m.Parts),
		}},
		Notify: NotifyNever, Created: now, Expires: now.Add(ReportLife),
		Route: []string{MailGateway}, State: Ready, Next: now, Parts: []Part{{}},
	}}}
}
