package deed

import (
	"io"
	"log"
	"net"
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

// A server that drips, never ends, is somebody else or is no web server takes no
// longer than it may, and what it has not got is not in doubt.
func TestHostileServers(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for r.Context().Err() == nil {
				io.WriteString(w, strings.Repeat("x", 4096))
			}
		case "/drip":
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		case "/header":
			for range 1000 {
				w.Header().Add("X-Long", strings.Repeat("x", 1000))
			}
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewUnstartedServer(handler)
	defer plain.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	greeter, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer greeter.Close()
	go func() {
		for {
			c, err := greeter.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "220 mx.example.org ESMTP\r\n")
			c.Close()
		}
	}()
	g := newGateway(t)
	for _, c := range []struct {
		url   string
		class smsengine.Class
		words string
	}{
		{plain.URL + "/endless", smsengine.OK, ""}, {plain.URL + "/drip", smsengine.OK, ""}, {plain.URL + "/header", smsengine.Uncertain, "did not answer"},
		{secure.URL + "/", smsengine.Temporary, "certificate that is not trusted"},
		{strings.Replace(plain.URL, "http:", "https:", 1), smsengine.Temporary, "cannot be reached"},
		{strings.Replace(secure.URL, "https:", "http:", 1), smsengine.Permanent, "HTTP 400"},
		{"http://" + greeter.Addr().String(), smsengine.Uncertain, "did not answer"},
		{"https://" + greeter.Addr().String(), smsengine.Temporary, "cannot be reached"},
		{"http://nobody.invalid/", smsengine.Temporary, "cannot be reached"},
	} {
		said, s := do(t, g, rule.Call{Rule: "x", Method: "GET", URL: c.url, Timeout: rule.Duration(500 * time.Millisecond)})
		if s.Class != c.class || !strings.Contains(s.Text, c.words) || len(said) > 600 {
			t.Errorf("%s: %q, %+v", c.url, said, s)
		}
	}
}
