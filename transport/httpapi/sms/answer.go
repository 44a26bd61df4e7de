package sms

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

// answer is what came of each number.
type answer []outcome

// outcome is what came of one. The number is as it was understood; one that was
// not is told by its place.
type outcome struct {
	Number    string              `json:"number"`
	ID        smsengine.MessageID `json:"id,omitempty"`
	Duplicate bool                `json:"duplicate,omitempty"` // the same msgid came before
	Dropped   string              `json:"-"`
	Error     *refusal            `json:"error,omitempty"`

	err error
}

// refusal is why a number gets no text.
type refusal struct {
	Status int    `json:"status"` // what the answer's would be if it were the only one
	Code   string `json:"code"`   // RFC 3463
	Detail string `json:"detail"`
}

// problem describes why a number gets no text; its Status is 200 if it gets one.
func (o outcome) problem() httpapi.Problem {
	err := o.err
	if o.Dropped != "" {
		err = smsengine.Fail("sms", smsengine.Permanent, "5.7.1", "not sent: "+o.Dropped, nil)
	}
	if err == nil {
		return httpapi.Problem{Status: http.StatusOK}
	}
	return httpapi.ProblemOf(err)
}

// line says in text that it was taken.
func (o outcome) line() string {
	words := []string{"OK"}
	if o.ID != "" {
		words = append(words, string(o.ID))
	}
	words = append(words, o.Number)
	if o.Duplicate {
		words = append(words, "duplicate")
	}
	return strings.Join(words, " ") + "\n"
}

// write says what came of the numbers: 200 if all were taken, 207 if some were.
// If none was, it is the status of the first, or of the first that another try
// can help.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	taken := 0
	var worst httpapi.Problem
	var text strings.Builder
	for i := range a {
		p := a[i].problem()
		if p.Status == http.StatusOK {
			taken++
			text.WriteString(a[i].line())
			continue
		}
		a[i].Error = &refusal{p.Status, p.Code, p.Detail}
		fmt.Fprintf(&text, "ERROR %s %s: %s\n", p.Code, a[i].Number, httpapi.Line(p.Detail))
		if worst.Status == 0 || worst.Wait == 0 && p.Wait > 0 {
			worst = p
		}
	}
	status := http.StatusOK
	switch {
	case taken == 0:
		worst.Head(w)
		status = worst.Status
	case taken < len(a):
		status = http.StatusMultiStatus
	}
	if httpapi.WantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": a}) // whoever went away asks again with the same msgid
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text.String()))
}

// refuse answers a request that does not come to the Desk.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := httpapi.ProblemOf(err)
	switch {
	case errors.Is(err, errMediaType):
		p.Status, p.Title = http.StatusUnsupportedMediaType, http.StatusText(http.StatusUnsupportedMediaType)
	case p.Status == http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	if p.Status >= http.StatusInternalServerError {
		h.Log.Warn("a request was not served", "code", p.Code, "err", err)
	}
	write(w, r, p)
}

// write answers with a problem, in the form that the client asks for.
func write(w http.ResponseWriter, r *http.Request, p httpapi.Problem) {
	if httpapi.WantsJSON(r) {
		p.Write(w)
		return
	}
	p.WriteText(w)
}
