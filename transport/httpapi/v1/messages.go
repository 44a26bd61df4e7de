package v1

import (
	"errors"

	"github.com/postel-mail/postel/smsengine"
)

// find gives a message of a kind that the asker may see. Whose it is else, he
// does not learn.
func (h *Handler) find(r *request, kind smsengine.Kind) (smsengine.Message, error) {
	id := smsengine.MessageID(r.PathValue("id"))
	m, err := h.o.Store.Message(r.Context(), id)
	if err != nil {
		return m, err
	}
	if m.Kind != kind || !r.sees(m.Account) {
		return smsengine.Message{}, smsengine.ErrNotFound
	}
	r.visit.Did("", m.ID)
	return m, nil
}

// message tells of one text, and all that happened to it.
func (h *Handler) message(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	m, err := h.find(r, smsengine.Text)
	if err != nil {
		return reply{}, err
	}
	return h.whole(r, m)
}

func (h *Handler) whole(r *request, m smsengine.Message) (reply, error) {
	events, err := h.o.Store.Trace(r.Context(), m.ID)
	if err != nil {
		return reply{}, err
	}
	v := viewOf(m)
	for _, e := range events {
		v.Events = append(v.Events, eventOf(e))
	}
	return reply{body: v}, nil
}

// cancel stops a text. What was stopped before is stopped; what has left is a
// conflict. While an attempt is under way it ends first, and the state says so.
func (h *Handler) cancel(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	m, err := h.find(r, smsengine.Text)
	if err != nil {
		return reply{}, err
	}
	after, err := h.o.Operator.Request(r.Context(), m.ID, smsengine.CancelReq, r.by())
	switch {
	case err == nil:
		m = after
	case errors.Is(err, smsengine.ErrTransition) && m.State == smsengine.Cancelled:
	default:
		return reply{}, err
	}
	return h.whole(r, m)
}

// received tells of one text from a phone.
func (h *Handler) received(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	m, err := h.find(r, smsengine.Incoming)
	if err != nil {
		return reply{}, err
	}
	return reply{body: receivedOf(m)}, nil
}
