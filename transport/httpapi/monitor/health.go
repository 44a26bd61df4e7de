package monitor

import (
	"io"
	"net/http"
)

// Health answers that the process is there: 200, "ok". Whoever gets no answer may
// start it again; that it has troubles of its own is no reason for that.
func Health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if look(w, r) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, "ok\n")
		}
	})
}
