package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Whatever goes wrong, and whatever the answer repeats, nobody reads a password,
// a secret or the path: not in the log, not in the status, not in an alarm.
func TestNoSecrets(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"repeats the request": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, "Cannot %s %s (%s?%s)", r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery)
		},
		"repeats the values": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]any{"detail": r.URL.Query(), "path": strings.Split(r.URL.Path, "/")})
		},
		"repeats the secret": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusInternalServerError)
			secret := []byte("a secret of thirty-two octets 123")
			fmt.Fprint(w, SecretText(secret), " ", base64.StdEncoding.EncodeToString(secret), " ", string(secret))
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?then="+r.RequestURI, http.StatusFound)
		},
		"hangs up":  func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"says gone": func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.RawQuery, http.StatusGone) },
		"says too long": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, strings.Repeat("hush\"zebra ", 500)+r.URL.RawQuery, http.StatusInternalServerError)
		},
	}
	for name, answer := range answers {
		for _, where := range []string{"/services/T0PS3CRET/B00/hear?user=john&pass=hush%22zebra", "/services/T0PS3CRET/B00/hear?n=%%from%%&data=%%body%%&pass=hush%22zebra"} {
			t.Run(name, func(t *testing.T) {
				b := newBed(t)
				b.serve(t, where, answer)
				var seen []string
				for range 3 {
					_, err := b.Send(t.Context(), call("shop"))
					if err == nil {
						t.Fatal("it was taken")
					}
					seen = append(seen, err.Error(), fmt.Sprintf("%+v", smsengine.StatusOf(err)))
					b.passes(time.Hour)
				}
				h, _ := b.Check(t.Context())
				if len(h.Alarms) != 1 {
					t.Errorf("%+v", h)
				}
				seen = append(seen, fmt.Sprintf("%+v", h), b.logged())
				for _, s := range seen {
					for _, secret := range []string{"hush", "zebra", "T0PS3CRET", "B00/", "thirty-two", "YSBzZWNyZXQ", "whsec", "Grüße", "mehr", "Gr%C3"} {
						if strings.Contains(s, secret) {
							t.Errorf("%q is in %s", secret, s)
						}
					}
				}
			})
		}
	}
}

// A stranger's words are a line, printable and short.
func TestWords(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct{ kind, says, want string }{
		{"text/plain", "the database\r\n\x1b[31mis \u202edown\x00\n", ", and says: the database [31mis down"},
		{"text/plain", "\xff\xfe", ", and says: �"},
		{"text/html", "<h1>down</h1>", ""},
		{"", "", ""},
		{"application/json", `{"error":"down"}`, `, and says: {"error":"down"}`},
		{"text/plain", strings.Repeat("é", 500), ", and says: " + strings.Repeat("é", maxWords) + "…"},
	} {
		b.serve(t, "/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, c.says)
		})
		_, s := b.send(t, call("shop"))
		if _, got, _ := strings.Cut(s.Text, "HTTP 500"); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.says, got, c.want)
		}
		b.passes(time.Hour)
	}
}
