package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What a browser sends for a page of another origin is refused, on every mount and
// by whatever method, whatever credentials the page has; nothing invites it.
func TestPagesOfOthers(t *testing.T) {
	t.Parallel()
	p := newDirect(t, "", "")
	base := p.openHTTP("rate = 0\n")
	p.withShop()
	shop := p.program(base)
	host := strings.TrimPrefix(base, "http://")
	credentials := url.Values{"number": {alice}, "data": {"from a page"}, "user": {"shop"}, "pass": {serverPassword}}.Encode()
	pages := map[string][]string{
		"cross-site":                   {"Sec-Fetch-Site", "cross-site"},
		"same-site":                    {"Sec-Fetch-Site", "same-site"},
		"an image":                     {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Referer", "http://evil.example/"},
		"a link":                       {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-User", "?1"},
		"an origin":                    {"Origin", "http://evil.example"},
		"no origin":                    {"Origin", "null"},
		"another port":                 {"Origin", "http://127.0.0.1:1"},
		"an old browser":               {"Referer", "http://evil.example/page?x=" + host},
		"a rebound name":               {"Host", "evil.example", "Origin", "http://evil.example"},
		"a rebound name, same-origin":  {"Host", "evil.example", "Sec-Fetch-Site", "same-origin"},
		"a rebound name without words": {"Host", "evil.example", "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		"a name like an address":       {"Host", "127.0.0.1.evil.example", "Referer", "http://127.0.0.1.evil.example/"},
	}
	mounts := []string{
		"/sms/", "/sms/deliver", "/sms/deliver.html", "/v1/messages", "/v1/messages/x", "/v1/incoming", "/v1/usage", "/v1/webhooks", "/v1/openapi.json",
		"/healthz", "/readyz", "/metrics", "/", "/nothing",
	}
	bodies := map[string]string{
		"application/x-www-form-urlencoded": credentials,
		"text/plain":                        `{"to": "+15551234567", "text": "from a page"}`,
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nfrom a page\r\n--b--\r\n",
		"application/json":                  `{"to": "+15551234567", "text": "from a page"}`,
	}
	for name, page := range pages {
		refused := func(method, path, body string, header ...string) {
			t.Helper()
			status, words := shop.do(method, path, body, append(header, page...)...)
			if status != http.StatusForbidden {
				t.Errorf("%s, %s %s: %d %s", name, method, strings.SplitN(path, "?", 2)[0], status, words)
			}
		}
		for _, mount := range mounts {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodDelete} {
				refused(method, mount+"?"+credentials, "", "Authorization", shop.basic("shop"))
			}
			refused(http.MethodOptions, mount, "", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
			for kind, body := range bodies {
				refused(http.MethodPost, mount+"?"+credentials, body, "Content-Type", kind, "Authorization", shop.basic("shop"))
			}
		}
	}
	// A program says nothing of a page, and is served; without credentials it is not asked for any as a browser would ask.
	for path, want := range map[string]int{"/sms/?" + credentials: 200, "/v1/usage": 401, "/v1/openapi.json": 200, "/healthz": 200} {
		resp, err := shop.client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want || strings.Contains(fmt.Sprint(resp.Header), "Access-Control") || strings.Contains(resp.Header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("%s: %d %v", strings.SplitN(path, "?", 2)[0], resp.StatusCode, resp.Header)
		}
	}
	p.settle()
	if n := journal(t, p)["from a page"]; n != 1 {
		t.Errorf("%d texts have left", n)
	}
}
