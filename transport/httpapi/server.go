// Package httpapi is the listener of Postel's HTTP interface. What it answers is
// mounted on it, each thing in a package of its own: /sms/, /v1/, /healthz,
// /metrics. They have in common what stands here:
//
//   - bounds on what a request may cost, in octets, time, connections and number
//     (server.go), so that a hostile client neither stops nor slows another;
//   - who asks (login.go), and from where (visit.go);
//   - no pages of other origins (origin.go): what a browser sends on behalf of one
//     is refused, whatever the method;
//   - an access log that bears the IDs of messages, and neither secrets, texts
//     nor numbers (visit.go);
//   - one form for refusals (problem.go).
package httpapi

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/postel-mail/postel/transport/caller"
	"github.com/postel-mail/postel/transport/listen"
)

// Options are what a listener is made of. Zero bounds are the usual ones.
type Options struct {
	// Mounts are what answers, by path. One that ends in "/" answers all that is
	// below it. The longest that fits has the request, with its URL whole.
	Mounts map[string]http.Handler
	// Base is what the outside reaches the listener by, "https://sms.example.org",
	// if that is not what requests say in their Host. Pages from there are no
	// strangers.
	Base string
	// Proxies are the web servers in front of the listener, whose X-Forwarded-For
	// and X-Forwarded-Proto are believed. What comes over a unix socket comes from
	// one.
	Proxies []netip.Prefix
	TLS     *tls.Config // nil: it speaks HTTP alone
	// PlainAuth takes passwords and tokens also where somebody could listen on the
	// way.
	PlainAuth bool
	Log       *slog.Logger

	MaxBody   int64         // octets of a request's body; 0: 1 MiB
	Time      time.Duration // for a whole request to come; 0: 20 seconds
	Rate      float64       // requests of a client in a second; 0: 200, below 0: any number
	Burst     int           // how many of them at once; 0: five times Rate
	PerClient int           // connections of a client at a time; 0: 100
}

// The usual bounds.
const (
	maxBody   = 1 << 20
	maxHeader = 32 << 10
	wholeTime = 20 * time.Second
	rate      = 200
	perClient = 100
)

// Server is the listener.
type Server struct {
	mounts  map[string]http.Handler
	host    string // of Base, "" if it was not given
	proxies caller.Proxies
	calls   *caller.Limiter // nil: none
	places  *caller.Places
	maxBody int64
	plain   bool
	log     *slog.Logger
	http    listen.HTTP
	served  map[string]*classes // by mount, "" for what is not there
}

// New makes a listener. Serve starts it.
func New(o Options) *Server {
	s := &Server{
		mounts: o.Mounts, host: hostOf(o.Base), proxies: o.Proxies,
		places: caller.NewPlaces(or(o.PerClient, perClient), o.Proxies), maxBody: or(o.MaxBody, maxBody),
		plain: o.PlainAuth, log: o.Log, served: map[string]*classes{"": {}},
	}
	for mount := range o.Mounts {
		s.served[mount] = &classes{}
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if r := or(o.Rate, rate); r > 0 {
		s.calls = caller.NewLimiter(r, or(o.Burst, max(1, int(5*r))))
	}
	within := or(o.Time, wholeTime)
	s.http.Server = http.Server{
		Handler: s, TLSConfig: o.TLS, ReadHeaderTimeout: within / 2, ReadTimeout: within,
		WriteTimeout: within + time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 100},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return s
}

func or[T int | int64 | float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Follow has the server count on from where another is, that of the listener
// before it was handed over: what the clients of either use counts for both. It
// comes before Serve.
func (s *Server) Follow(before *Server) {
	maps.Copy(s.served, before.served)
	s.places.Follow(before.places)
	if s.calls != nil && before.calls != nil {
		s.calls.Follow(before.calls)
	}
}

// Serve answers until Shutdown or until the listener is handed over, and gives
// nil then.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(s.places.Listener(listen.Direct(l)))
}

// Shutdown lets requests under way end.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.http.Shutdown(ctx)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	var mount string
	var handler http.Handler
	if r.URL.RawPath == "" { // else it is written as nobody needs to write it
		mount, handler = s.find(r.URL.Path)
	}
	v := s.visit(r, mount)
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	answer := &answer{ResponseWriter: w}
	defer s.end(answer, r, v)
	if len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) {
		// It may have had a Content-Length, too, or a Transfer-Encoding that nobody
		// knows in HTTP/1.0: where it ends is disputable, and not seen here (RFC 9112 §6.1).
		w.Header().Set("Connection", "close")
	}
	why := foreign(r, s.host)
	switch {
	case why != "":
		refuse(answer, r, http.StatusForbidden, "5.7.1", why)
	case s.calls != nil && !s.calls.Allow(v.Client):
		answer.Header().Set("Retry-After", "1")
		refuse(answer, r, http.StatusTooManyRequests, "4.7.1", "too many requests; wait a second")
	case handler == nil:
		refuse(answer, r, http.StatusNotFound, "5.5.1", "there is nothing here")
	default:
		r.Body = http.MaxBytesReader(w, r.Body, s.maxBody)
		handler.ServeHTTP(answer, r)
	}
}

// secure sets what browsers shall make of answers: nothing.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// find finds what answers a path. A path that is not in its shortest form is
// nobody's: there are no redirections, which would repeat the secrets of a query.
func (s *Server) find(p string) (mount string, h http.Handler) {
	if p == "" || p[0] != '/' || strings.TrimSuffix(p, "/") != strings.TrimSuffix(path.Clean(p), "/") {
		return "", nil
	}
	for m := range s.mounts {
		if (p == m || p+"/" == m || strings.HasSuffix(m, "/") && strings.HasPrefix(p, m)) && len(m) > len(mount) {
			mount = m
		}
	}
	return mount, s.mounts[mount]
}
