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

// What a rule ends is told, too: a program has the ID of a text that it sent, and
// waits for its end. Of a text from a phone that is dropped nobody is told.
func TestWatchHearsOfWhatRulesEnd(t *testing.T) {
	hooks := withHooks{hooks: []smsengine.Webhook{
		{Name: "all", Occasions: smsengine.AllOccasions}, {Name: "failures", Occasions: smsengine.OnFailed},
		{Name: "other", Account: "other", Occasions: smsengine.AllOccasions},
	}}
	for _, x := range []struct {
		name, out, in string
		want          smsengine.Occasions
	}{
		{"a text that is dropped", one("if.always = true\nthen.drop = true"), "", smsengine.OnCancelled},
		{"a text that is forwarded", one("if.always = true\nthen.forward = \"mary@example.org\""), "", smsengine.OnCancelled},
		{"a text that goes on", one("if.always = true\nthen.tag = \"x\""), "", 0},
		{"one from a phone that is dropped", "", one("if.always = true\nthen.drop = true"), 0},
		{"one from a phone that goes to another phone", "", one("if.always = true\nthen.forward = \"+15555550199\""), smsengine.OnReceived},
		{"one from a phone that goes to a mailbox", "", one("if.always = true\nthen.forward = \"mary@example.org\""), smsengine.OnReceived},
	} {
		c := ruled(t, x.out, x.in)
		d, list := mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", facts{}), Outgoing(c)
		if x.in != "" {
			d, list = textFrom("hi", facts{}), Incoming(c)
		}
		d.Facts, d.Message.Kind = hooks, smsengine.Text
		if x.in != "" {
			d.Message.Kind = smsengine.Incoming
		}
		if _, err := decide(t, list, d); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		var heard smsengine.Occasions
		for _, n := range d.Notices {
			if n.Kind == smsengine.Call {
				heard |= n.Body.Notice.Occasion
				if n.To.Value != "all" || n.About != d.Message.ID || n.Body.Notice.State != d.Message.State {
					t.Errorf("%s: called is %+v", x.name, n)
				}
			}
		}
		if heard != x.want {
			t.Errorf("%s: heard is %q, want %q", x.name, heard, x.want)
		}
	}
}
