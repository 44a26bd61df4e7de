package webhook

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestSecret(t *testing.T) {
	secret := NewSecret()
	if len(secret) != 32 || bytes.Equal(secret, NewSecret()) {
		t.Errorf("% x", secret)
	}
	text := SecretText(secret)
	if got, err := ParseSecret(" " + text + "\n"); err != nil || !bytes.Equal(got, secret) || !strings.HasPrefix(text, "whsec_") {
		t.Errorf("%s is read as % x, %v", text, got, err)
	}
	for _, bad := range []string{"", "whsec_", "hush", "whsec_hush!", strings.TrimPrefix(text, "whsec_"), SecretText(make([]byte, 23)), SecretText(make([]byte, 65))} {
		if _, err := ParseSecret(bad); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What is sent is verified by the library of the standard's authors.
func TestStandardWebhooks(t *testing.T) {
	b := newBed(t)
	b.passes(-time.Minute)
	type heard struct {
		header http.Header
		body   []byte
	}
	var all []heard
	b.serve(t, "/hear", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "Postel/1.2" {
			t.Errorf("it is %s with %v", r.Method, r.Header)
		}
		all = append(all, heard{r.Header, body})
	})
	d := call("shop")
	for range 2 {
		if taking, s := b.send(t, d); !taking.Delivered || s.Class != 0 {
			t.Fatalf("%+v, %+v", taking, s)
		}
		b.passes(30 * time.Second)
	}
	hook, _ := b.o.Webhook("shop")
	right, err := standardwebhooks.NewWebhook(SecretText(hook.Secret))
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := standardwebhooks.NewWebhook(SecretText(NewSecret()))
	for i, h := range all {
		if err := right.Verify(h.body, h.header); err != nil {
			t.Errorf("call %d: %v, with %v", i, err, h.header)
		}
		if wrong.Verify(h.body, h.header) == nil || right.Verify(append(h.body, ' '), h.header) == nil {
			t.Error("a signature holds for another key or another document")
		}
		if h.header.Get(HeaderID) != string(d.Message.ID) {
			t.Errorf("the call is named %s", h.header.Get(HeaderID))
		}
	}
	if len(all) != 2 || all[0].header.Get(HeaderTimestamp) == all[1].header.Get(HeaderTimestamp) {
		t.Errorf("the time of the attempts is not theirs: %v", all)
	}
}
