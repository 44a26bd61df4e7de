package hook

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// now is when all requests of the tests come.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	ours   = "+15555550100"
	theirs = "+15555550123"
	// public is the address that providers call.
	public = "https://sms.example.org/hooks/office/abcdefghijklmnopqrstuvwxyz234567"
)

// golden is what a provider sends, after its document.
type golden struct {
	provider string
	document string            // that the requests follow
	settings map[string]string // of a site that checks signatures
	sign     func(q *Request)  // nil: this provider signs nothing
	calls    []goldenCall
	reply    int // HTTP status of the answer; 0: 204
}

type goldenCall struct {
	name   string
	method string // "": POST
	query  string
	kind   string // Content-Type
	body   string
	texts  []smsengine.IncomingPart
	report []smsengine.ReceiptReport
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// text is a whole text from the other phone to ours.
func text(id, words string) smsengine.IncomingPart {
	return smsengine.IncomingPart{
		From: smsengine.Phone(theirs), To: smsengine.Phone(ours), Text: words,
		Seq: 1, Total: 1, Received: now, Dedupe: id,
	}
}

func (c goldenCall) request(t *testing.T) Request {
	t.Helper()
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = c.query
	q := Request{Method: c.method, URL: u, Header: http.Header{}, Body: []byte(c.body)}
	if q.Method == "" {
		q.Method = http.MethodPost
	}
	if c.kind != "" {
		q.Header.Set("Content-Type", c.kind)
	}
	return q
}

func (g golden) load(t *testing.T) *provider.Provider {
	t.Helper()
	p, err := provider.Load(g.provider, gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (g golden) reader(t *testing.T, at time.Time) *Reader {
	t.Helper()
	p := g.load(t)
	settings := map[string]string{}
	for _, n := range p.Needs {
		settings[n.Name] = n.Default
		if !n.Optional && n.Default == "" {
			settings[n.Name] = "value-of-" + n.Name
		}
	}
	maps.Copy(settings, g.settings)
	r, err := New(p, Options{Number: ours, Settings: settings, Trust: amazon, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// each runs f for every golden request.
func each(t *testing.T, f func(t *testing.T, g golden, c goldenCall)) {
	for _, g := range goldens {
		for _, c := range g.calls {
			t.Run(g.provider+"/"+c.name, func(t *testing.T) { f(t, g, c) })
		}
	}
}

func TestGolden(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		q := c.request(t)
		if g.sign != nil {
			g.sign(&q)
		}
		call, err := g.reader(t, now).Read(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", g.document, err)
		}
		if !reflect.DeepEqual(call.Texts, c.texts) {
			t.Errorf("%s\ntexts %+v\nwant  %+v", g.document, call.Texts, c.texts)
		}
		if !reflect.DeepEqual(call.Reports, c.report) {
			t.Errorf("%s\nreports %+v\nwant    %+v", g.document, call.Reports, c.report)
		}
		if len(call.Skipped) > 0 {
			t.Errorf("skipped: %q", call.Skipped)
		}
		if status := call.Reply.Status; status != g.reply && !(g.reply == 0 && status == 204) {
			t.Errorf("it is answered with %d", status)
		}
	})
}

// Every file that hears has golden requests: for each half that it has.
func TestEveryFileHasGoldens(t *testing.T) {
	texts, reports := map[string]bool{}, map[string]bool{}
	for _, g := range goldens {
		for _, c := range g.calls {
			texts[g.provider] = texts[g.provider] || len(c.texts) > 0
			reports[g.provider] = reports[g.provider] || len(c.report) > 0
		}
	}
	ids, err := provider.List(gateways.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		p := golden{provider: id}.load(t)
		if p.Incoming != nil && !texts[id] {
			t.Errorf("%s: there is no golden request with a text", id)
		}
		if p.Receipts != nil && !reports[id] {
			t.Errorf("%s: there is no golden request with a receipt", id)
		}
	}
}

func refused(t *testing.T, r *Reader, q Request) *Refusal {
	t.Helper()
	call, err := r.Read(t.Context(), q)
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("it was believed: %+v, %v", call, err)
	}
	if call != nil && len(call.Texts)+len(call.Reports) > 0 {
		t.Errorf("it was refused, and something was taken: %+v", call)
	}
	for _, word := range []string{"Grüße", "5550123", "5555550", "secret", "hush"} {
		if strings.Contains(refusal.Why, word) {
			t.Errorf("the log gets %q", refusal.Why)
		}
	}
	return refusal
}

// What a stranger sends is refused: without a signature, with that of another
// key, and with the right one over something else.
func TestForged(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		if g.sign == nil {
			return // it signs nothing
		}
		r := g.reader(t, now)
		t.Run("unsigned", func(t *testing.T) {
			if status := refused(t, r, c.request(t)).Status; status != http.StatusForbidden && status != http.StatusUnauthorized {
				t.Errorf("it is answered with %d", status)
			}
		})
		t.Run("other key", func(t *testing.T) {
			other := g
			other.settings = map[string]string{}
			for name := range g.settings {
				other.settings[name] = "another-secret"
			}
			if g.provider == "telnyx" {
				other.settings["public_key"] = strings.Repeat("A", 43) + "="
			}
			q := c.request(t)
			g.sign(&q)
			refused(t, other.reader(t, now), q)
		})
		t.Run("other request", func(t *testing.T) {
			q := c.request(t)
			g.sign(&q)
			if tampered := tamper(q, g); tampered != nil {
				call, err := r.Read(t.Context(), *tampered)
				if err == nil && !(g.payload(t) && reflect.DeepEqual(call.Texts, c.texts) && reflect.DeepEqual(call.Reports, c.report)) {
					t.Errorf("it was believed: %+v", call)
				}
			}
		})
	})
}

// payload reports whether the signature carries all that is believed.
func (g golden) payload(t *testing.T) bool {
	p := g.load(t)
	return p.Incoming != nil && p.Incoming.Signature.Payload || p.Receipts != nil && p.Receipts.Signature.Payload
}

// tamper changes what a signature covers; nil if it covers nothing.
func tamper(q Request, g golden) *Request {
	switch {
	case g.provider == "httpsms", g.provider == "plivo": // these cover the address alone
		u := *q.URL
		u.Path += "x"
		q.URL = &u
	case len(q.Body) > 0:
		body := []byte(strings.NewReplacer("2", "3", "a", "e").Replace(string(q.Body)))
		q.Body = body
	default:
		u := *q.URL
		u.RawQuery = strings.Replace(u.RawQuery, "1", "2", 1)
		q.URL = &u
	}
	return &q
}

// A request that somebody kept is refused later, where its signature bears a
// time; and where it bears none it is the same text again, by its name.
func TestReplayed(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		q := c.request(t)
		if g.sign != nil {
			g.sign(&q)
		}
		first, err := g.reader(t, now).Read(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		again, err := g.reader(t, now.Add(30*time.Hour)).Read(t.Context(), q)
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			if refusal.Status != http.StatusForbidden {
				t.Errorf("it is answered with %d", refusal.Status)
			}
			return
		}
		if g.dated() {
			t.Error("it was believed")
		}
		for i, p := range again.Texts {
			if p.Dedupe != first.Texts[i].Dedupe {
				t.Errorf("it is another text: %+v", p)
			}
		}
		if len(again.Texts) > 0 && again.Texts[0].Dedupe == "" && g.provider != "server" {
			t.Errorf("it has no name: %+v", again.Texts[0])
		}
	})
}

// dated reports whether the provider's signatures bear a time.
func (g golden) dated() bool {
	switch g.provider {
	case "vonage", "android-sms-gateway", "aws", "httpsms", "sinch", "telnyx", "messagebird", "bird", "postel":
		return true
	}
	return false
}

// Whatever is left of a request that was cut off, nothing of it is believed, or
// nothing bad comes of it.
func TestCutOff(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		for n := range len(c.body) {
			cut := c
			cut.body = c.body[:n]
			q := cut.request(t)
			if g.sign != nil {
				g.sign(&q)
			}
			call, err := g.reader(t, now).Read(t.Context(), q)
			if err != nil || c.kind != jsonType || g.payload(t) {
				continue
			}
			if len(call.Texts)+len(call.Reports) > 0 {
				t.Fatalf("%d octets of %d: %+v", n, len(c.body), call)
			}
		}
	})
}

func TestContentTypes(t *testing.T) {
	for _, kind := range []string{"", "text/plain", "application/octet-stream", "multipart/form-data", "multipart/form-data; boundary=x", "a/b; c=\x00", jsonType + "; charset=utf-16"} {
		each(t, func(t *testing.T, g golden, c goldenCall) {
			c.kind = kind
			q := c.request(t)
			if g.sign != nil {
				g.sign(&q)
			}
			_, err := g.reader(t, now).Read(t.Context(), q)
			if _, ok := errors.AsType[*Refusal](err); err != nil && !ok {
				t.Error(err)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	g := goldens[0]
	c := g.calls[0]
	c.method = http.MethodDelete
	refusal := refused(t, g.reader(t, now), c.request(t))
	if refusal.Status != http.StatusMethodNotAllowed || fmt.Sprint(refusal.Header["Allow"]) != "[POST]" {
		t.Errorf("%+v", refusal)
	}
}
