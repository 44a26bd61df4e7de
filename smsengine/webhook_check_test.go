package smsengine

import (
	"strings"
	"testing"
)

func TestPublicURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://shop.example.com":                                      "https://shop.example.com",
		"https://shop.example.com/hook":                                 "https://shop.example.com/hook",
		"https://shop.example.com/hook?key=secret&x=1":                  "https://shop.example.com/hook?key=…&x=…",
		"https://john:secret@shop.example.com:8443/hook":                "https://…@shop.example.com:8443/hook",
		"http://x.example.com/?from=%%from%%&text=%%text%%&pass=secret": "http://x.example.com/?from=%%from%%&text=%%text%%&pass=…",
		"http://x.example.com/?secret":                                  "http://x.example.com/?…",
		"http://x.example.com/?key=%%from%%secret%%to%%":                "http://x.example.com/?key=…",
		"http://x.example.com/?key=a=secret#secret":                     "http://x.example.com/?key=…",
		"http://x.example.com?key=secret?secret":                        "http://x.example.com?key=…",
		"http://x.example.com/?empty=":                                  "http://x.example.com/?empty=",
	} {
		if got := (Webhook{URL: url}).PublicURL(); got != want || strings.Contains(got, "secret") {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestWebhookNames(t *testing.T) {
	for _, good := range []string{"shop", "shop.orders-2_x", "7", strings.Repeat("x", 64)} {
		if err := CheckWebhookName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", ".", "..", "-x", "a b", "a/b", "ä", "a\n", strings.Repeat("x", 65)} {
		if CheckWebhookName(bad) == nil {
			t.Errorf("%q is a name", bad)
		}
	}
}

// Whatever the URL is, no value of a parameter and no password is shown.
func FuzzPublicURL(f *testing.F) {
	for _, seed := range []string{"secret", "a&b=c", "%%from%%", "x#y", "a?b", "é", "a@b", "//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const mark = "pAssw0rd"
		got := Webhook{URL: "https://" + mark + ":" + mark + "@shop.example.com/in?a=" + mark + s + "&" + s + "=" + mark + "#" + mark}.PublicURL()
		if _, shown, _ := strings.Cut(got, "?"); strings.Contains(shown, mark) && !strings.Contains(s, mark) {
			t.Errorf("%q: %s", s, got)
		}
		if server, _, _ := strings.Cut(got, "?"); server != "https://…@shop.example.com/in" {
			t.Errorf("%q: %s", s, got)
		}
	})
}
