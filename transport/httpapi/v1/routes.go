package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

// route is one thing that can be asked.
type route struct {
	method, path string
	scope        smsengine.Scopes // that a token needs
	call         func(*request) (reply, error)
}

// routes is all of them but the description, which is for everybody.
func (h *Handler) routes() []route {
	return []route{
		{"POST", "/v1/messages", smsengine.ScopeSend, h.send},
		{"GET", "/v1/messages", smsengine.ScopeRead, h.messages},
		{"GET", "/v1/messages/{id}", smsengine.ScopeRead, h.message},
		{"DELETE", "/v1/messages/{id}", smsengine.ScopeSend, h.cancel},
		{"POST", "/v1/messages/{id}/cancel", smsengine.ScopeSend, h.cancel},
		{"GET", "/v1/incoming", smsengine.ScopeIncoming, h.incoming},
		{"GET", "/v1/incoming/{id}", smsengine.ScopeIncoming, h.received},
		{"GET", "/v1/usage", smsengine.ScopeRead, h.usage},
		{"POST", "/v1/webhooks", smsengine.ScopeWebhooks, h.makeWebhook},
		{"GET", "/v1/webhooks", smsengine.ScopeWebhooks, h.webhooks},
		{"GET", "/v1/webhooks/{name}", smsengine.ScopeWebhooks, h.webhook},
		{"DELETE", "/v1/webhooks/{name}", smsengine.ScopeWebhooks, h.removeWebhook},
		{"POST", "/v1/webhooks/{name}/test", smsengine.ScopeWebhooks, h.tryWebhook},
		{"GET", "/v1/webhooks/{name}/calls", smsengine.ScopeWebhooks, h.calls},
		{"POST", "/v1/webhooks/{name}/calls/{id}/retry", smsengine.ScopeWebhooks, h.retryCall},
		{"POST", "/v1/webhooks/{name}/retry", smsengine.ScopeWebhooks, h.retryAll},
	}
}

// request is one from somebody who may make it.
type request struct {
	*http.Request
	login httpapi.Login
	visit *httpapi.Visit
}

// sees reports whether the messages of an account are the asker's to see.
func (r *request) sees(account string) bool {
	return account == r.login.Account || r.login.Scopes.Has(smsengine.ScopeAdmin)
}

// by is who asks, for traces and the log.
func (r *request) by() string {
	if r.login.Key == "" {
		return r.login.User
	}
	return r.login.User + ", by token " + r.login.Key
}

// reply is what is answered: JSON, and where it can be asked for.
type reply struct {
	status   int // 0: 200; 204 has no body
	location string
	body     any
}

// answer makes a handler of a route.
func (h *Handler) answer(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := h.do(rt, r)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		if out.status == http.StatusNoContent {
			w.WriteHeader(out.status)
			return
		}
		body := new(bytes.Buffer)
		lines := json.NewEncoder(body)
		lines.SetEscapeHTML(false) // it is no HTML, and "<" is easier to read than \u003c
		if err := lines.Encode(out.body); err != nil {
			h.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if out.location != "" {
			w.Header().Set("Location", out.location)
		}
		if out.status != 0 {
			w.WriteHeader(out.status)
		}
		_, _ = w.Write(body.Bytes()) // who went away needs no answer
	}
}

// do lets those in who may ask, and asks.
func (h *Handler) do(rt route, r *http.Request) (reply, error) {
	login, err := httpapi.Authenticate(r, h.o.Logins)
	if err != nil {
		return reply{}, err
	}
	if err := login.May(rt.scope); err != nil {
		return reply{}, err
	}
	return rt.call(&request{r, login, httpapi.VisitOf(r)})
}

// refuse answers with a problem. What nobody worded stays in the log.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if all, ok := errors.AsType[*refusedAll](err); ok {
		all.write(w)
		return
	}
	_, worded := errors.AsType[*smsengine.Error](err)
	if !worded && r.Context().Err() == nil && !errors.Is(err, smsengine.ErrNotFound) && !errors.Is(err, smsengine.ErrTransition) {
		h.o.Log.Error("http request failed", "path", "/v1/", "err", err)
	}
	problem(err).Write(w)
}

// problem describes an error. Some have a status of HTTP that no code of mail has.
func problem(err error) httpapi.Problem {
	p := httpapi.ProblemOf(err)
	if special, ok := errors.AsType[*httpError](err); ok {
		p.Status, p.Title = special.status, http.StatusText(special.status)
	}
	return p
}

// httpError is an error with a status of HTTP of its own.
type httpError struct {
	error
	status int
}

func (e *httpError) Unwrap() error { return e.error }

func withStatus(status int, code, words string) error {
	return &httpError{smsengine.Fail("http", smsengine.Permanent, code, words, nil), status}
}

// lost answers where there is no route: 404, or 405 with the methods that there
// are, as the mux would say it.
func (h *Handler) lost(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	said := silent{}
	handler.ServeHTTP(said, r)
	err := withStatus(http.StatusNotFound, "5.5.1", "there is nothing here; /v1/openapi.json says what there is")
	if allow := http.Header(said).Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		err = withStatus(http.StatusMethodNotAllowed, "5.5.1", "this can be asked with "+strings.ReplaceAll(allow, ", ", " or "))
	}
	problem(err).Write(w)
}

// silent takes an answer for its header alone.
type silent http.Header

func (s silent) Header() http.Header         { return http.Header(s) }
func (s silent) Write(b []byte) (int, error) { return len(b), nil }
func (s silent) WriteHeader(int)             {}
