package sms

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/httpapi"
)

func recorded(b *bed, r *http.Request) *httptest.ResponseRecorder {
	r.RemoteAddr = "192.0.2.7:4711"
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

// around is a handler on its listener, and nothing else.
func around(h *Handler) *bed {
	return &bed{server: httpapi.New(httpapi.Options{Mounts: map[string]http.Handler{"/sms/": h}, PlainAuth: true, Log: slog.New(slog.DiscardHandler)})}
}

// heard is a gateway that remembers.
type heard struct {
	parts []smsengine.IncomingPart
	err   error
}

func (h *heard) Open(context.Context, string, string, smsengine.Identity) (smsengine.Sink, error) {
	return h, nil
}

func (h *heard) Incoming(_ context.Context, in smsengine.IncomingPart) error {
	h.parts = append(h.parts, in)
	return h.err
}

func (h *heard) Report(context.Context, smsengine.ReceiptReport) error { return nil }

func TestDelivered(t *testing.T) {
	const to = "id=office&pass=" + pin + "&number=%2B15555550123&data="
	for name, c := range map[string]struct {
		query string
		want  smsengine.IncomingPart
	}{
		"R's":      {to + "hello+world&binary=0", smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: "hello world"}},
		"+":        {"id=office&pass=1&number=+15555550123&data=x", smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: "x"}},
		"Latin":    {to + "O%F9", smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: "Où"}},
		"lines":    {to + "a%0D%0Ab", smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: "a\nb"}},
		"empty":    {to, smsengine.IncomingPart{From: smsengine.Phone("+15555550123")}},
		"name":     {"id=office&pass=1&number=BANK+AG&data=x", smsengine.IncomingPart{From: smsengine.Phone("BANK AG"), Text: "x"}},
		"repeated": {to + "x&msgid=7", smsengine.IncomingPart{From: smsengine.Phone("+15555550123"), Text: "x", Dedupe: "deliver 7"}},
		"binary": {to + url.QueryEscape("Af7/") + "&binary=1&udh=BQQLhCPw", smsengine.IncomingPart{
			From: smsengine.Phone("+15555550123"), Data: []byte{1, 0xfe, 0xff}, UDH: []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &heard{}
			h := around(New(Options{Phones: phones, Gateways: g}))
			for _, target := range []string{"/sms/deliver", "/sms/deliver.html"} {
				w := h.ask(target+"?"+c.query, "")
				if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "OK ") {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				got := g.parts[len(g.parts)-1]
				if got.From != c.want.From || got.Text != c.want.Text || string(got.Data) != string(c.want.Data) || string(got.UDH) != string(c.want.UDH) || got.Dedupe != c.want.Dedupe {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestNotDelivered(t *testing.T) {
	b := newBed(t, nil)
	for name, c := range map[string]struct {
		query  string
		status int
	}{
		"wrong password": {"id=office&pass=wrong&number=%2B15555550123&data=x", 401},
		"wrong gateway":  {"id=home&pass=" + pin + "&number=%2B15555550123&data=x", 401},
		"no gateway":     {"pass=" + pin + "&number=%2B15555550123&data=x", 400},
		"no password":    {"id=office&number=%2B15555550123&data=x", 400},
		"no number":      {"id=office&pass=" + pin + "&data=x", 400},
		"nobody":         {"id=office&pass=" + pin + "&number=%E2%80%8B&data=x", 400},
		"unknown":        {"id=office&pass=" + pin + "&number=%2B15555550123&text=x", 400},
		"broken":         {"id=office&pass=" + pin + "&number=%2B15555550123&data=%21&binary=1", 400},
	} {
		if w := b.ask("/sms/deliver?"+c.query, ""); w.Code != c.status || !strings.HasPrefix(w.Body.String(), "ERROR ") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	g := &heard{err: context.DeadlineExceeded}
	h := around(New(Options{Phones: phones, Gateways: g}))
	w := h.ask("/sms/deliver?id=office&pass=1&number=%2B15555550123&data=x", "")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("what could not be stored is answered by %d", w.Code)
	}
}

// What is answered is durable, and comes once however often it is brought.
func TestDeliveredOnce(t *testing.T) {
	b := newBed(t, nil)
	for range 3 {
		w := b.ask("/sms/deliver.html?id=office&pass="+pin+"&number=%2B15555550123&data=yes&msgid=1", "")
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	sets, err := b.store.Unconsumed(t.Context(), time.Now().Add(time.Hour))
	if err != nil || len(sets) != 1 || sets[0].Parts[0].Text != "yes" || sets[0].Parts[0].Gateway != "office" {
		t.Errorf("%v %+v", err, sets)
	}
}

// The URL of the old service's manual has no msgid. What a Postel calls by it is
// known by the name of the call.
func TestDeliveredByWebhook(t *testing.T) {
	g := &heard{}
	h := around(New(Options{Phones: phones, Gateways: g}))
	for _, c := range []struct{ msgid, header, want string }{
		{"", "msg_1", "deliver msg_1"}, {"&msgid=7", "msg_1", "deliver 7"}, {"", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/sms/deliver.html?id=office&pass=1&number=%2B15555550123&data=x"+c.msgid, nil)
		r.Header.Set("Webhook-Id", c.header)
		if w := recorded(h, r); w.Code != http.StatusOK || g.parts[len(g.parts)-1].Dedupe != c.want {
			t.Errorf("%+v: %d, %+v", c, w.Code, g.parts)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/sms/deliver.html?id=office&pass=1&number=%2B15555550123&data=x", nil)
	r.Header.Set("Webhook-Id", "a\nb")
	if w := recorded(h, r); w.Code != http.StatusBadRequest {
		t.Errorf("a name of two lines: %d", w.Code)
	}
}
