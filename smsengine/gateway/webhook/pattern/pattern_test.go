package pattern

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

var known = []string{"from", "to", "body", "data", "id"}

func values(name string) string {
	return map[string]string{"from": "+15551234567", "to": "+15555550100", "body": "Grüße & 10% = a/b?c#d", "id": "..", "data": "AQ=="}[name]
}

const body = "Gr%C3%BC%C3%9Fe%20%26%2010%25%20%3D%20a%2Fb%3Fc%23d"

func TestExpand(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"https://example.org/hear", "https://example.org/hear"},
		{"  HTTPS://Example.org ", "https://example.org/"},
		{"http://example.org?a", "http://example.org/?a"},
		{"http://192.0.2.1:8080/x", "http://192.0.2.1:8080/x"},
		{"http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"},
		{"https://bücher.example/x", "https://bücher.example/x"},
		// As the old service's pages print them.
		{"https://server2.example.org/sms/deliver.html?number=%%from%% &id=7&data=%%body%%&pass=1234",
			"https://server2.example.org/sms/deliver.html?number=%2B15551234567&id=7&data=" + body + "&pass=1234"},
		{"https://example.org/x?number=%% From\n%%\n &data= %%body%%", "https://example.org/x?number=%2B15551234567&data=" + body},
		{"https://example.org/x?t=from %%from%% to %%TO%%", "https://example.org/x?t=from%20%2B15551234567%20to%20%2B15555550100"},
		{"https://example.org/%%from%%%%to%%/%%body%%", "https://example.org/%2B15551234567%2B15555550100/" + body},
		{"https://example.org/a%20b/c%2Fd?e=%26%%from%%%%%to%%%25", ""},
		{"https://example.org/a%20b/c%2Fd?e=%26%%from%%%25%%to%%%25", "https://example.org/a%20b/c%2Fd?e=%26%2B15551234567%25%2B15555550100%25"},
		{"https://example.org/ä b\"?x=y|z\\&q=a?b/c", "https://example.org/%C3%A4%20b%22?x=y%7Cz%5C&q=a?b/c"},
		{"https://example.org/x/.%%id%%", "https://example.org/x/..."},
		{"https://example.org/?id=%%id%%", "https://example.org/?id=.."},
	} {
		u, err := Parse(c.text, known)
		if err != nil {
			if c.want != "" {
				t.Errorf("%q: %v", c.text, err)
			}
			continue
		}
		got, err := u.Expand(values)
		if err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	u, err := Parse("https://shop.example.org:8443/%%from%%?a=%%body%%&b=%%body%%", known)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Variables(); !slices.Equal(got, []string{"from", "body", "body"}) || u.Host() != "shop.example.org" {
		t.Errorf("%q at %q", got, u.Host())
	}
}

func TestDots(t *testing.T) {
	for text, dot := range map[string]bool{
		"https://example.org/a/%%id%%/b": true, "https://example.org/a/%%id%%": true, "https://example.org/a/%%id%%?x": true,
		"https://example.org/a/%%id%%x/b": false, "https://example.org/a?/%%id%%/b": false,
	} {
		u, err := Parse(text, known)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []string{".", ".."} {
			if _, err := u.Expand(func(string) string { return v }); errors.Is(err, ErrDot) != dot {
				t.Errorf("%s with %q: %v", text, v, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"", "begins with https:// or http://"},
		{"ftp://example.org/", "begins with"},
		{"example.org/x", "begins with"},
		{"%%from%%/x", "begins with"},
		{"file:///etc/passwd", "begins with"},
		{"https:///x", "name of the server is missing"},
		{"https://", "name of the server is missing"},
		{"https://:443/", "name of the server is missing"},
		{"https://example.org:/", "port"},
		{"https://example.org:0/", "port"},
		{"https://example.org:65536/", "port"},
		{"https://example.org:http/", "cannot be read"},
		{"https://john:hush@example.org/", "user and password"},
		{"https://%%from%%/", "cannot stand in the name of the server"},
		{"https://%%from%%.example.org/", "cannot stand in the name of the server"},
		{"https://example.org%%from%%/", "cannot stand in the name of the server"},
		{"https://example.org%2e/", "cannot stand in the name of the server"},
		{"https://[fe80::1%25eth0]/", "cannot stand in the name of the server"},
		{"https://exa mple.org/", "cannot be read"},
		{"https://exa\\mple.org/", "cannot be read"},
		{"https://exa*mple.org/", "characters in it that no name has"},
		{"https://example.org/#%%from%%", "a # ends a URL"},
		{"https://example.org/?id=<gateway>", "has to be written in its place"},
		{"https://example.org/\x00", "control characters"},
		{"https://example.org/\xff", "not UTF-8"},
		{"https://example.org/" + strings.Repeat("x", MaxLength), "more than 2000"},
		{"https://example.org/a/../b", "write where that leads"},
		{"https://example.org/a/%2E%2e/b", "write where that leads"},
		{"https://example.org/?pass=hush&a=%%form%%", "no variable %%form%%; there are from, to, body, data, id"},
		{"https://example.org/?pass=hush&a=%%from%", "write %%from%%, with two percent signs"},
		{"https://example.org/?pass=hush&number=%from%3&data=%data%", "write %%from%%, with two percent signs"},
		{"https://example.org/?pass=hush&data=%data%", "write %%data%%, with two percent signs"},
		{"https://example.org/?pass=hush&a=100%", "%25 is the sign itself"},
		{"https://example.org/?pass=hush&a=%%&b=%%", "%25 is the sign itself"},
		{"https://example.org/?pass=hush&a=%zz", "%25 is the sign itself"},
	} {
		_, err := Parse(c.text, known)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%.60q: %v, want %q", c.text, err, c.says)
		}
	}
}

// token stands for a value that needs no escape.
const token = "Qx7vQ"

// FuzzExpand holds that a value is found where its variable stands, whole and
// nowhere else.
func FuzzExpand(f *testing.F) {
	for _, text := range []string{
		"https://example.org/sms/deliver.html?number=%%from%% &id=7&data=%%body%%&pass=1234",
		"http://example.org/%%from%%/%%to%%x?%%body%%=%%body%%&=%%from%%", "https://[2001:db8::1]:8443/a%2Fb?x=%%from%%%25",
		"https://bücher.example/ä b;c=%%to%%?x=y|z", "HTTP://a?%%from%%", "https://example.org/.%%from%%",
	} {
		for _, v := range []string{"", ".", "..", "&a=b", "../../x", "?#", "%26", "%%from%%", "\r\nHost: x", "a+b c", "\x00\xff", "@evil.example/", "Grüße", "1;2", `\..\`} {
			f.Add(text, v)
		}
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		u, err := Parse(text, known)
		if err != nil {
			return
		}
		got, err := u.Expand(func(string) string { return value })
		if err != nil {
			if !errors.Is(err, ErrDot) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		plain, err := u.Expand(func(string) string { return token })
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		have, err := url.Parse(got)
		want, err2 := url.Parse(plain)
		if err != nil || err2 != nil {
			t.Fatalf("%q gives %q: %v, %v", text, got, err, err2)
		}
		if have.Scheme != want.Scheme || have.Host != want.Host || have.User != nil || have.Fragment != "" || strings.ToLower(have.Hostname()) != u.Host() {
			t.Errorf("%q gives %q", text, got)
		}
		if h, w := parts(t, have.EscapedPath(), "/", token), parts(t, want.EscapedPath(), "/", value); !slices.Equal(h, w) {
			t.Errorf("%q gives the path %q, want %q", text, h, w)
		}
		if h, w := parts(t, have.RawQuery, "&=", token), parts(t, want.RawQuery, "&=", value); !slices.Equal(h, w) {
			t.Errorf("%q gives the query %q, want %q", text, h, w)
		}
		for i := range len(got) {
			if c := got[i]; c <= ' ' || c == 0x7f || strings.IndexByte("\"<>\\^`{|}#", c) >= 0 {
				t.Errorf("%q gives %q", text, got)
			}
		}
	})
}

// parts cuts at separators and decodes; value stands for the token then.
func parts(t *testing.T, s, separators, value string) (all []string) {
	t.Helper()
	for {
		end := strings.IndexAny(s, separators)
		one, err := url.PathUnescape(s[:max(end, 0)])
		if end < 0 {
			one, err = url.PathUnescape(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.ReplaceAll(one, token, value))
		if end < 0 {
			return all
		}
		all, s = append(all, s[end:end+1]), s[end+1:]
	}
}
