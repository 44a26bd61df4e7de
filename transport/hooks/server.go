// Package hooks is the door through which providers bring texts from phones and
// receipts: /hooks/GATEWAY/SECRET.
//
// A [Server] finds the gateway by its address, whose last part nobody can guess,
// and hands the request to the gateway's own handler, which knows how its
// provider signs and what it means. To everybody else there is nothing here: a
// wrong gateway and a wrong secret get the same 404, before anything more of the
// request is read. The server bounds what a request may cost, in octets, time,
// connections and number, and its log gets addresses of clients and no more:
// neither secrets, texts nor numbers.
//
// It is meant to stand behind a web server that speaks HTTPS; it can do so
// itself.
package hooks

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/postel-mail/postel/transport/caller"
	"github.com/postel-mail/postel/transport/listen"
)

// Hook is a gateway that a provider calls.
type Hook struct {
	Gateway string // its ID
	Secret  string // the unguessable part of its address, see [Secret]
	Handler http.Handler
}

// Options are what a door is made of. Zero bounds are the usual ones.
type Options struct {
	// Base is what providers reach the door by, "https://sms.example.org". Requests
	// are shown to hooks under the address that the provider called, which some of
	// them sign, whatever a web server in front of it made of that.
	Base  string
	Hooks []Hook
	// Proxies are the web servers in front of the door, whose X-Forwarded-For is
	// believed. What comes over a unix socket comes from one.
	Proxies []netip.Prefix
	TLS     *tls.Config // nil: somebody in front of it speaks HTTPS
	Log     *slog.Logger

	MaxBody int64         // octets of a request's body; 0: 256 KiB
	Time    time.Duration // for a whole request to come; 0: 20 seconds
	Rate    float64       // requests of a client in a second; 0: 100
	Burst   int           // how many of them at once; 0: 500
}

// The usual bounds.
const (
	maxBody   = 256 << 10
	maxHeader = 32 << 10
	wholeTime = 20 * time.Second
	rate      = 100
	burst     = 500
)

// Server is the door.
type Server struct {
	base    *url.URL
	hooks   map[string]Hook // by gateway
	proxies caller.Proxies
	calls   *caller.Limiter
	maxBody int64
	log     *slog.Logger
	http    listen.HTTP
}

// New makes the door.
func New(o Options) (*Server, error) {
	base, err := ParseBase(o.Base)
	if err != nil {
		return nil, err
	}
	s := &Server{
		base: base, hooks: map[string]Hook{}, proxies: o.Proxies, maxBody: or(o.MaxBody, maxBody),
		calls: caller.NewLimiter(or(o.Rate, rate), or(o.Burst, burst)), log: o.Log,
	}
	for _, h := range o.Hooks {
		if len(h.Secret) < secretLength/2 {
			return nil, errors.New("the secret part of the address of gateway " + h.Gateway + " can be guessed")
		}
		s.hooks[h.Gateway] = h
	}
	within := or(o.Time, wholeTime)
	s.http.Server = http.Server{
		Handler: s, TLSConfig: o.TLS, ReadHeaderTimeout: within / 2, ReadTimeout: within,
		WriteTimeout: within + time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

func or[T int | int64 | float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Limited is how many requests were refused because their client made too many.
func (s *Server) Limited() uint64 { return s.calls.Refused() }

// Follow has the server count on from where another is: that of the listener
// before it was handed over. It comes before Serve.
func (s *Server) Follow(before *Server) { s.calls.Follow(before.calls) }

// Serve answers until Shutdown or until the listener is handed over, and gives
// nil then.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(l)
}

// Shutdown lets requests under way end.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.http.Shutdown(ctx)
}
