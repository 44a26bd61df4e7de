package httpgw

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-1": 0,
		"0": time.Millisecond, "30": 30 * time.Second, " 30 ": 30 * time.Second, "86400": longestRest,
		"Mon, 23 Nov 2026 12:01:00 GMT": time.Minute,
		"Mon, 23 Nov 2026 11:00:00 GMT": time.Millisecond,
	} {
		d, said := retryAfter(http.Header{"Retry-After": {s}}, now)
		if d != want || said != (want != 0) {
			t.Errorf("%q: %v, %v", s, d, said)
		}
	}
}

// TestGatewayRests: after an answer that asks for it nothing is sent, the engine
// is told, and Check says why.
func TestGatewayRests(t *testing.T) {
	for answer, want := range map[string]string{
		"429 Too Many Requests\r\nRetry-After: 60":   "46elks wants fewer requests, is tried again in 1m0s",
		"503 Service Unavailable\r\nRetry-After: 60": "46elks wants to be left alone, is tried again in 1m0s",
		"401 Unauthorized":                           "46elks refuses the credentials, is tried again in 30s",
		"402 Payment Required":                       "46elks has no credit for us, is tried again in 30s",
	} {
		g := known(t, "46elks")
		f := newFake(t, says("HTTP/1.1 "+answer+"\r\nContent-Length: 0\r\n\r\n"))
		f.connect(g)
		for range 3 {
			if class, err := classOf(t, g); class != smsengine.Temporary {
				t.Errorf("%s: %v", answer, err)
			}
		}
		if f.count() != 1 {
			t.Errorf("%s: there were %d requests", answer, f.count())
		}
		if h, err := g.Check(t.Context()); err != nil || h.Ready || h.Text != want {
			t.Errorf("%s: %+v, want %q", answer, h, want)
		}
		select {
		case <-g.Ready():
			t.Errorf("%s: the engine is told to go on", answer)
		default:
		}
	}
}

func TestWhatCannotBeCarried(t *testing.T) {
	for section, want := range map[string]string{
		"data: 00":       "5.6.1",
		"alphabet: gsm8": "5.6.1",
	} {
		g := known(t, "twilio")
		_, err := g.Send(t.Context(), delivery(t, g, []byte(section)))
		if s := smsengine.StatusOf(err); s.Class != smsengine.Permanent || s.Code != want {
			t.Errorf("%s: %+v", section, s)
		}
	}
	g := known(t, "twilio")
	d := delivery(t, g, nil)
	d.Message.Parts = make([]smsengine.Part, 11)
	if _, err := g.Send(t.Context(), d); smsengine.StatusOf(err).Code != "5.2.3" {
		t.Error(err)
	}
	d.Message.To = smsengine.Mailbox("john@example.org")
	if _, err := g.Send(t.Context(), d); smsengine.StatusOf(err).Class != smsengine.Permanent {
		t.Error(err)
	}
	g = known(t, "kannel") // gets parts, which have no room for what these letters are elsewhere
	d = delivery(t, g, []byte("text: ğış"))
	d.Message.Body.National = "turkish"
	if _, err := g.Send(t.Context(), d); smsengine.StatusOf(err).Code != "5.6.1" {
		t.Error(err)
	}
}

// TestWholeTextIsSent: a provider that cuts by itself gets the text of all parts
// and none of our headers.
func TestWholeTextIsSent(t *testing.T) {
	g := known(t, "46elks")
	w := &recorder{answer: []byte("HTTP/1.1 200 OK\n\n{\"id\":\"s1\"}")}
	g.client.Transport = w
	d := delivery(t, g, nil)
	d.Message.Parts = []smsengine.Part{{Text: "one ", UDH: []byte{5, 0, 3, 7, 2, 1}}, {Text: "two", UDH: []byte{5, 0, 3, 7, 2, 2}}}
	taking, err := g.Send(t.Context(), d)
	if want := (smsengine.Taking{Reference: "s1", Ours: smsengine.Phone(ours), Receipts: true, Whole: true}); err != nil || taking != want {
		t.Fatalf("%+v, want %+v, %v", taking, want, err)
	}
	if form, err := url.ParseQuery(string(w.body)); err != nil || form.Get("message") != "one two" {
		t.Errorf("it says %q", w.body)
	}
}

// TestPartsHaveNamesOfTheirOwn, where Postel cuts.
func TestPartsHaveNamesOfTheirOwn(t *testing.T) {
	g := known(t, "kannel")
	g.provider.Splits = "postel"
	w := &recorder{answer: []byte("HTTP/1.1 202 Accepted\n\n0: ok")}
	g.client.Transport = w
	d := delivery(t, g, nil)
	d.Message.Parts = []smsengine.Part{{Text: "one "}, {Text: "two"}}
	for d.Part = range d.Message.Parts {
		taking, err := g.Send(t.Context(), d)
		if want := string(d.Message.ID) + []string{"-1", "-2"}[d.Part]; err != nil || taking.Reference != want || taking.Whole {
			t.Errorf("%+v, want %q, %v", taking, want, err)
		}
		if got := w.first.URL.Query().Get("text"); got != d.Message.Parts[d.Part].Text {
			t.Errorf("it says %q", got)
		}
	}
}

// TestNameAsSender: answers to a name go nowhere, so no number of ours is told.
func TestNameAsSender(t *testing.T) {
	g := known(t, "kannel")
	w := &recorder{answer: []byte("HTTP/1.1 202 Accepted\n\n0: ok")}
	g.client.Transport = w
	taking, err := g.Send(t.Context(), delivery(t, g, []byte("sender: EXAMPLE")))
	if err != nil || !taking.Ours.IsZero() || !strings.Contains(w.first.URL.RawQuery, "from=EXAMPLE") {
		t.Errorf("%+v, %v, %s", taking, err, w.first.URL)
	}
}
