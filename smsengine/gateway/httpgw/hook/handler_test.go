package hook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
)

type bed struct {
	*Handler
	log  bytes.Buffer
	sink *gatewaytest.Sink
}

func find(t *testing.T, id string) golden {
	t.Helper()
	for _, g := range goldens {
		if g.provider == id {
			return g
		}
	}
	t.Fatalf("there is no golden request of %s", id)
	return golden{}
}

func newBed(t *testing.T, g golden) *bed {
	t.Helper()
	b := &bed{sink: gatewaytest.NewSink()}
	log := slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.Handler = NewHandler(g.reader(t, now), log)
	return b
}

// hear listens until the function that it gives is called.
func (b *bed) hear(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, b.sink) }()
	b.hearing()
	return func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// hearing returns when somebody listens.
func (b *bed) hearing() {
	for {
		if _, _, done, err := b.ear.enter(context.Background()); err == nil {
			done()
			return
		}
		runtime.Gosched()
	}
}

func (b *bed) ask(q Request) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.Method, "/", bytes.NewReader(q.Body))
	r.URL, r.Header = q.URL, q.Header
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (g golden) signed(t *testing.T, c goldenCall) Request {
	q := c.request(t)
	if g.sign != nil {
		g.sign(&q)
	}
	return q
}

// The provider hears yes when everything is durable, and never before.
func TestYesMeansDurable(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		b := newBed(t, g)
		if w := b.ask(g.signed(t, c)); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("while nobody listens: %d", w.Code)
		}
		defer b.hear(t)()
		for i := range len(c.texts) + len(c.report) {
			b.sink.Refuse(1) // the first that is left
			if w := b.ask(g.signed(t, c)); w.Code != http.StatusServiceUnavailable {
				t.Errorf("refusal %d: %d", i, w.Code)
			}
		}
		want := g.reply
		if want == 0 {
			want = http.StatusNoContent
		}
		if w := b.ask(g.signed(t, c)); w.Code != want || w.Body.Len() > 0 && g.provider != "routo" {
			t.Errorf("taken: %d %q", w.Code, w.Body)
		}
		if len(b.sink.Parts()) != len(c.texts) || len(b.sink.Reports()) != len(c.report) {
			t.Errorf("the sink has %+v, %+v", b.sink.Parts(), b.sink.Reports())
		}
	})
}

// A batch of which one could not be stored comes again whole.
func TestHalfABatch(t *testing.T) {
	g := find(t, "infobip")
	b := newBed(t, g)
	defer b.hear(t)()
	q := g.signed(t, g.calls[0])
	if w := b.ask(q); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	half := g.calls[0]
	half.body = strings.Replace(half.body, `"from":"15555550123"`, `"from":""`, 1)
	if w := b.ask(g.signed(t, half)); w.Code != http.StatusNoContent { // it will never have a sender
		t.Error(w.Code)
	}
	if parts := b.sink.Parts(); len(parts) != 3 || parts[0].Dedupe == parts[1].Dedupe || parts[2].Dedupe != parts[1].Dedupe {
		t.Errorf("%+v", parts)
	}
	if !strings.Contains(b.log.String(), "a text without a sender") {
		t.Errorf("the log does not say it: %s", &b.log)
	}
}

// holding is a Sink that is writing when its context ends.
type holding struct{ entered, left chan struct{} }

func (h holding) Incoming(ctx context.Context, _ smsengine.IncomingPart) error {
	close(h.entered)
	<-ctx.Done()
	time.Sleep(20 * time.Millisecond) // as a store that is writing
	close(h.left)
	return ctx.Err()
}

func (h holding) Report(context.Context, smsengine.ReceiptReport) error { return nil }

// Listen waits for what is under way, and nothing begins after it has returned.
func TestListenEnds(t *testing.T) {
	g := find(t, "46elks")
	b := newBed(t, g)
	sink := holding{make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, sink) }()
	b.hearing()
	answered := make(chan int, 1)
	go func() { answered <- b.ask(g.signed(t, g.calls[0])).Code }()
	<-sink.entered
	cancel()
	<-ended
	select {
	case <-sink.left:
	default:
		t.Error("Listen did not wait for the sink")
	}
	if code := <-answered; code != http.StatusServiceUnavailable {
		t.Errorf("what was under way is answered with %d", code)
	}
	if w := b.ask(g.signed(t, g.calls[0])); w.Code != http.StatusServiceUnavailable {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// A request that cannot be read has no effect; what it will never be read as is
// answered so that the provider does not come for ever.
func TestUnread(t *testing.T) {
	g := find(t, "46elks")
	b := newBed(t, g)
	defer b.hear(t)()
	for name, c := range map[string]struct {
		body io.Reader
		want int
	}{
		"cut off":    {iotest.ErrReader(io.ErrUnexpectedEOF), http.StatusBadRequest},
		"too large":  {iotest.ErrReader(&http.MaxBytesError{Limit: 1}), http.StatusRequestEntityTooLarge},
		"empty":      {strings.NewReader(""), http.StatusNoContent},
		"nonsense":   {strings.NewReader("\x00\xff%%%&&==;"), http.StatusNoContent},
		"no sender":  {strings.NewReader("direction=incoming&message=x"), http.StatusNoContent},
		"strange":    {strings.NewReader("id=1&status=exploded"), http.StatusNoContent},
		"no name":    {strings.NewReader("status=delivered"), http.StatusNoContent},
		"many names": {strings.NewReader(strings.Repeat("a&", 100000) + "b=1"), http.StatusNoContent},
	} {
		r := httptest.NewRequest(http.MethodPost, public, c.body)
		r.Header.Set("Content-Type", formType)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if len(b.sink.Parts())+len(b.sink.Reports()) > 0 {
		t.Errorf("the sink has %+v, %+v", b.sink.Parts(), b.sink.Reports())
	}
	if !strings.Contains(b.log.String(), `exploded`) {
		t.Errorf("the log does not name the strange state: %s", &b.log)
	}
}

// Whatever comes and whatever becomes of it, the log has no secret, no number and
// no text.
func TestLogTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, g golden, c goldenCall) {
		b := newBed(t, g)
		ask := func() {
			b.ask(g.signed(t, c))
			b.ask(c.request(t))
			if q := tamper(g.signed(t, c), g); q != nil {
				b.ask(*q)
			}
		}
		ask()
		stop := b.hear(t)
		ask()
		b.sink.Refuse(3)
		ask()
		stop()
		for _, word := range []string{"hush", "5550123", "5550100", "Grüße", "Hello", "second", "QUIZ", "EXAMPLE", "sweet", "abcdefghijklm"} {
			if strings.Contains(b.log.String(), word) {
				t.Errorf("the log has %q:\n%s", word, &b.log)
			}
		}
	})
}

// Amazon's subscription is confirmed at Amazon, if it is the site's topic; and
// until it is, Amazon asks again.
func TestSubscription(t *testing.T) {
	g := find(t, "aws")
	b := newBed(t, g)
	const topic = "arn:aws:sns:eu-west-1:123456789012:texts"
	message := func(change map[string]string) Request {
		m := map[string]string{
			"Type": "SubscriptionConfirmation", "MessageId": "165545c9", "Token": "hush", "TopicArn": topic,
			"Message":      "You have chosen to subscribe to the topic",
			"SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=hush",
			"Timestamp":    now.Format(time.RFC3339), "SignatureVersion": "1", "SigningCertURL": certURL,
		}
		for name, value := range change {
			m[name] = value
		}
		c := goldenCall{kind: "text/plain; charset=UTF-8", body: string(envelopeOf(m))}
		return c.request(t)
	}
	amazon.confirmed = nil
	amazon.fail = true
	if w := b.ask(message(nil)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("Amazon does not answer: %d", w.Code)
	}
	amazon.fail = false
	for name, change := range map[string]map[string]string{
		"another topic":   {"TopicArn": topic + "2"},
		"another host":    {"SubscribeURL": "https://sns.example.org/?Action=ConfirmSubscription&TopicArn=" + topic},
		"another action":  {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&TopicArn=" + topic},
		"for another":     {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "2"},
		"old":             {"Timestamp": now.Add(-3 * time.Hour).Format(time.RFC3339)},
		"own certificate": {"SigningCertURL": "https://s3.amazonaws.com/mine.pem"},
		"new version":     {"SignatureVersion": "3"},
	} {
		if w := b.ask(message(change)); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	tampered := message(nil)
	tampered.Body = bytes.Replace(tampered.Body, []byte("You have chosen"), []byte("You had chosen"), 1)
	if w := b.ask(tampered); w.Code != http.StatusForbidden {
		t.Errorf("with other words than were signed: %d", w.Code)
	}
	if len(amazon.confirmed) != 0 {
		t.Errorf("confirmed: %q", amazon.confirmed)
	}
	if w := b.ask(message(nil)); w.Code != http.StatusOK || len(amazon.confirmed) != 1 {
		t.Errorf("%d, confirmed %q", w.Code, amazon.confirmed)
	}
	if w := b.ask(message(map[string]string{"Type": "UnsubscribeConfirmation"})); w.Code != http.StatusOK || len(amazon.confirmed) != 1 {
		t.Errorf("the end of a subscription: %d, confirmed %q", w.Code, amazon.confirmed)
	}
	if strings.Contains(b.log.String(), "hush") {
		t.Errorf("the log has the token: %s", &b.log)
	}
}

func TestFromAmazon(t *testing.T) {
	for _, a := range []string{
		"", "http://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com.example.org/a.pem",
		"https://sns.eu-west-1.amazonaws.com:8443/a.pem", "https://u@sns.eu-west-1.amazonaws.com/a.pem", "https://sns.a.b.amazonaws.com/",
		"https://evil.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com@example.org/", "https://sns..amazonaws.com/", "https://sns.amazonaws.com/",
		"https://SNS.eu-west-1.amazonaws.com/", "https://example.org/https://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com\n.example.org/",
		"https://sns.eu_west.amazonaws.com/", "//sns.eu-west-1.amazonaws.com/a.pem", "https:sns.eu-west-1.amazonaws.com/a.pem", "https://snsxeu-west-1.amazonaws.com/",
	} {
		if FromAmazon(a) {
			t.Errorf("%q is asked", a)
		}
	}
	if !FromAmazon(certURL) {
		t.Error("Amazon is not asked")
	}
}
