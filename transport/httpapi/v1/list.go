package v1

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// messageList is a page of texts, receivedList one of texts from phones. Next is
// the cursor of the page that follows, absent if there is none.
type (
	messageList struct {
		Messages []message `json:"messages"`
		Next     string    `json:"next,omitempty"`
	}
	receivedList struct {
		Messages []received `json:"messages"`
		Next     string     `json:"next,omitempty"`
	}
)

// Bounds of a page.
const (
	usualPage = 50
	maxPage   = 500
)

// The parameters that lists have.
var (
	listParams     = []string{"account", "number", "since", "until", "order", "limit", "cursor"}
	messagesParams = append([]string{"state"}, listParams...)
)

// messages lists texts to phones.
func (h *Handler) messages(r *request) (reply, error) {
	q := queryOf(r, messagesParams...)
	f := h.filter(r, q, smsengine.Text)
	if q.get("state") != "" {
		for name := range strings.SplitSeq(q.get("state"), ",") {
			state := smsengine.State(name)
			if !slices.Contains(smsengine.States(), state) {
				q.wrong("state", "want states with commas between them: "+stateNames())
			}
			f.States = append(f.States, state)
		}
	}
	ms, next, err := h.page(r, q, f)
	if err != nil {
		return reply{}, err
	}
	list := messageList{Messages: make([]message, len(ms)), Next: next}
	for i, m := range ms {
		list.Messages[i] = viewOf(m)
	}
	return reply{body: list}, nil
}

// incoming lists texts from phones.
func (h *Handler) incoming(r *request) (reply, error) {
	q := queryOf(r, listParams...)
	ms, next, err := h.page(r, q, h.filter(r, q, smsengine.Incoming))
	if err != nil {
		return reply{}, err
	}
	list := receivedList{Messages: make([]received, len(ms)), Next: next}
	for i, m := range ms {
		list.Messages[i] = receivedOf(m)
	}
	return reply{body: list}, nil
}

// filter is what all lists have in common. What the asker may not see is left out
// here, by the account, and nowhere else.
func (h *Handler) filter(r *request, q *query, kind smsengine.Kind) smsengine.Filter {
	f := smsengine.Filter{Kind: kind, Account: r.login.Account, Since: q.time("since"), Until: q.time("until")}
	f.Limit = q.number("limit", 1, maxPage, usualPage)
	switch account := strings.ToLower(q.get("account")); {
	case r.login.Scopes.Has(smsengine.ScopeAdmin):
		f.Account = account // "": all
	case account != "" && account != f.Account:
		q.wrong("account", "this token sees the messages of "+f.Account+" only")
	}
	if written := q.get("number"); written != "" {
		number, _, err := h.o.Phones.Number(written)
		if err != nil {
			q.wrong("number", "this is no phone number")
		}
		f.Address = smsengine.Phone(number)
	}
	switch q.get("order") {
	case "", "newest":
	case "oldest":
		f.Oldest = true
	default:
		q.wrong("order", "want newest or oldest")
	}
	if text := q.get("cursor"); text != "" {
		oldest, id, ok := readCursor(text)
		switch {
		case !ok || q.get("order") != "" && oldest != f.Oldest:
			q.wrong("cursor", "it is none that this list gave")
		case oldest:
			f.Oldest, f.After = true, id
		default:
			f.Before = id
		}
	}
	return f
}

// page gives a page and the cursor of the next. A list that goes forward always
// has one, once it has begun: there is more later.
func (h *Handler) page(r *request, q *query, f smsengine.Filter) (ms []smsengine.Message, next string, err error) {
	if q.err != nil {
		return nil, "", q.err
	}
	limit := f.Limit
	f.Limit++ // to know whether there is more
	if ms, err = h.o.Store.List(r.Context(), f); err != nil {
		if errors.Is(err, smsengine.ErrNotFound) {
			err = withStatus(http.StatusGone, "5.5.4", "the cursor is too old: what it pointed to is forgotten; begin the list again")
		}
		return nil, "", err
	}
	more := len(ms) > limit
	if more {
		ms = ms[:limit]
	}
	switch {
	case len(ms) > 0 && (more || f.Oldest):
		next = cursor(f.Oldest, ms[len(ms)-1].ID)
	case f.Oldest:
		next = q.get("cursor")
	}
	return ms, next, nil
}

func stateNames() string {
	var all []string
	for _, s := range smsengine.States() {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}

// cursor is a place in a list, opaque to others: its order, and the last message
// that was seen.
func cursor(oldest bool, id smsengine.MessageID) string {
	order := "n"
	if oldest {
		order = "o"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(order + string(id)))
}

func readCursor(text string) (oldest bool, id smsengine.MessageID, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != 1+smsengine.IDLen || b[0] != 'n' && b[0] != 'o' {
		return false, "", false
	}
	return b[0] == 'o', smsengine.MessageID(b[1:]), true
}
