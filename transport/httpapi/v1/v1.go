// Package v1 is the JSON interface for programs, mounted at /v1/ on the listener
// of package httpapi:
//
//	POST   /v1/messages               a text, or binary data, to one or many phones
//	GET    /v1/messages               texts that were sent, the last first
//	GET    /v1/messages/{id}          one of them, with all that happened to it
//	DELETE /v1/messages/{id}          stop it, if it has not left
//	POST   /v1/messages/{id}/cancel   the same, for clients that cannot say DELETE
//	GET    /v1/incoming               texts from phones
//	GET    /v1/incoming/{id}          one of them
//	GET    /v1/usage                  what the account has used, and may use
//	POST   /v1/webhooks               an address of yours that hears what happens
//	GET    /v1/webhooks               those that there are
//	GET    /v1/webhooks/{name}        one of them
//	DELETE /v1/webhooks/{name}        an end of it
//	POST   /v1/webhooks/{name}/test   a call now, and what came of it
//	GET    /v1/webhooks/{name}/calls  what it was called for
//	POST   /v1/webhooks/{name}/calls/{id}/retry   a failed call anew
//	POST   /v1/webhooks/{name}/retry  all failed calls anew
//	GET    /v1/openapi.json           this interface, described for programs
//
// The table of routes (routes.go) names the scope that each needs. Whoever asks
// sees the messages of his own account: those of others are not there (404),
// unless he has the scope admin. Requests are read strictly: a field, or a part
// of a query, that this version does not know may change what is meant, so it is
// refused by its name (object.go, query.go). Errors are problems (RFC 9457) made
// of [smsengine.Status]. openapi.json and the tests hold the description and this
// package to each other.
package v1

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Options are what a Handler works with.
type Options struct {
	Logins httpapi.Logins
	Desk   smsengine.Desk
	// Operator does what a person asks of a message. [smsengine.Engine] is one.
	Operator interface {
		Request(ctx context.Context, id smsengine.MessageID, kind smsengine.EventKind, by string) (smsengine.Message, error)
	}
	// Store is where messages are looked at. [smsengine.Store] is one.
	Store interface {
		Message(ctx context.Context, id smsengine.MessageID) (smsengine.Message, error)
		Trace(ctx context.Context, id smsengine.MessageID) ([]smsengine.Event, error)
		List(ctx context.Context, f smsengine.Filter) ([]smsengine.Message, error)
	}
	// Usage says what an account has used and may use; ErrNotFound if there is none
	// of that name.
	Usage func(ctx context.Context, account string) (Usage, error)
	// Webhooks is where webhooks are kept and called.
	Webhooks Webhooks
	// Phones reads recipients. Prefix and Domain make an address of one that is a
	// number alone, "Prefix:number"@Domain; they must be among those that it reads.
	// An empty Prefix is "sms".
	Phones         *phone.Parser
	Prefix, Domain string

	Log *slog.Logger     // nil: slog.Default()
	Now func() time.Time // nil: time.Now
}

// Handler answers requests below /v1/.
type Handler struct {
	o      Options
	mux    *http.ServeMux
	making sync.Mutex    // webhooks are made one after another
	trials chan struct{} // one token a webhook that is being tried
}

// New makes a handler.
func New(o Options) *Handler {
	if o.Prefix == "" {
		o.Prefix = "sms"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Handler{o: o, mux: http.NewServeMux(), trials: make(chan struct{}, maxTrials)}
	for _, r := range h.routes() {
		h.mux.HandleFunc(r.method+" "+r.path, h.answer(r))
	}
	h.mux.HandleFunc("GET /v1/openapi.json", description)
	return h
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, pattern := h.mux.Handler(r)
	if pattern == "" {
		h.lost(w, r, handler)
		return
	}
	h.mux.ServeHTTP(w, r)
}
