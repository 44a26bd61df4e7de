package control

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

// Options are what a Server serves.
type Options struct {
	Desk     smsengine.Desk
	Operator Operator
	Network  Network // nil: there is no simulated network
	Accounts Keeper  // nil: accounts are not changed here
	Caller   Caller  // nil: no webhooks are called here
	// Gateways and Counts are what Status tells of gateways and queue; each may be
	// nil.
	Gateways func(ctx context.Context) map[string]smsengine.GatewayState
	Counts   func(ctx context.Context) (map[smsengine.Kind]map[smsengine.State]int, error)
	Metrics  http.Handler // nil: there are none
	// Reload takes the configuration as it is now, as a whole or not at all; nil:
	// there is none to take.
	Reload func(ctx context.Context) (Reloaded, error)

	Version string
	Started time.Time // of the service; zero: now
	// Prefix and Domain make an address of a recipient that is a number alone:
	// "Prefix:number"@Domain. They must be among those that the Desk reads. An
	// empty Prefix is "sms".
	Prefix, Domain string
	Log            *slog.Logger // nil: slog.Default()
}

// Server is the service's side of the socket.
type Server struct {
	o    Options
	log  *slog.Logger
	http listen.HTTP
	end  context.CancelFunc // ends the requests that wait
}

// maxBody bounds a request, octets: many times the longest text there can be.
const maxBody = 1 << 20

// NewServer makes a server. Serve starts it.
func NewServer(o Options) *Server {
	s := &Server{o: o, log: o.Log}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.o.Started.IsZero() {
		s.o.Started = time.Now()
	}
	if s.o.Prefix == "" {
		s.o.Prefix = "sms"
	}
	base, end := context.WithCancel(context.Background())
	s.end = end
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", s.answer(s.status))
	mux.HandleFunc("POST /send", s.answer(s.send))
	mux.HandleFunc("POST /messages/{id}/{request}", s.answer(s.request))
	mux.HandleFunc("GET /sim/inbox", s.answer(s.inbox))
	mux.HandleFunc("POST /sim/send", s.answer(s.simSend))
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.Reload != nil {
		mux.HandleFunc("POST /reload", s.answer(func(r *http.Request) (any, error) {
			s.log.Info("a reload was asked for", "by", by(r))
			return o.Reload(r.Context())
		}))
	}
	s.handleAccounts(mux)
	s.handleCalls(mux)
	mux.HandleFunc("/", s.answer(unknown))
	s.http.Server = http.Server{
		Handler:           mux,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second, // a ReadTimeout would end long waits
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	return s
}

// Serve answers on the listener until Shutdown or until it is handed over, and
// returns nil then.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(l)
}

// Shutdown stops listening, ends the requests that only wait, and lets the
// others finish. When ctx ends first it cuts them off and returns the error of
// ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	return s.http.Shutdown(ctx)
}

// status tells what runs here.
func (s *Server) status(r *http.Request) (any, error) {
	st := Status{Version: s.o.Version, PID: os.Getpid(), Started: s.o.Started}
	if s.o.Gateways != nil {
		st.Gateways = s.o.Gateways(r.Context())
	}
	if s.o.Counts != nil {
		var err error
		if st.Counts, err = s.o.Counts(r.Context()); err != nil {
			return nil, err
		}
	}
	return st, nil
}
