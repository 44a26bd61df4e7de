package hook

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/sms"
)

// readers are those of all provider files, for a site that gave no keys where it
// need not: what comes is read, and not stopped by its signature.
func readers(f *testing.F) (all []*Reader) {
	f.Helper()
	ids, err := provider.List(gateways.Files)
	if err != nil {
		f.Fatal(err)
	}
	for _, id := range ids {
		p, err := provider.Load(id, gateways.Files)
		if err != nil {
			f.Fatal(err)
		}
		for _, h := range []*provider.Hook{hookOf(p.Incoming), receiptsOf(p.Receipts)} {
			if h != nil {
				h.Signature = provider.Signature{}
			}
		}
		r, err := New(p, Options{Number: ours, Region: "DE", Now: func() time.Time { return now }})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func hookOf(in *provider.Incoming) *provider.Hook {
	if in == nil {
		return nil
	}
	return &in.Hook
}

func receiptsOf(r *provider.Receipts) *provider.Hook {
	if r == nil {
		return nil
	}
	return &r.Hook
}

func FuzzRead(f *testing.F) {
	all := readers(f)
	for _, g := range goldens {
		for i, r := range all {
			if r.provider.ID == g.provider {
				for _, c := range g.calls {
					f.Add(uint8(i), c.method == http.MethodGet, c.query, c.kind, c.body)
				}
			}
		}
	}
	f.Add(uint8(0), false, "", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"From\"\r\n\r\n1\r\n--x--")
	f.Add(uint8(1), false, "a=%zz&=&&%", formType, "message=%ff%fe&direction=incoming&from=0049&charset=utf-16")
	f.Add(uint8(2), false, "", jsonType, strings.Repeat("[", 2000))
	f.Fuzz(func(t *testing.T, which uint8, get bool, query, kind, body string) {
		r := all[int(which)%len(all)]
		u, err := url.Parse(public)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = query
		q := Request{Method: http.MethodPost, URL: u, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
		if get {
			q.Method = http.MethodGet
		}
		call, err := r.Read(t.Context(), q)
		if err != nil {
			return
		}
		for _, p := range call.Texts {
			if p.From.IsZero() || p.From.Value == "" || p.To.Value == "" || p.Seq < 1 || p.Seq > p.Total || p.Total > sms.MaxParts || p.Ref < 0 {
				t.Errorf("%+v", p)
			}
			if !utf8.ValidString(p.Text) || strings.ContainsAny(p.From.Value+p.To.Value, "\r\n\x00") || p.Data != nil && p.Text != "" {
				t.Errorf("%+v", p)
			}
			if len(p.UDH) > 0 && int(p.UDH[0]) != len(p.UDH)-1 {
				t.Errorf("header %x", p.UDH)
			}
		}
		for _, rep := range call.Reports {
			if rep.Reference == "" || strings.ContainsFunc(rep.Status.Diagnostic, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%+v", rep)
			}
		}
		for _, why := range call.Skipped {
			if len(why) > 200 || strings.ContainsAny(why, "\r\n") {
				t.Errorf("skipped: %q", why)
			}
		}
	})
}

// FuzzSigned offers what a stranger may write where a signature stands. None is
// believed, for nobody signed it with the key.
func FuzzSigned(f *testing.F) {
	var all []*Reader
	var headers []string
	seen := map[string]bool{}
	for _, g := range goldens {
		if g.sign == nil {
			continue
		}
		p, err := provider.Load(g.provider, gateways.Files)
		if err != nil {
			f.Fatal(err)
		}
		settings := map[string]string{}
		for _, n := range p.Needs {
			settings[n.Name] = "a key that nobody can guess: 8b1f6f3e0d7a"
		}
		if g.provider == "telnyx" {
			settings["public_key"] = strings.Repeat("A", 42) + "E="
		}
		if g.provider == "postel" {
			settings["webhook_secret"] = "whsec_OGIxZjZmM2UwZDdh"
		}
		r, err := New(p, Options{Number: ours, Settings: settings, Trust: amazon, Now: func() time.Time { return now }})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, r)
		for _, c := range g.calls {
			u, err := url.Parse(public + "?" + c.query)
			if err != nil {
				f.Fatal(err)
			}
			q := Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: []byte(c.body)}
			if c.method != "" {
				q.Method = c.method
			}
			g.sign(&q)
			for name, values := range q.Header {
				if name = http.CanonicalHeaderKey(name); !seen[name] {
					seen[name] = true
					headers = append(headers, name)
				}
				f.Add(uint8(len(all)-1), q.URL.RawQuery, c.kind, string(q.Body), values[0], values[0])
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, query, kind, body, a, b string) {
		r := all[int(which)%len(all)]
		u, err := url.Parse(public)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = query
		h := http.Header{"Content-Type": {kind}}
		for i, name := range headers {
			if name != "Content-Type" {
				h[name] = []string{[]string{a, b}[i%2]}
			}
		}
		call, err := r.Read(t.Context(), Request{Method: http.MethodPost, URL: u, Header: h, Body: []byte(body)})
		if err == nil && !call.Empty() {
			t.Errorf("%s: %+v", r.provider.ID, call)
		}
	})
}
