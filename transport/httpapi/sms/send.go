package sms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Door is what the trace of a message calls this entry.
const Door = "http"

// patience bounds how long the engine may take to make texts durable.
const patience = 30 * time.Second

// Options are what the handlers are made of.
type Options struct {
	Desk   smsengine.Desk
	Logins httpapi.Logins
	Phones *phone.Parser
	// Prefix and Domain make an address of a number: "Prefix:number"@Domain. They
	// are among those that the Desk reads.
	Prefix, Domain string
	Gateways       Gateways     // nil: other servers bring nothing
	Log            *slog.Logger // nil: slog.Default()
}

// Handler answers below /sms/.
type Handler struct{ Options }

// New makes a handler.
func New(o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Handler{o}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var do func(*http.Request) (answer, error)
	switch strings.TrimSuffix(r.URL.Path, "/") {
	case "/sms":
		do = h.send
	case "/sms/deliver", "/sms/deliver.html":
		if h.Gateways != nil {
			do = h.deliver
		}
	}
	switch {
	case do == nil:
		w.Header().Set("Connection", "close") // whatever its body is, nobody reads it
		write(w, r, httpapi.Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound,
			Code: "5.5.1", Detail: "there is nothing here; texts are sent by /sms/",
		})
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		w.Header().Set("Connection", "close")
		write(w, r, httpapi.Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusMethodNotAllowed), Status: http.StatusMethodNotAllowed,
			Code: "5.5.1", Detail: "use GET or POST",
		})
	default:
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		a, err := do(r.WithContext(ctx))
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		a.write(w, r)
	}
}

// send hands a request to the Desk. The refusals of single numbers are in the
// answer.
func (h *Handler) send(r *http.Request) (answer, error) {
	params, err := read(r)
	if err != nil {
		return nil, err
	}
	q, err := understand(params)
	if err != nil {
		return nil, err
	}
	login, who, err := h.who(r, q)
	if err != nil {
		return nil, err
	}
	a, places, to := h.recipients(q)
	sub := smsengine.Submission{
		Source:     smsengine.Source{Door: Door, Identity: login.Identity, Sender: login.Answers, Digest: digest(who, q.name)},
		Body:       q.body,
		Recipients: to,
	}
	if len(to) == 0 {
		return a, nil
	}
	v := httpapi.VisitOf(r)
	for i, o := range h.Desk.Submit(r.Context(), sub) {
		one := &a[places[i]]
		one.ID, one.Duplicate, one.Dropped = o.ID, o.Duplicate, o.Dropped
		if o.Err != nil {
			one.err = o.Err
		}
		if o.ID != "" {
			v.Did("", o.ID)
		}
	}
	return a, nil
}

// who says who asks: by Authorization, or by user and pass. A key goes with the
// number, and the Desk knows whose it is. name is what msgid is told apart by.
func (h *Handler) who(r *http.Request, q *request) (login httpapi.Login, name string, err error) {
	switch {
	case r.Header.Get("Authorization") == "" && !q.key.Empty() && len(q.users) == 0:
		if err := httpapi.Private(r); err != nil {
			return login, "", err
		}
		login.Identity = httpapi.VisitOf(r).Identity()
		return login, "key\x00" + q.key.Reveal(), nil
	case r.Header.Get("Authorization") == "" && len(q.users) > 0:
		login, err = httpapi.WithPassword(r, h.Logins, q.users, q.pass.Reveal())
	default:
		login, err = httpapi.Authenticate(r, h.Logins)
	}
	if err == nil {
		err = login.May(smsengine.ScopeSend)
	}
	return login, "account\x00" + login.Account, err
}

// recipients makes an address of each number. Those that are none are refused in
// the answer; places says where the others stand in it. Two spellings of a number
// are one recipient.
func (h *Handler) recipients(q *request) (a answer, places []int, to []smsengine.Recipient) {
	seen := map[string]bool{}
	for i, written := range q.numbers {
		n, short, err := h.Phones.Number(written)
		if err != nil {
			a = append(a, outcome{Number: fmt.Sprintf("number %d", i+1), err: err})
			continue
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		address := phone.Recipient{Number: n, Short: short, Domain: h.Domain, Prefix: h.Prefix, Key: q.key, Params: q.settings}
		places, to = append(places, len(a)), append(to, smsengine.Recipient{Address: address.Reveal()})
		a = append(a, outcome{Number: n})
	}
	return a, places, to
}

// digest stands for the request, so that it makes one text however often it
// comes; "" for one without a name.
func digest(who, name string) string {
	if name == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("sms\x00" + who + "\x00" + name))
	return hex.EncodeToString(sum[:])
}
