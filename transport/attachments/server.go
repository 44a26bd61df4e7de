package attachments

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/postel-mail/postel/transport/listen"
)

// Server answers the addresses of a Shelf over HTTP. It is meant to stand behind
// a web server that speaks HTTPS.
type Server struct {
	shelf *Shelf
	log   *slog.Logger
	base  string // path before the token
	http  listen.HTTP
}

// New makes a server.
func New(shelf *Shelf, log *slog.Logger) (*Server, error) {
	u, err := url.Parse(shelf.url)
	if err != nil {
		return nil, err
	}
	s := &Server{shelf: shelf, log: log, base: u.Path}
	s.http.Server = http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Serve answers, and keeps the shelf clear, until Shutdown or until the listener
// is handed over, and gives nil then.
func (s *Server) Serve(l net.Listener) error {
	serving, end := context.WithCancel(context.Background())
	defer end()
	go s.sweep(serving)
	return s.http.Serve(l)
}

// Shutdown lets answers under way end.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// sweep clears the shelf, now and once an hour.
func (s *Server) sweep(serving context.Context) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		if err := s.shelf.Sweep(); err != nil {
			s.log.Error("cannot clear attachments", "err", err)
		}
		select {
		case <-serving.Done():
			return
		case <-t.C:
		}
	}
}

var tokenForm = regexp.MustCompile(`^[a-z2-7]{26}$`)

// ServeHTTP gives out a file. It never says more of others than that they are
// not there.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	token, ok := strings.CutPrefix(r.URL.Path, s.base)
	if !ok || !tokenForm.MatchString(token) {
		gone(w)
		return
	}
	f, l, from, err := s.shelf.open(token)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.log.Error("cannot read an attachment", "err", err)
		}
		gone(w)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		gone(w)
		return
	}
	w.Header().Set("Content-Type", harmless(l.Type))
	w.Header().Set("Content-Disposition", disposition(l.Name))
	w.Header().Set("Expires", l.Expires.Format(http.TimeFormat))
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(f, from, info.Size()-from))
	s.log.Info("attachment fetched", "name", l.Name, "size", info.Size()-from, "method", r.Method)
}

// guard keeps browsers from doing anything with a file but storing it, and its
// address from going anywhere.
func guard(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "private, no-store")
}

func gone(w http.ResponseWriter) {
	http.Error(w, "There is no such file here, or its time is over.", http.StatusNotFound)
}

// harmless gives the media type if programs on phones do no more with it than
// show it.
func harmless(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch {
	case mediaType == "image/svg+xml":
	case kind == "image", kind == "audio", kind == "video", mediaType == "application/pdf", mediaType == "text/calendar", mediaType == "text/vcard":
		return mediaType
	case mediaType == "text/plain":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

func disposition(name string) string {
	if name == "" {
		return "attachment"
	}
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}
