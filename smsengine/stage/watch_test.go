package stage

import (
	"context"
	"slices"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// withHooks has webhooks.
type withHooks struct {
	facts
	hooks []smsengine.Webhook
}

func (f withHooks) Directory(context.Context) (*smsengine.Directory, error) {
	return smsengine.NewDirectory(nil, nil, nil, f.hooks), nil
}

func TestWatch(t *testing.T) {
	f := withHooks{hooks: []smsengine.Webhook{
		{Name: "shop", Account: "shop", Occasions: smsengine.AllOccasions},
		{Name: "ends", Occasions: smsengine.OnFailed},
	}}
	sent := &smsengine.Draft{Now: now, Facts: f, Message: smsengine.Message{ID: "m", Kind: smsengine.Text, Account: "shop"}}
	if err := watch(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	want := []smsengine.Watch{{Webhook: "ends", Occasions: smsengine.OnFailed}, {Webhook: "shop", Occasions: smsengine.AllOccasions &^ smsengine.OnReceived}}
	if !slices.Equal(sent.Message.Watch, want) || len(sent.Notices) != 0 {
		t.Errorf("a text is watched by %v, with calls %v", sent.Message.Watch, sent.Notices)
	}

	preview := &smsengine.Draft{Now: now, Facts: f, Preview: true, Message: sent.Message}
	preview.Message.Watch = nil
	if err := watch(t.Context(), preview); err != nil || preview.Message.Watch != nil {
		t.Errorf("a preview: %v, %v", preview.Message.Watch, err)
	}
}

// A text that answers nobody can go to the list of an account, whose webhook
// hears of it.
func TestDefaultIsAList(t *testing.T) {
	c := reception(t)
	c.DefaultRecipient = map[string]smsengine.Address{"office": smsengine.Inbox("shop")}
	f := withHooks{hooks: []smsengine.Webhook{{Name: "shop", Account: "shop", Occasions: smsengine.OnReceived}}}
	d := textFrom("Hello", f)
	d.Message.Parts = []smsengine.Part{{}}
	for _, s := range Incoming(c) {
		if err := s.Do(t.Context(), d); err != nil {
			t.Fatal(s.Name(), err)
		}
	}
	m := d.Message
	if m.To != smsengine.Inbox("shop") || m.Account != "shop" || m.State != smsengine.Delivered || m.Parts[0].State != smsengine.PartDelivered || m.Route != nil {
		t.Errorf("it is %+v", m)
	}
	if len(d.Notices) != 1 || d.Notices[0].About != m.ID || d.Notices[0].To != (smsengine.Webhook{Name: "shop"}).Address() ||
		d.Notices[0].Body.Notice.Occasion != smsengine.OnReceived || d.Notices[0].Account != "shop" {
		t.Errorf("called are %+v", d.Notices)
	}
	if m.Watch != nil {
		t.Errorf("a text from a phone is watched by %v", m.Watch)
	}
}
