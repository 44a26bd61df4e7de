package hooks

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// ServeHTTP hands a request to its gateway.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	client := s.proxies.Client(r)
	h, ok := s.find(r.URL)
	if !ok {
		s.log.Debug("not found", "client", client)
		w.Header().Set("Connection", "close") // whatever its body is, nobody reads it
		http.Error(w, "There is nothing here.", http.StatusNotFound)
		return
	}
	if !s.calls.Allow(client) {
		s.log.Warn("requests come too fast", "client", client, "gateway", h.Gateway)
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	r.URL = s.public(r.URL)
	r.Host = r.URL.Host
	http.MaxBytesHandler(h.Handler, s.maxBody).ServeHTTP(w, r)
}

// find finds the gateway of an address. It takes the same time for a gateway
// that there is and one that there is not.
func (s *Server) find(u *url.URL) (Hook, bool) {
	rest, ok := strings.CutPrefix(u.Path, s.base.Path+path)
	gateway, secret, both := strings.Cut(rest, "/")
	h, there := s.hooks[gateway]
	want := h.Secret
	if !there {
		want = strings.Repeat("-", secretLength) // of nobody: it has no such letters
	}
	right := subtle.ConstantTimeCompare([]byte(secret), []byte(want)) == 1
	return h, ok && both && there && right
}

// public is the address as the provider called it.
func (s *Server) public(u *url.URL) *url.URL {
	p := *u
	p.Scheme, p.Host, p.User = s.base.Scheme, s.base.Host, nil
	return &p
}
