// Package monitor answers those who watch over the service, on the listener of
// package httpapi:
//
//	/healthz   the process is there (health.go)
//	/readyz    it can take messages now, or why it cannot (ready.go)
//	/metrics   what it measures, for those who may know (metrics.go)
//
// The first two are for everybody: load balancers have no passwords, and learn
// nothing but words that any sender may hear. They answer at once, also while the
// store is stuck, and cost next to nothing. None of the three fills the access log.
package monitor

import (
	"net/http"

	"github.com/postel-mail/postel/transport/httpapi"
)

// look lets a request through that only looks, and keeps it out of the log.
func look(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, r, httpapi.Problem{Status: http.StatusMethodNotAllowed, Detail: "one can only look here", Code: "5.5.1"})
		return false
	}
	httpapi.VisitOf(r).Quiet()
	return true
}

func refuse(w http.ResponseWriter, r *http.Request, p httpapi.Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	if httpapi.WantsJSON(r) {
		p.Write(w)
		return
	}
	p.WriteText(w)
}
