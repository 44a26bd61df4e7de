package hook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// patience is how long the engine may take to make durable what came. Providers
// wait for 10 to 15 seconds, and come again then.
const patience = 10 * time.Second

// Handler answers the provider of one gateway. Whoever serves it finds the
// gateway by the address, bounds the body, and sets the request's URL to the one
// that the provider knows.
//
// The provider gets its reply once all that it brought is durable. While nobody
// listens, or when something could not be stored, it gets 503 and comes again.
// What will never be understood is logged and gets the reply, too: no repetition
// would help.
type Handler struct {
	reader *Reader
	log    *slog.Logger
	ear    ear
}

// NewHandler makes a handler. Its log gets neither texts nor numbers.
func NewHandler(r *Reader, log *slog.Logger) *Handler { return &Handler{reader: r, log: log} }

// Listen hands what comes to the Sink until ctx ends. What is under way then is
// told so, and waited for.
func (h *Handler) Listen(ctx context.Context, s smsengine.Sink) error { return h.ear.listen(ctx, s) }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.unread(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	call, err := h.reader.Read(ctx, Request{Method: r.Method, URL: r.URL, Header: r.Header, Body: body})
	if err != nil {
		h.refuse(w, err)
		return
	}
	for _, why := range call.Skipped {
		h.log.Warn("the provider brought what cannot be understood", "why", why)
	}
	if call.Empty() {
		h.log.Info("the provider brought nothing about texts", "octets", len(body))
	}
	if err := h.take(ctx, call); err != nil {
		h.log.Warn("not taken: the provider will come again", "texts", len(call.Texts), "receipts", len(call.Reports), "err", err)
		later(w)
		return
	}
	h.log.Debug("taken from the provider", "texts", len(call.Texts), "receipts", len(call.Reports))
	answer(w, call.Reply)
}

// take makes durable what came.
func (h *Handler) take(ctx context.Context, call *Call) error {
	if call.Confirm != "" {
		if err := h.reader.envelope.trust.Confirm(ctx, call.Confirm); err != nil {
			return err
		}
		h.log.Info("the subscription is confirmed")
	}
	if len(call.Texts)+len(call.Reports) == 0 {
		return nil
	}
	sink, ctx, done, err := h.ear.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, t := range call.Texts {
		if err := sink.Incoming(ctx, t); err != nil {
			return err
		}
	}
	for _, rep := range call.Reports {
		if err := sink.Report(ctx, rep); err != nil {
			return err
		}
	}
	return nil
}

// unread answers a request whose body did not come whole.
func (h *Handler) unread(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		status = http.StatusRequestEntityTooLarge
	}
	h.log.Warn("a request of the provider was not read", "status", status)
	http.Error(w, http.StatusText(status), status)
}

// refuse answers what is not believed. Why is nothing for strangers.
func (h *Handler) refuse(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*Refusal](err)
	if !ok {
		refused = &Refusal{Status: http.StatusServiceUnavailable, Why: err.Error()}
	}
	h.log.Warn("a request was refused", "status", refused.Status, "why", refused.Why)
	if refused.Status == http.StatusServiceUnavailable {
		later(w)
		return
	}
	for name, values := range refused.Header {
		w.Header()[name] = values
	}
	http.Error(w, http.StatusText(refused.Status), refused.Status)
}

// later tells the provider to come again.
func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "30")
	http.Error(w, "come again later", http.StatusServiceUnavailable)
}

// answer is what the provider wants to hear.
func answer(w http.ResponseWriter, r provider.Reply) {
	status := r.Status
	if status == 0 {
		status = http.StatusOK
		if r.Body == "" {
			status = http.StatusNoContent
		}
	}
	if r.ContentType != "" {
		w.Header().Set("Content-Type", r.ContentType)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, r.Body) // a provider that does not read it comes again, and is told the same
}
