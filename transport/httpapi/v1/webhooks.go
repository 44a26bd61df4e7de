package v1

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Webhooks is what a Handler works with where there are webhooks.
type Webhooks struct {
	// Store is where they are kept. [smsengine.Store] is one.
	Store interface {
		Directory(ctx context.Context) (*smsengine.Directory, error)
		PutWebhook(ctx context.Context, w smsengine.Webhook) error
		RemoveWebhook(ctx context.Context, name string) error
		smsengine.Known
	}
	// Engine makes calls anew. [smsengine.Engine] is one.
	Engine interface {
		CallAgain(ctx context.Context, id smsengine.MessageID, by string) (again smsengine.MessageID, isNew bool, err error)
		AllAgain(ctx context.Context, webhook, by string, most int) (n int, more bool, err error)
	}
	// Check says what is wrong with a URL, in words for people.
	Check func(url string) error
	// Secret makes a secret for calls to a URL, and the form of it that is shown; ""
	// if they are not signed.
	Secret func(url string) (secret []byte, shown string)
	// Try makes a call at once, and says what came of it.
	Try func(ctx context.Context, w smsengine.Webhook) Trial
}

// Trial is what came of a call that was made to try a webhook.
type Trial struct {
	Taken   bool   `json:"taken"`             // the program answered with success
	Status  int    `json:"status,omitempty"`  // of HTTP; 0: there was no answer
	Millis  int    `json:"duration_ms"`       // from asking for the server's address to the end of its answer
	Problem string `json:"problem,omitempty"` // why it was not taken, for people
}

// webhookRequest is a webhook to make.
type webhookRequest struct {
	URL     string   `json:"url"`
	Events  []string `json:"events"`
	Name    string   `json:"name"`    // "": made up
	Account *string  `json:"account"` // whose messages; nil: the asker's; "" for those of all
}

// webhook is a smsengine.Webhook as those see it who may.
type webhook struct {
	Name      string    `json:"name"`
	Account   string    `json:"account"` // "" for all
	URL       string    `json:"url"`     // without what may be a password
	Events    []string  `json:"events"`
	CreatedAt time.Time `json:"created_at"`
	Secret    string    `json:"secret,omitempty"` // if calls are signed: in the answer that makes it, and never again
}

type webhookList struct {
	Webhooks []webhook `json:"webhooks"`
}

// maxWebhooks bounds those of an account, as far as they are made here.
const maxWebhooks = 20

func webhookOf(w smsengine.Webhook) webhook {
	v := webhook{Name: w.Name, Account: w.Account, URL: w.PublicURL(), CreatedAt: w.Created.UTC()}
	for _, on := range w.Occasions.Names() {
		v.Events = append(v.Events, eventPrefix+on)
	}
	return v
}

// makeWebhook makes one.
func (h *Handler) makeWebhook(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	var in webhookRequest
	if err := readObject(r.Request, &in); err != nil {
		return reply{}, err
	}
	w, err := h.understand(r, in)
	if err != nil {
		return reply{}, err
	}
	var shown string
	w.Secret, shown = h.o.Webhooks.Secret(w.URL)
	h.making.Lock() // two at once would both be the last that there may be
	defer h.making.Unlock()
	if err := h.roomFor(r.Context(), w); err != nil {
		return reply{}, err
	}
	if err := h.o.Webhooks.Store.PutWebhook(r.Context(), w); err != nil {
		if errors.Is(err, smsengine.ErrExists) {
			err = withStatus(http.StatusConflict, "5.5.4", `"name": it is taken; choose another, or leave it out`)
		}
		return reply{}, err
	}
	h.o.Log.Info("webhook made", "webhook", w.Name, "account", w.Account, "on", w.Occasions, "by", r.by())
	v := webhookOf(w)
	v.Secret = shown
	return reply{status: http.StatusCreated, location: "/v1/webhooks/" + w.Name, body: v}, nil
}

// understand checks what a webhook is to be.
func (h *Handler) understand(r *request, in webhookRequest) (smsengine.Webhook, error) {
	w := smsengine.Webhook{Name: in.Name, URL: in.URL, Account: r.login.Account, Created: h.o.Now().UTC().Truncate(time.Millisecond)}
	if w.Name == "" {
		w.Name = "hook-" + strings.ToLower(rand.Text()[:8])
	}
	if err := smsengine.CheckWebhookName(w.Name); err != nil {
		return w, wrongField("name", err.Error())
	}
	switch {
	case w.URL == "":
		return w, wrongField("url", "where is it?")
	case len(w.URL) > smsengine.MaxWebhookURL:
		return w, wrongField("url", "it is too long")
	}
	if err := h.o.Webhooks.Check(w.URL); err != nil {
		return w, wrongField("url", words(err))
	}
	for _, event := range in.Events {
		name, ok := strings.CutPrefix(event, eventPrefix)
		on, err := smsengine.ParseOccasions(name)
		if !ok || err != nil || len(on.Names()) != 1 {
			return w, wrongField("events", "want some of "+strings.Join(allEvents(), ", "))
		}
		w.Occasions |= on
	}
	if w.Occasions == 0 {
		return w, wrongField("events", "what is it to hear of? there are "+strings.Join(allEvents(), ", "))
	}
	if in.Account == nil || strings.EqualFold(*in.Account, w.Account) {
		return w, nil
	}
	w.Account = strings.ToLower(*in.Account)
	return w, h.mayHear(r, w.Account)
}

// mayHear gives nil if the asker may make webhooks that hear of an account's
// messages, which is not his own.
func (h *Handler) mayHear(r *request, account string) error {
	if !r.sees(account) {
		return wrongField("account", "this token makes webhooks of "+r.login.Account+" only")
	}
	if account == "" {
		return nil
	}
	_, err := h.o.Usage(r.Context(), account)
	if errors.Is(err, smsengine.ErrNotFound) {
		return wrongField("account", "there is no such account")
	}
	return err
}

// roomFor gives nil if the account may have one more.
func (h *Handler) roomFor(ctx context.Context, w smsengine.Webhook) error {
	dir, err := h.o.Webhooks.Store.Directory(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, other := range dir.Webhooks() {
		if other.Account == w.Account {
			n++
		}
	}
	if n >= maxWebhooks {
		return withStatus(http.StatusConflict, "5.5.3", "there are 20 webhooks of this account already: remove one")
	}
	return nil
}

func allEvents() []string {
	names := smsengine.AllOccasions.Names()
	for i := range names {
		names[i] = eventPrefix + names[i]
	}
	return names
}

// words are what a person may read of an error that says what is wrong with
// something.
func words(err error) string {
	if known, ok := errors.AsType[*smsengine.Error](err); ok {
		return known.Text
	}
	return err.Error()
}

// webhooks lists those that the asker may see.
func (h *Handler) webhooks(r *request) (reply, error) {
	q := queryOf(r, "account")
	account := strings.ToLower(q.get("account"))
	if account != "" && !r.sees(account) {
		q.wrong("account", "this token sees the webhooks of "+r.login.Account+" only")
	}
	if q.err != nil {
		return reply{}, q.err
	}
	dir, err := h.o.Webhooks.Store.Directory(r.Context())
	if err != nil {
		return reply{}, err
	}
	all := slices.DeleteFunc(dir.Webhooks(), func(w smsengine.Webhook) bool {
		return !r.sees(w.Account) || account != "" && w.Account != account
	})
	list := webhookList{Webhooks: make([]webhook, len(all))}
	for i, w := range all {
		list.Webhooks[i] = webhookOf(w)
	}
	return reply{body: list}, nil
}

// findWebhook gives the webhook that the path names, if the asker may see it.
func (h *Handler) findWebhook(r *request) (smsengine.Webhook, error) {
	dir, err := h.o.Webhooks.Store.Directory(r.Context())
	if err != nil {
		return smsengine.Webhook{}, err
	}
	w, there := dir.Webhook(r.PathValue("name"))
	if !there || !r.sees(w.Account) {
		return smsengine.Webhook{}, noWebhook
	}
	return w, nil
}

var noWebhook = withStatus(http.StatusNotFound, "5.1.0", "there is no such webhook")

// webhook tells of one.
func (h *Handler) webhook(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	w, err := h.findWebhook(r)
	return reply{body: webhookOf(w)}, err
}

// removeWebhook ends one. Calls that wait for it fail.
func (h *Handler) removeWebhook(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	w, err := h.findWebhook(r)
	if err == nil {
		err = h.o.Webhooks.Store.RemoveWebhook(r.Context(), w.Name)
	}
	if errors.Is(err, smsengine.ErrNotFound) {
		err = noWebhook
	}
	if err != nil {
		return reply{}, err
	}
	h.o.Log.Info("webhook removed", "webhook", w.Name, "account", w.Account, "by", r.by())
	return reply{status: http.StatusNoContent}, nil
}

// tryWebhook makes a call at once, so that whoever writes the program sees what
// comes of it. So many at a time: each may take as long as the other side likes,
// up to a limit.
func (h *Handler) tryWebhook(r *request) (reply, error) {
	if q := queryOf(r); q.err != nil {
		return reply{}, q.err
	}
	w, err := h.findWebhook(r)
	if err != nil {
		return reply{}, err
	}
	select {
	case h.trials <- struct{}{}:
		defer func() { <-h.trials }()
	default:
		return reply{}, smsengine.Fail("http", smsengine.Temporary, "4.3.2", "other webhooks are being tried, try again in a moment", nil)
	}
	ctx, cancel := context.WithTimeout(r.Context(), trialTime)
	defer cancel()
	return reply{body: h.o.Webhooks.Try(ctx, w)}, nil
}

// Bounds of trials.
const (
	trialTime = 10 * time.Second
	maxTrials = 4
)
