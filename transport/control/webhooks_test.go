package control_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
)

// What the client puts is what the store has, secret included; who did what is in
// the log, without it.
func TestWebhooksThroughTheSocket(t *testing.T) {
	s, store, log := accounts(t)
	w := smsengine.Webhook{Name: "shop", Account: "shop", Occasions: smsengine.OnSent | smsengine.OnReceived, URL: "https://shop.example.com/?key=passw0rd", Secret: []byte("hush\x00"), Created: now}
	ok(t, s.PutWebhook(t.Context(), w))
	dir, err := store.Directory(t.Context())
	ok(t, err)
	if got, _ := dir.Webhook("shop"); !reflect.DeepEqual(got, w) {
		t.Errorf("stored %+v, want %+v", got, w)
	}
	if err := s.PutWebhook(t.Context(), w); !errors.Is(err, smsengine.ErrExists) {
		t.Errorf("a second one: %v", err)
	}
	for _, spoil := range []func(*smsengine.Webhook){
		func(w *smsengine.Webhook) { w.Name = "a/b" }, func(w *smsengine.Webhook) { w.URL = "" },
		func(w *smsengine.Webhook) { w.Secret = nil }, func(w *smsengine.Webhook) { w.Occasions = 0 },
	} {
		bad := w
		spoil(&bad)
		if err := s.PutWebhook(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "a webhook needs") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	ok(t, s.RemoveWebhook(t.Context(), "shop"))
	if err := s.RemoveWebhook(t.Context(), "shop"); !errors.Is(err, smsengine.ErrNotFound) || !strings.Contains(err.Error(), "there is no such webhook") {
		t.Errorf("removed twice: %v", err)
	}
	for _, want := range []string{`msg="webhook made" webhook=shop account=shop on="sent received" by=`, `msg="webhook removed" webhook=shop by=`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no line of the log says %s:\n%s", want, log)
		}
	}
	for _, never := range []string{"passw0rd", "hush"} {
		if strings.Contains(log.String(), never) {
			t.Errorf("%s is in the log", never)
		}
	}
	if _, _, err := s.CallAgain(t.Context(), "c0", ""); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("without anybody who calls: %v", err)
	}
}

// caller knows one failed call.
type caller struct{ asked []string }

func (c *caller) CallAgain(_ context.Context, id smsengine.MessageID, by string) (smsengine.MessageID, bool, error) {
	c.asked = append(c.asked, string(id)+" "+by)
	if id != "c0" {
		return "", false, smsengine.ErrTransition
	}
	return "c1", len(c.asked) == 1, nil
}

func (c *caller) AllAgain(_ context.Context, webhook, by string, most int) (int, bool, error) {
	if webhook != "shop" || by == "" {
		return 0, false, smsengine.ErrNotFound
	}
	return most, true, nil
}

func TestCallsThroughTheSocket(t *testing.T) {
	c := new(caller)
	s := serve(t, func(o *control.Options) { o.Caller = c })
	for _, fresh := range []bool{true, false} {
		if id, isNew, err := s.CallAgain(t.Context(), "c0", "nobody"); err != nil || id != "c1" || isNew != fresh {
			t.Errorf("%s, %t, %v", id, isNew, err)
		}
	}
	if strings.HasSuffix(c.asked[0], " ") || strings.HasSuffix(c.asked[0], "nobody") {
		t.Errorf("asked %q", c.asked)
	}
	if _, _, err := s.CallAgain(t.Context(), "c2", ""); !errors.Is(err, smsengine.ErrTransition) {
		t.Errorf("%v", err)
	}
	if n, more, err := s.AllAgain(t.Context(), "shop", "", 7); n != 7 || !more || err != nil {
		t.Errorf("%d, %t, %v", n, more, err)
	}
	if _, _, err := s.AllAgain(t.Context(), "other", "", 7); !errors.Is(err, smsengine.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
