package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport"
)

// Problem is a refusal in JSON (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // "about:blank": the status says what kind it is
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"` // what is wrong, and what to do
	Code   string `json:"code"`   // RFC 3463, "5.1.3"

	Wait time.Duration `json:"-"` // before another try; 0: none helps
}

// ProblemOf describes an error. Its private cause stays here.
func ProblemOf(err error) Problem {
	code, s, wait := transport.HTTP(err)
	if code == http.StatusForbidden && s.Code == "5.7.0" {
		code = http.StatusUnauthorized
	}
	return Problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: s.Text, Code: s.Code, Wait: wait}
}

// Write answers with the problem, as JSON.
func (p Problem) Write(w http.ResponseWriter) {
	p.Head(w)
	w.Header().Set("Content-Type", "application/problem+json")
	body, _ := json.Marshal(p) // it has nothing that could fail
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// WriteText answers with the problem, as one line: ERROR, code, words.
func (p Problem) WriteText(w http.ResponseWriter) {
	p.Head(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(p.Status)
	fmt.Fprintf(w, "ERROR %s %s\n", p.Code, Line(p.Detail))
}

// Head sets what a status wants. Basic is taken and never asked for: a browser
// that was asked would remember the password, and add it to whatever a page of
// another site sends here.
func (p Problem) Head(w http.ResponseWriter) {
	if p.Wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int64((p.Wait+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Postel"`)
	}
}

// Line makes one line of words: what would end it, or is no character, becomes a
// space.
func Line(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s))
}

// WantsJSON reports whether the client asks for JSON rather than text.
func WantsJSON(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for kind := range strings.SplitSeq(accept, ",") {
			kind, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(kind)), ";")
			if kind = strings.TrimSpace(kind); kind == "application/json" || kind == "application/problem+json" {
				return true
			}
		}
	}
	return false
}

// refuse answers what never comes to a handler. The body is left unread, so that
// the connection ends.
func refuse(w http.ResponseWriter, r *http.Request, status int, code, words string) {
	w.Header().Set("Connection", "close")
	p := Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: words, Code: code}
	if WantsJSON(r) {
		p.Write(w)
		return
	}
	p.WriteText(w)
}

// Wrong is a request that cannot be understood: 400.
func Wrong(words string) error {
	return smsengine.Fail("http", smsengine.Permanent, "5.5.4", words, nil)
}
