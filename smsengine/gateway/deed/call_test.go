package deed

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// What a server's answer means for the next try; no word of the URL is told.
func TestCalls(t *testing.T) {
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		got = append(got, r.Method+" "+r.URL.RequestURI()+" "+string(body)+" "+r.Header.Get("User-Agent"))
		mu.Unlock()
		switch r.URL.Path {
		case "/ok":
			io.WriteString(w, "thanks\n")
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/bad":
			w.WriteHeader(http.StatusBadRequest)
		case "/away":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/slow":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	g := newGateway(t)
	for _, c := range []struct {
		path  string
		class smsengine.Class
		words string
	}{
		{"/ok", smsengine.OK, "HTTP 200 thanks"}, {"/busy", smsengine.Temporary, "HTTP 503"}, {"/bad", smsengine.Permanent, "HTTP 400"},
		{"/away", smsengine.Permanent, "redirection"}, {"/cut", smsengine.Uncertain, "did not answer"}, {"/slow", smsengine.Uncertain, "in time"},
	} {
		e := rule.Call{Rule: "x", Method: "POST", URL: server.URL + c.path + "?pass=hunter2", Body: "text=%%text%%", Type: "application/x-www-form-urlencoded",
			Timeout: rule.Duration(500 * time.Millisecond), Values: map[string]string{"text": "a&b"}}
		said, s := do(t, g, e)
		if s.Class != c.class || !strings.Contains(said+s.Text, c.words) || strings.Contains(said+s.Text+s.Diagnostic, "hunter2") {
			t.Errorf("%s: %q, %+v", c.path, said, s)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(got) == 0 || got[0] != "POST /ok?pass=hunter2 text=a%26b Postel/1.2" {
		t.Errorf("%q", got)
	}
	server.Close()
	if _, s := do(t, g, rule.Call{Rule: "x", Method: "GET", URL: server.URL, Timeout: rule.Duration(time.Second)}); s.Class != smsengine.Temporary {
		t.Errorf("a server that is not there: %+v", s)
	}
}
