package httpapi

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path"
	"strings"
	"testing"
	"time"
)

// What is mounted is found by its path and by no other spelling of it.
func TestFound(t *testing.T) {
	b := newBed(t, nil)
	for p, want := range map[string]int{
		"/office/": 200, "/office": 200, "/office/any/path": 200, "/healthz": 204,
		"/office/deep/x": 404, "/": 404, "": 404, "*": 404, "/officer": 404, "/healthz/": 404, "/healthz/x": 404,
		"//office/": 404, "/office/../office/": 404, "/office/./x": 404, "/office//x": 404, "/x/../office/": 404,
		"/Office/": 404, "/office/..": 404, "/office/x/..": 404, "office/": 404, "/office\x00": 404, "/ office/": 404,
		"/%6fffice/": 404, "\\office\\": 404,
	} {
		w := b.ask(http.MethodPost, p, "x")
		if w.Code != want || w.Code == 404 && w.Header().Get("Location") != "" {
			t.Errorf("%q: %d, want %d", p, w.Code, want)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q: %v", p, w.Header())
		}
	}
}

// Nothing that a browser sends on behalf of a page of another origin is answered,
// whatever the method, and nothing in the answers invites it.
func TestOrigins(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Base = "https://sms.example.org:8443/" })
	for name, c := range map[string]struct {
		header []string
		want   int
	}{
		"a program":                   {nil, 200},
		"typed in":                    {[]string{"Sec-Fetch-Site", "none"}, 200},
		"our page":                    {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://sms.example.org"}, 200},
		"our page, old browser":       {[]string{"Origin", "https://sms.example.org", "Referer", "https://SMS.example.org/x"}, 200},
		"our page behind a proxy":     {[]string{"Origin", "https://sms.example.org:8443"}, 200},
		"another":                     {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a link":                      {[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403},
		"beside us":                   {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.example.org"}, 403},
		"of a browser to come":        {[]string{"Sec-Fetch-Site", "neighbour"}, 403},
		"another, old browser":        {[]string{"Origin", "https://evil.example"}, 403},
		"another port":                {[]string{"Origin", "https://sms.example.org:444"}, 403},
		"hidden":                      {[]string{"Origin", "null"}, 403},
		"an image":                    {[]string{"Referer", "http://evil.example/page"}, 403},
		"an image of a name like it":  {[]string{"Referer", "http://sms.example.org.evil.example/"}, 403},
		"an image of a user like it":  {[]string{"Referer", "http://sms.example.org@evil.example/"}, 403},
		"our origin, another referer": {[]string{"Origin", "https://sms.example.org", "Referer", "https://evil.example/"}, 403},
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD"} {
			seen := b.office.count()
			w := b.ask(method, "/office/", "x", c.header...)
			if w.Code != c.want || w.Code == 403 && b.office.count() != seen || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: %d", name, method, w.Code)
			}
		}
	}
	if w := b.ask("GET", "/office/", "", "Authorization", "Basic wrong"); w.Code != 401 || strings.Contains(fmt.Sprint(w.Header()), "Basic") {
		t.Errorf("a browser would ask the person for a password, and remember it: %d %v", w.Code, w.Header())
	}
}

// A page of another site, whose name points to us, seems to be of our origin (DNS
// rebinding). Whoever asks for a name that is not ours must be no browser, unless
// the certificate has it.
func TestRebinding(t *testing.T) {
	for _, c := range []struct {
		base, host string
		header     []string
		want       int
	}{
		{"", "rebound.example", nil, 200}, // a program
		{"", "rebound.example", []string{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"}, 403},
		{"", "rebound.example:8027", []string{"Origin", "http://rebound.example:8027"}, 403},
		{"", "rebound.example", []string{"Referer", "http://rebound.example/"}, 403},
		{"", "rebound.example", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"", "localhost.rebound.example", []string{"Sec-Fetch-Site", "none"}, 403},
		{"", "127.0.0.1.rebound.example", []string{"Sec-Fetch-Site", "none"}, 403},
		{"", "", []string{"Sec-Fetch-Site", "none"}, 403},
		{"", "localhost:8027", []string{"Origin", "http://localhost:8027"}, 200},
		{"", "192.0.2.7:8027", []string{"Origin", "http://192.0.2.7:8027"}, 200},
		{"", "[2001:db8::7]", []string{"Sec-Fetch-Site", "none"}, 200},
		{"https://sms.example.org", "SMS.example.org", []string{"Origin", "https://sms.example.org"}, 200},
		{"https://sms.example.org", "rebound.example", []string{"Origin", "http://rebound.example"}, 403},
	} {
		b := newBed(t, func(o *Options) { o.Base = c.base })
		r := httptest.NewRequest(http.MethodGet, "/office/", nil)
		r.Host = c.host
		r.SetBasicAuth("john", "hush")
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		w := httptest.NewRecorder()
		b.server.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
		r.TLS = &tls.ConnectionState{}
		w = httptest.NewRecorder()
		if b.server.ServeHTTP(w, r); w.Code != 200 {
			t.Errorf("%+v, with a certificate: %d %s", c, w.Code, w.Body)
		}
	}
}

// A secret that others could read on its way is refused, so that it is noticed.
func TestPrivate(t *testing.T) {
	b := newBed(t, func(o *Options) {
		o.PlainAuth, o.Proxies = false, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}
	})
	for name, c := range map[string]struct {
		remote string
		header []string
		want   int
	}{
		"from outside":               {"203.0.113.9:1", nil, 403},
		"who says that it is secure": {"203.0.113.9:1", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, 403},
		"this machine":               {"127.0.0.1:1", nil, 200},
		"a unix socket":              {"@", nil, 200},
		"through a proxy":            {"192.0.2.7:1", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}, 200},
		"in clear to a proxy":        {"192.0.2.7:1", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "http"}, 403},
		"the last proxy's word":      {"192.0.2.7:1", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https, http"}, 403},
		"a proxy for itself":         {"192.0.2.7:1", nil, 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/office/", nil)
		r.RemoteAddr = c.remote
		r.SetBasicAuth("john", "hush")
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		w := httptest.NewRecorder()
		b.server.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestRate(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Rate, o.Burst = 2, 3 })
	clock := time.Now()
	b.server.calls.Now = func() time.Time { return clock }
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{0, "[200 200 200 429 429]"}, {time.Second, "[200 200 429 429 429]"}, {time.Hour, "[200 200 200 429 429]"}} {
		clock = clock.Add(step.wait)
		var codes []int
		for range 5 {
			w := b.ask(http.MethodPost, "/office/", "x")
			codes = append(codes, w.Code)
			if w.Code == 429 && w.Header().Get("Retry-After") == "" {
				t.Error("it does not say when to come again")
			}
		}
		if fmt.Sprint(codes) != step.want {
			t.Errorf("after %s: %v, want %s", step.wait, codes, step.want)
		}
	}
}

// A handler that breaks down is answered for, and its client hears nothing of it.
func TestPanic(t *testing.T) {
	b := newBed(t, nil)
	w := b.ask(http.MethodPost, "/office/", "panic", "Accept", "application/json")
	if w.Code != 500 || strings.Contains(w.Body.String(), "hush") || !strings.Contains(w.Body.String(), `"code":"4.3.0"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The access log has who, which messages and how it went, and nothing that a
// client wrote.
func TestLog(t *testing.T) {
	b := newBed(t, func(o *Options) { o.Base = "https://sms.example.org" })
	b.ask(http.MethodPost, "/office/hush?pass=hush&number=5550123", "hush", "User-Agent", "hush", "Cookie", "hush", "Referer", "http://sms.example.org/hush")
	for _, word := range []string{"method=POST", "path=/office/", "status=200", "client=192.0.2.7", "account=john", "messages=\"[m1 m2]\"", "octets=10"} {
		if !strings.Contains(b.log.String(), word) {
			t.Errorf("the log lacks %s:\n%s", word, b.log)
		}
	}
	b.ask("HUSH", "/hush", "hush")
	b.ask(http.MethodGet, "/office/?key=hush", "", "Authorization", "Bearer hush-token")
	b.ask(http.MethodGet, "/office/?key=hush", "", "Authorization", "Bearer hush")
	b.ask(http.MethodGet, "/office/\nlevel=ERROR msg=hush", "")
	b.ask(http.MethodGet, "/office/", "", "Origin", "http://hush.example")
	b.ask(http.MethodGet, "/office/", "", "X-Forwarded-For", "hush")
	for _, word := range []string{"hush", "5550123"} {
		if strings.Contains(b.log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, b.log)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, p := range []string{"/office/", "/healthz", "//office", "/office/..", "*", "/office/deep/x"} {
		f.Add(p)
	}
	s := newBed(f, nil).server
	f.Fuzz(func(t *testing.T, p string) {
		mount, h := s.find(p)
		if h == nil {
			return
		}
		if c := path.Clean(p); c != mount && !strings.HasPrefix(c+"/", mount) || strings.Contains(p, "//") || strings.Contains(p+"/", "/../") {
			t.Errorf("%q finds %q", p, mount)
		}
	})
}
