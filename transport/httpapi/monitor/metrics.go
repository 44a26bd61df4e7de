package monitor

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Metrics shows a page of figures to clients in some networks, and to whoever has
// a token of the scope metrics: it says which accounts there are, and what they
// send. A password is not enough, whosever it is.
func Metrics(page http.Handler, logins httpapi.Logins, from []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := httpapi.VisitOf(r).Client
		if !slices.ContainsFunc(from, func(n netip.Prefix) bool { return n.Contains(client) }) {
			login, err := httpapi.Authenticate(r, logins)
			if err == nil {
				err = login.May(smsengine.ScopeMetrics)
			}
			if err != nil {
				refuse(w, r, httpapi.ProblemOf(err))
				return
			}
		}
		if look(w, r) {
			page.ServeHTTP(w, r)
		}
	})
}
