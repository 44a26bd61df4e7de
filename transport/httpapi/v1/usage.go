package v1

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Usage is what an account has used and may use.
type Usage struct {
	Account  string    `json:"account"`
	MaySend  bool      `json:"may_send"`
	Refusal  string    `json:"refusal,omitempty"` // why it may not
	Month    Month     `json:"month"`
	Previous Month     `json:"previous_month"`
	LastSent time.Time `json:"last_sent_at,omitzero"`
	Rate     *Rate     `json:"rate,omitempty"` // absent: any number
	Allow    []string  `json:"allow"`
	Deny     []string  `json:"deny"`
	Expires  string    `json:"expires,omitempty"` // the last day, "2027-01-31"
}

// Month is a calendar month in the site's time zone.
type Month struct {
	Period   string    `json:"period"` // "2026-11"
	Used     int       `json:"used"`
	Limit    int       `json:"limit,omitempty"` // 0: none
	Unit     string    `json:"unit"`            // "parts" or "messages"
	ResetsAt time.Time `json:"resets_at,omitzero"`
}

// Rate is how many parts may be sent in a time.
type Rate struct {
	Parts   int `json:"parts"`
	Seconds int `json:"seconds"`
}

// usage tells of the asker's account, or, to administrators, of any.
func (h *Handler) usage(r *request) (reply, error) {
	q := queryOf(r, "account")
	account := r.login.Account
	if said := strings.ToLower(q.get("account")); said != "" {
		if !r.sees(said) {
			q.wrong("account", "this token sees the account "+account+" only")
		}
		account = said
	}
	if q.err != nil {
		return reply{}, q.err
	}
	u, err := h.o.Usage(r.Context(), account)
	if errors.Is(err, smsengine.ErrNotFound) {
		err = withStatus(http.StatusNotFound, "5.1.0", "there is no such account")
	}
	if err != nil {
		return reply{}, err
	}
	return reply{body: u}, nil
}
