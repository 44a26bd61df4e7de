package v1

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// call is a call to a webhook.
type call struct {
	ID          smsengine.MessageID `json:"id"`
	Event       string              `json:"event"`   // "message.delivered"
	Message     smsengine.MessageID `json:"message"` // that it is about
	Account     string              `json:"account,omitempty"`
	State       callState           `json:"state"`
	Attempts    int                 `json:"attempts"`
	Status      *status             `json:"status,omitempty"` // of the last attempt, or of the end
	HappenedAt  time.Time           `json:"happened_at"`      // what it tells of
	CreatedAt   time.Time           `json:"created_at"`
	NextAttempt time.Time           `json:"next_attempt_at,omitzero"` // while it waits: not before
	ExpiresAt   time.Time           `json:"expires_at"`
	Again       smsengine.MessageID `json:"retried_as,omitempty"` // the call that was made in its place
}

type callList struct {
	Calls []call `json:"calls"`
	Next  string `json:"next,omitempty"`
}

// retried is what came of asking for all failed calls of a webhook again.
type retried struct {
	Retried int  `json:"retried"` // new calls
	More    bool `json:"more"`    // there may be more: ask again
}

// callState is where a call stands, as far as it matters to a program.
type callState string

const (
	callWaiting   callState = "waiting"   // for its turn, or another attempt
	callTaken     callState = "taken"     // the program has it
	callFailed    callState = "failed"    // given up: refused, or out of time
	callCancelled callState = "cancelled" // somebody stopped it
)

// callStates are the states of messages behind those of calls.
var callStates = map[callState][]smsengine.State{
	callWaiting:   {smsengine.Ready, smsengine.Held, smsengine.Sending, smsengine.Unsure},
	callTaken:     {smsengine.Sent, smsengine.Delivered},
	callFailed:    smsengine.GivenUp(),
	callCancelled: {smsengine.Cancelled},
}

var callsParams = []string{"state", "since", "until", "order", "limit", "cursor"}

func callOf(m smsengine.Message) call {
	c := call{
		ID: m.ID, Message: m.About, Account: m.Account, Attempts: m.Attempt, Status: statusOf(m.Status),
		CreatedAt: m.Created.UTC(), ExpiresAt: m.Expires.UTC(),
	}
	for name, states := range callStates {
		for _, s := range states {
			if s == m.State {
				c.State = name
			}
		}
	}
	if m.State == smsengine.Ready {
		c.NextAttempt = m.Next.UTC()
	}
	if n := m.Body.Notice; n != nil {
		c.Event, c.HappenedAt = eventPrefix+n.Occasion.String(), n.At.UTC()
	}
	return c
}

// calls lists what a webhook was called for. The failed ones are its dead letters.
func (h *Handler) calls(r *request) (reply, error) {
	w, err := h.findWebhook(r)
	if err != nil {
		return reply{}, err
	}
	q := queryOf(r, callsParams...)
	f := h.filter(r, q, smsengine.Call)
	f.Account, f.Address = w.Account, w.Address()
	if q.get("state") != "" {
		for name := range strings.SplitSeq(q.get("state"), ",") {
			states, known := callStates[callState(name)]
			if !known {
				q.wrong("state", "want states with commas between them: waiting, taken, failed, cancelled")
			}
			f.States = append(f.States, states...)
		}
	}
	ms, next, err := h.page(r, q, f)
	if err != nil {
		return reply{}, err
	}
	list := callList{Calls: make([]call, len(ms)), Next: next}
	for i, m := range ms {
		if list.Calls[i], err = h.viewCall(r, m); err != nil {
			return reply{}, err
		}
	}
	return reply{body: list}, nil
}

// viewCall shows a call with what was made in its place.
func (h *Handler) viewCall(r *request, m smsengine.Message) (call, error) {
	c := callOf(m)
	if c.State != callFailed {
		return c, nil
	}
	again, err := smsengine.Again(r.Context(), h.o.Webhooks.Store, m.ID)
	if errors.Is(err, smsengine.ErrNotFound) {
		return c, nil
	}
	c.Again = again
	return c, err
}

// retryCall makes a failed call anew. Asked twice, it tells of the same new call.
func (h *Handler) retryCall(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	w, err := h.findWebhook(r)
	if err != nil {
		return reply{}, err
	}
	m, err := h.o.Store.Message(r.Context(), smsengine.MessageID(r.PathValue("id")))
	if errors.Is(err, smsengine.ErrNotFound) || err == nil && (m.Kind != smsengine.Call || m.To != w.Address() || !w.Hears(m.Account)) {
		return reply{}, withStatus(http.StatusNotFound, "5.1.0", "there is no such call of this webhook")
	}
	if err != nil {
		return reply{}, err
	}
	again, _, err := h.o.Webhooks.Engine.CallAgain(r.Context(), m.ID, r.by())
	if errors.Is(err, smsengine.ErrTransition) {
		err = withStatus(http.StatusConflict, "5.5.1", "the call has not failed: it is "+string(callOf(m).State))
	}
	if err != nil {
		return reply{}, err
	}
	if m, err = h.o.Store.Message(r.Context(), again); err != nil {
		return reply{}, err
	}
	r.visit.Did("", m.ID)
	c, err := h.viewCall(r, m)
	return reply{status: http.StatusAccepted, body: c}, err
}

// retryAll makes all failed calls of a webhook anew, so many at a time.
func (h *Handler) retryAll(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	w, err := h.findWebhook(r)
	if err != nil {
		return reply{}, err
	}
	n, more, err := h.o.Webhooks.Engine.AllAgain(r.Context(), w.Name, r.by(), maxRetries)
	return reply{status: http.StatusAccepted, body: retried{n, more}}, err
}

// maxRetries is how many calls one request makes anew.
const maxRetries = 500
