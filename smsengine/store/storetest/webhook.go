package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var webhookCases = map[string]func(*bed){
	"webhooks are kept":                 webhooksKept,
	"they go with their account":        webhooksGo,
	"a call is stored with the change":  callWithChange,
	"a call has what it is about":       callHasWhole,
	"a text's webhooks come back again": watchKept,
}

func webhook(name, account string) smsengine.Webhook {
	return smsengine.Webhook{
		Name: name, Account: account, Occasions: smsengine.OnSent | smsengine.OnFailed,
		URL: "https://shop.example.com/" + name, Secret: []byte{0, 1, 2, 255}, Created: start,
	}
}

func (b *bed) putWebhook(name, account string) smsengine.Webhook {
	b.Helper()
	w := webhook(name, account)
	if err := b.store.PutWebhook(b.ctx(), w); err != nil {
		b.Fatal(err)
	}
	return w
}

func webhooksKept(b *bed) {
	before := b.directory()
	shop, all := b.putWebhook("shop", "shop"), b.putWebhook("all", "")
	if err := b.store.PutWebhook(b.ctx(), webhook("shop", "other")); !errors.Is(err, smsengine.ErrExists) {
		b.Errorf("a second one of the name: %v", err)
	}
	for _, when := range []string{"at once", "after a stop and a start"} {
		if got := b.directory().Webhooks(); len(got) != 2 || differences(got[0], all)+differences(got[1], shop) != "" {
			b.Errorf("%s: %+v", when, got)
		}
		b.reopen()
	}
	if len(before.Webhooks()) != 0 {
		b.Error("a Directory changed after it was given")
	}
	if err := b.store.RemoveWebhook(b.ctx(), "all"); err != nil {
		b.Error(err)
	}
	if err := b.store.RemoveWebhook(b.ctx(), "all"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("removed twice: %v", err)
	}
	if got := b.directory().Webhooks(); len(got) != 1 || got[0].Name != "shop" {
		b.Errorf("after one was removed: %+v", got)
	}
}

func webhooksGo(b *bed) {
	if err := b.store.PutAccount(b.ctx(), smsengine.Account{Name: "shop"}); err != nil {
		b.Fatal(err)
	}
	b.putWebhook("shop", "shop")
	b.putWebhook("all", "")
	if err := b.store.RemoveAccount(b.ctx(), "shop"); err != nil {
		b.Fatal(err)
	}
	if got := b.directory().Webhooks(); len(got) != 1 || got[0].Name != "all" {
		b.Errorf("left are %+v", got)
	}
}

// watched has a webhook that hears that a text was sent, and when it failed.
func watched(m *smsengine.Message) {
	m.Watch = []smsengine.Watch{{Webhook: "shop", Occasions: smsengine.OnSent | smsengine.OnFailed}}
}

func (b *bed) calls() []smsengine.Message {
	b.Helper()
	ms, err := b.store.List(b.ctx(), smsengine.Filter{Kind: smsengine.Call, Address: smsengine.Webhook{Name: "shop"}.Address(), Oldest: true})
	if err != nil {
		b.Fatal(err)
	}
	return ms
}

func callWithChange(b *bed) {
	m := b.sending(watched)
	b.record(event(m, smsengine.Taken))
	b.reopen()
	calls := b.calls()
	if len(calls) != 1 || calls[0].About != m.ID || calls[0].Body.Notice.Occasion != smsengine.OnSent ||
		calls[0].Account != m.Account || calls[0].Cost != 0 {
		b.Fatalf("after it was sent: %+v", calls)
	}
	if n := len(b.claimAt(start.Add(time.Hour), map[string]int{smsengine.WebhookGateway: 9})); n != 1 {
		b.Errorf("%d calls to make", n)
	}
}

func callHasWhole(b *bed) {
	m := b.sending(watched)
	b.record(event(m, smsengine.Taken))
	ds := b.claimAt(start.Add(time.Hour), map[string]int{smsengine.WebhookGateway: 1})
	if len(ds) != 1 || ds[0].About == nil || ds[0].About.ID != m.ID || ds[0].Source.ID != m.Source {
		b.Fatalf("claimed %+v", ds)
	}
	if r := b.record(event(ds[0].Message, smsengine.Refused)); len(r.Reports) != 0 || r.Message.State != smsengine.Failed {
		b.Errorf("a call that was refused: %+v", r)
	}
}

func watchKept(b *bed) {
	m := b.accept(b.text(watched, func(m *smsengine.Message) { m.Next = start.Add(time.Hour) }))[0]
	for _, when := range []string{"at once", "after a stop and a start"} {
		if got := b.message(m.ID).Watch; !slices.Equal(got, m.Watch) {
			b.Errorf("%s: %+v", when, got)
		}
		b.reopen()
	}
}
