package smsengine

import "time"

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
	if m.Expires.IsZero() || now.Before(m.Expires) {
		return nil, ErrTransition
	}
	switch {
	case waiting:
		if m.Status.Text == "" {
			m.Status = Status{Class: Temporary, Code: "4.4.7", Text: "no gateway was free in time"}
		}
		return m.end(Expired, ActionFailed, now), nil
	case m.State == Unsure:
		return m.end(Expired, ActionFailed, now), nil
	case m.State == Sent && m.Awaits:
		return m.relayed(now), nil
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
		m.repeat(now)
	default:
		return nil, ErrTransition
	}
	return nil, nil
}
