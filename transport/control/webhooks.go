package control

import (
	"context"
	"net/http"
	"net/url"

	"github.com/postel-mail/postel/smsengine"
)

// Caller makes calls to webhooks anew. [smsengine.Engine] is one, and so is
// [Client].
type Caller interface {
	CallAgain(ctx context.Context, id smsengine.MessageID, by string) (again smsengine.MessageID, isNew bool, err error)
	AllAgain(ctx context.Context, webhook, by string, most int) (n int, more bool, err error)
}

var _ Caller = (*Client)(nil)

// hook is a webhook on the wire, with what its own JSON leaves out.
type hook struct {
	smsengine.Webhook
	URL    string `json:"url"`
	Secret []byte `json:"secret"`
}

// recalled is what came of calls that were to be made anew.
type recalled struct {
	ID    smsengine.MessageID `json:"id,omitempty"`
	IsNew bool                `json:"new,omitempty"`
	N     int                 `json:"n,omitempty"`
	More  bool                `json:"more,omitempty"`
}

// PutWebhook stores a new webhook. See [smsengine.Accounts].
func (c *Client) PutWebhook(ctx context.Context, w smsengine.Webhook) error {
	return c.post(ctx, "/webhooks", hook{w, w.URL, w.Secret})
}

// RemoveWebhook forgets a webhook. See [smsengine.Accounts].
func (c *Client) RemoveWebhook(ctx context.Context, name string) error {
	return c.post(ctx, "/webhooks/"+url.PathEscape(name)+"/remove", struct{}{})
}

// CallAgain makes a failed call anew. Who asks is whoever runs the command; by is
// not told. See [smsengine.Engine.CallAgain].
func (c *Client) CallAgain(ctx context.Context, id smsengine.MessageID, _ string) (smsengine.MessageID, bool, error) {
	var r recalled
	err := c.call(ctx, http.MethodPost, "/calls/"+url.PathEscape(string(id))+"/again", struct{}{}, &r)
	return r.ID, r.IsNew, err
}

// AllAgain makes the failed calls of a webhook anew. See
// [smsengine.Engine.AllAgain].
func (c *Client) AllAgain(ctx context.Context, webhook, _ string, most int) (int, bool, error) {
	var r recalled
	err := c.call(ctx, http.MethodPost, "/webhooks/"+url.PathEscape(webhook)+"/again", most, &r)
	return r.N, r.More, err
}

// handleCalls adds the requests for calls to be made anew.
func (s *Server) handleCalls(mux *http.ServeMux) {
	for pattern, call := range map[string]func(*http.Request) (any, error){
		"POST /calls/{id}/again":      s.callAgain,
		"POST /webhooks/{name}/again": s.allAgain,
	} {
		mux.HandleFunc(pattern, s.answer(func(r *http.Request) (any, error) {
			if s.o.Caller == nil {
				return unknown(r)
			}
			return call(r)
		}))
	}
}

func (s *Server) callAgain(r *http.Request) (any, error) {
	id, isNew, err := s.o.Caller.CallAgain(r.Context(), smsengine.MessageID(r.PathValue("id")), by(r))
	return recalled{ID: id, IsNew: isNew}, err
}

func (s *Server) allAgain(r *http.Request) (any, error) {
	var most int
	if err := read(r, &most); err != nil {
		return nil, err
	}
	n, more, err := s.o.Caller.AllAgain(r.Context(), r.PathValue("name"), by(r), most)
	return recalled{N: n, More: more}, err
}

func (s *Server) putWebhook(r *http.Request) error {
	var in hook
	if err := read(r, &in); err != nil {
		return err
	}
	w := in.Webhook
	w.URL, w.Secret = in.URL, in.Secret
	if smsengine.CheckWebhookName(w.Name) != nil || w.URL == "" || len(w.Secret) == 0 || w.Occasions == 0 {
		return wrong("a webhook needs a name, a URL, a secret, and what it is to hear of")
	}
	if err := s.o.Accounts.PutWebhook(r.Context(), w); err != nil {
		return err
	}
	s.log.Info("webhook made", "webhook", w.Name, "account", w.Account, "on", w.Occasions, "by", by(r))
	return nil
}

func (s *Server) removeWebhook(r *http.Request) error {
	name := r.PathValue("name")
	if err := s.o.Accounts.RemoveWebhook(r.Context(), name); err != nil {
		return missing(err, "there is no such webhook")
	}
	s.log.Info("webhook removed", "webhook", name, "by", by(r))
	return nil
}
