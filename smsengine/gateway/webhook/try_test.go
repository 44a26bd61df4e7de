package webhook

import (
	"net/http"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// A trial is made even while the webhook rests, says what was answered, and
// changes nothing for calls.
func TestTry(t *testing.T) {
	b := newBed(t)
	answer, heard := http.StatusInternalServerError, 0
	b.serve(t, "/hear?key=passw0rd", func(w http.ResponseWriter, r *http.Request) {
		heard++
		w.WriteHeader(answer)
	})
	hook, _ := b.o.Webhook("shop")
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "HTTP 500")
	for _, answer = range []int{500, 204, 410} {
		before := heard
		status, _, err := b.Try(t.Context(), hook, smsengine.SampleCall(hook, b.o.Now()))
		if status != answer || (err == nil) != (answer == 204) || heard != before+1 {
			t.Errorf("%d, %v; the program has heard %d", status, err, heard-before)
		}
	}
	_, s = b.send(t, call("shop"))
	wants(t, s, smsengine.Temporary, "called again later")
	hook.URL = "http://127.0.0.1:1/"
	if status, _, err := b.Try(t.Context(), hook, smsengine.SampleCall(hook, b.o.Now())); status != 0 || err == nil {
		t.Errorf("nobody there: %d, %v", status, err)
	}
}

// Whoever has the name of a removed webhook hears nothing of what waited for that.
func TestSameNameOfAnother(t *testing.T) {
	b := newBed(t)
	b.serve(t, "/", func(http.ResponseWriter, *http.Request) { t.Error("it was called") })
	b.mu.Lock()
	w := b.hooks["shop"]
	w.Account = "rival"
	b.hooks["shop"] = w
	b.mu.Unlock()
	_, s := b.send(t, call("shop"))
	wants(t, s, smsengine.Permanent, "the webhook was removed")
}

func TestSigns(t *testing.T) {
	for url, want := range map[string]bool{"https://shop.example.com/?x=1": true, "https://shop.example.com/?x=%%body%%": false, "nothing": false} {
		if Signs(url) != want {
			t.Errorf("%s: %t", url, !want)
		}
	}
}
