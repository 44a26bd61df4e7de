package monitor_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
	"github.com/postel-mail/postel/transport/httpapi/monitor"
)

// bed is a listener with all three on it.
type bed struct {
	server *httpapi.Server
	store  func(context.Context) error
	log    strings.Builder
}

func newBed() *bed {
	b := &bed{store: func(context.Context) error { return nil }}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "postel_figure 1\n") })
	b.server = httpapi.New(httpapi.Options{
		Mounts: map[string]http.Handler{
			"/healthz": monitor.Health(),
			"/readyz": monitor.Ready(
				monitor.Check{Name: "engine", Do: func(context.Context) error { return nil }},
				monitor.Check{Name: "store", Do: func(ctx context.Context) error { return b.store(ctx) }},
			),
			"/metrics": monitor.Metrics(page, tokens{}, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}),
		},
		PlainAuth: true, Rate: -1, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Log: slog.New(slog.NewTextHandler(&b.log, nil)),
	})
	return b
}

// tokens are one for metrics, and one for all else.
type tokens struct{}

func (tokens) Token(_ context.Context, token string, from smsengine.Identity) (httpapi.Login, error) {
	switch token {
	case "watch":
		return httpapi.Login{Identity: from, Account: "monitoring", Scopes: smsengine.ScopeMetrics}, nil
	case "all":
		return httpapi.Login{Identity: from, Account: "shop", Scopes: ^smsengine.ScopeMetrics}, nil
	}
	return httpapi.Login{}, smsengine.Fail("login", smsengine.Permanent, "5.7.8", "this token is not valid (any more)", errors.New("hush"))
}

func (tokens) Password(_ context.Context, _ []string, _ string, from smsengine.Identity) (httpapi.Login, error) {
	return httpapi.Login{Identity: from, Account: "shop", Scopes: smsengine.ScopeSend | smsengine.ScopeRead | smsengine.ScopeIncoming}, nil
}

func (b *bed) ask(method, path, remote string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://sms.example.org"+path, nil)
	r.RemoteAddr = remote
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

const anybody = "203.0.113.9:4711"

func TestHealth(t *testing.T) {
	b := newBed()
	if w := b.ask("GET", "/healthz", anybody); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := b.ask("POST", "/healthz", anybody); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestReady(t *testing.T) {
	b := newBed()
	if w := b.ask("GET", "/readyz", anybody); w.Code != 200 || w.Body.String() != "ready\nengine   ok\nstore    ok\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	b.store = func(context.Context) error {
		return smsengine.Fail("store", smsengine.Temporary, "4.3.1", "the disk is full", errors.New("/var/lib/hush"))
	}
	if w := b.ask("GET", "/readyz", anybody); w.Code != 503 || w.Body.String() != "not ready\nengine   ok\nstore    the disk is full\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	b.store = func(context.Context) error { return errors.New("/var/lib/hush\nis not there") }
	w := b.ask("GET", "/readyz", anybody, "Accept", "application/json")
	var got struct {
		Ready  bool
		Checks []struct {
			Name, Text string
			OK         bool
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 503 || got.Ready || len(got.Checks) != 2 ||
		!got.Checks[0].OK || got.Checks[1].OK || got.Checks[1].Name != "store" || strings.Contains(w.Body.String(), "hush") {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
}

// A store that hangs is asked once, whoever asks and how often; they hear it
// within a second, and at once after that. When it goes on, so does this.
func TestReadyWhileTheStoreIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed()
		var calls atomic.Int32
		goesOn := make(chan struct{})
		b.store = func(context.Context) error { calls.Add(1); <-goesOn; return nil }
		for round, most := range []time.Duration{time.Second, 0} {
			began := time.Now()
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if w := b.ask("GET", "/readyz", anybody); w.Code != 503 || !strings.Contains(w.Body.String(), "store    does not answer\n") {
						t.Errorf("%d %q", w.Code, w.Body)
					}
				})
			}
			all.Wait()
			if took := time.Since(began); took != most {
				t.Errorf("round %d took %s, want %s", round, took, most)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		close(goesOn)
		synctest.Wait()
		if w := b.ask("GET", "/readyz", anybody); w.Code != 200 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}

func TestMetricsAreForThoseWhoMay(t *testing.T) {
	b := newBed()
	for name, c := range map[string]struct {
		remote string
		header []string
		want   int
	}{
		"nobody":                       {anybody, nil, 401},
		"a token for it":               {anybody, []string{"Authorization", "Bearer watch"}, 200},
		"a token for all else":         {anybody, []string{"Authorization", "Bearer all"}, 403},
		"a wrong token":                {anybody, []string{"Authorization", "Bearer hush"}, 401},
		"a password":                   {anybody, []string{"Authorization", "Basic c2hvcDpodXNo"}, 403},
		"a network of ours":            {"192.0.2.9:1", nil, 200},
		"the same, mapped":             {"[::ffff:192.0.2.9]:1", nil, 200},
		"its neighbour":                {"192.0.2.17:1", nil, 401},
		"this machine":                 {"127.0.0.1:1", nil, 401},
		"through a proxy":              {"127.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, 401},
		"ours, through a proxy":        {"127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.9"}, 200},
		"who says that he is ours":     {anybody, []string{"X-Forwarded-For", "192.0.2.9"}, 401},
		"through a proxy, saying that": {"127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.9, 203.0.113.9"}, 401},
		"a unix socket":                {"@", nil, 401},
	} {
		w := b.ask("GET", "/metrics", c.remote, c.header...)
		if w.Code != c.want || (c.want == 200) != strings.Contains(w.Body.String(), "postel_figure") || strings.Contains(w.Body.String(), "hush") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// What is asked all the time is not in the log; what is refused is.
func TestTheLogIsQuiet(t *testing.T) {
	b := newBed()
	b.ask("GET", "/healthz", anybody)
	b.ask("GET", "/readyz", anybody)
	b.ask("GET", "/metrics", anybody, "Authorization", "Bearer watch")
	if b.log.Len() > 0 {
		t.Errorf("the log has\n%s", b.log.String())
	}
	b.ask("GET", "/metrics", anybody)
	if !strings.Contains(b.log.String(), "path=/metrics status=401") {
		t.Errorf("the log has\n%s", b.log.String())
	}
	f := b.server.Figures()
	if f.Requests["/metrics"] != [5]uint64{0, 1, 0, 1, 0} || f.Requests["/readyz"][1] != 1 || f.Requests[""] != [5]uint64{} {
		t.Errorf("figures %+v", f)
	}
}
