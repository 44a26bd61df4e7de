package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// bed is a gateway with its webhooks, and a clock.
type bed struct {
	*Gateway
	mu    sync.Mutex
	hooks map[string]smsengine.Webhook
	clock time.Time
	log   strings.Builder
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{hooks: map[string]smsengine.Webhook{}, clock: time.Now()}
	b.Gateway = New(Options{
		Webhook: func(name string) (smsengine.Webhook, bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			w, there := b.hooks[name]
			return w, there
		},
		Compose: func(d smsengine.Delivery) ([]byte, error) {
			return json.Marshal(map[string]any{"id": d.About.ID, "text": d.About.Body.Text, "occasion": d.Message.Body.Notice.Occasion})
		},
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Version:  "1.2",
		Log:      slog.New(slog.NewTextHandler(logWriter{b}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.clock
		},
	})
	t.Cleanup(func() { b.Close() })
	return b
}

type logWriter struct{ b *bed }

func (w logWriter) Write(p []byte) (int, error) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	return w.b.log.Write(p)
}

// serve starts a program that hears of what happens as the webhook called shop,
// at a path and query of its URL.
func (b *bed) serve(t *testing.T, where string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	b.add("shop", s.URL+where)
	return s
}

func (b *bed) add(name, url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hooks[name] = smsengine.Webhook{Name: name, Account: "shop", Occasions: smsengine.AllOccasions, URL: url, Secret: []byte("a secret of thirty-two octets 123")}
}

func (b *bed) passes(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func (b *bed) logged() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

var calls struct {
	sync.Mutex
	n int
}

// call is a call of a webhook about a text that was delivered.
func call(name string) smsengine.Delivery {
	now := time.Now().UTC()
	calls.Lock()
	calls.n++
	id := fmt.Sprintf("%026d", calls.n)
	calls.Unlock()
	about := smsengine.Message{
		ID: smsengine.MessageID("m" + id), Kind: smsengine.Text, Account: "shop", From: smsengine.Mailbox("john@example.org"), To: smsengine.Phone("+15551234567"),
		Body: smsengine.Body{Text: "Grüße & mehr"}, Parts: []smsengine.Part{{}}, State: smsengine.Delivered, Gateway: "office", Attempt: 1,
	}
	m := smsengine.NewCall(name, about, smsengine.OnDelivered, now)
	m.ID, m.State, m.Gateway, m.Attempt = smsengine.MessageID("c"+id), smsengine.Sending, smsengine.WebhookGateway, 1
	return smsengine.Delivery{Message: m, About: &about, Source: smsengine.Source{Subject: "Your order"}}
}

// send calls, and gives what became of it.
func (b *bed) send(t *testing.T, d smsengine.Delivery) (smsengine.Taking, smsengine.Status) {
	t.Helper()
	taking, err := b.Send(t.Context(), d)
	if err == nil {
		return taking, smsengine.Status{}
	}
	e, ok := errors.AsType[*smsengine.Error](err)
	if !ok {
		t.Fatalf("%v has no class", err)
	}
	if strings.ContainsAny(e.Text, "\r\n") || len(e.Text) > 500 {
		t.Errorf("%q is no line for people", e.Text)
	}
	return taking, e.Status
}

// wants holds a status against a class and words.
func wants(t *testing.T, s smsengine.Status, class smsengine.Class, says string) {
	t.Helper()
	if s.Class != class || !strings.Contains(s.Text, says) {
		t.Errorf("it is %+v, want %s with %q", s, class, says)
	}
}
