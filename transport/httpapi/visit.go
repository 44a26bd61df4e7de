package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Visit is what the listener knows of a request, and what its handler adds for
// the access log.
type Visit struct {
	Client  netip.Addr // zero: nobody can say
	Secure  bool       // it is encrypted on its way to us, or to a proxy of ours
	Private bool       // nobody on the way can read it, or the site does not mind

	mount    string
	began    time.Time
	quiet    bool // it is one of many like it
	account  string
	messages []smsengine.MessageID
}

type visitKey struct{}

// VisitOf gives the visit of a request that came through the listener; one of
// nobody for others.
func VisitOf(r *http.Request) *Visit {
	if v, ok := r.Context().Value(visitKey{}).(*Visit); ok {
		return v
	}
	return new(Visit)
}

// maxLogged bounds the messages in a line of the log.
const maxLogged = 20

// Did says who it was, and which messages the request made or was about.
func (v *Visit) Did(account string, messages ...smsengine.MessageID) {
	if account != "" {
		v.account = account
	}
	if room := maxLogged - len(v.messages); len(messages) > room {
		messages = messages[:max(0, room)]
	}
	v.messages = append(v.messages, messages...)
}

// Quiet leaves the request out of the access log, unless it is refused: monitoring
// systems make the same one day and night.
func (v *Visit) Quiet() { v.quiet = true }

// Identity is what the listener knows of who asks: no name yet.
func (v *Visit) Identity() smsengine.Identity {
	id := smsengine.Identity{Secure: v.Secure}
	if v.Client.IsValid() {
		id.Peer = v.Client.String()
	}
	return id
}

func (s *Server) visit(r *http.Request, mount string) *Visit {
	v := &Visit{Client: s.proxies.Client(r), Secure: r.TLS != nil, mount: mount, began: time.Now()}
	if scheme, ok := s.proxies.Forwarded(r); ok && r.TLS == nil {
		v.Secure = scheme == "https"
		v.Private = scheme != "http"
	}
	v.Private = v.Private || v.Secure || s.plain || v.Client.IsLoopback()
	return v
}

// end writes the access log, and answers where a handler broke down. Of the path
// it tells the mount alone: the rest is what anybody wrote.
func (s *Server) end(a *answer, r *http.Request, v *Visit) {
	if trouble := recover(); trouble != nil {
		if trouble == http.ErrAbortHandler { //nolint:errorlint // it is no error, it is thrown as it is
			panic(trouble)
		}
		s.log.Error("a request was not answered", "path", v.mount, "trouble", trouble, "stack", string(debug.Stack()))
		if a.status == 0 {
			refuse(a, r, http.StatusInternalServerError, "4.3.0", "this went wrong here; the administrator's log says more")
		}
	}
	s.served[v.mount].count(a.Status())
	level := slog.LevelInfo
	if v.mount == "" || (v.account == "" || v.quiet) && a.status < http.StatusBadRequest {
		level = slog.LevelDebug // scanners, and monitors that look in
	}
	if !s.log.Enabled(context.Background(), level) {
		return
	}
	args := []any{
		"method", method(r.Method), "path", v.mount, "status", a.Status(), "client", v.Client, "protocol", r.Proto,
		"octets", a.octets, "took", time.Since(v.began).Round(time.Microsecond),
	}
	if v.account != "" {
		args = append(args, "account", v.account)
	}
	switch len(v.messages) {
	case 0:
	case 1:
		args = append(args, "message", v.messages[0])
	default:
		args = append(args, "messages", v.messages)
	}
	s.log.Log(context.Background(), level, "http", args...)
}

// method is one that there is, so that nobody writes words of his own into the
// log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
	octets int64
}

// Status is that of the answer; of a handler that said nothing it is 200.
func (a *answer) Status() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.octets += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
