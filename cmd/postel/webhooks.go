package main

import (
	"context"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/webhook"
	v1 "github.com/postel-mail/postel/transport/httpapi/v1"
)

// How webhooks are called: so many at a time.
const (
	webhookConcurrency = 32
	webhookTimeout     = time.Minute // of the whole attempt; the driver gives up before
)

// newWebhooks makes the gateway that calls webhooks.
func (g *generation) newWebhooks() *webhook.Gateway {
	return webhook.New(webhook.Options{
		Webhook: g.webhook, Compose: v1.Event, Networks: g.cfg.HTTP.Near(), Version: buildVersion(), Log: g.log,
	})
}

// webhook gives a webhook as it is now.
func (g *generation) webhook(name string) (smsengine.Webhook, bool) {
	dir, err := g.store.Directory(context.Background())
	if err != nil {
		return smsengine.Webhook{}, false
	}
	return dir.Webhook(name)
}

// webhooksOf is what the JSON interface works with.
func (g *generation) webhooksOf() v1.Webhooks {
	return v1.Webhooks{
		Store: g.store, Engine: g.engine, Check: webhook.Check,
		Secret: newSecret,
		Try:    func(ctx context.Context, w smsengine.Webhook) v1.Trial { return try(ctx, g.webhooks, w) },
	}
}

// newSecret makes a secret for calls to a URL, and the form of it that is shown,
// "" if they are not signed.
func newSecret(url string) (secret []byte, shown string) {
	secret = webhook.NewSecret()
	if webhook.Signs(url) {
		shown = webhook.SecretText(secret)
	}
	return secret, shown
}

// try calls a webhook now, with a message that there never was.
func try(ctx context.Context, g *webhook.Gateway, w smsengine.Webhook) v1.Trial {
	status, took, err := g.Try(ctx, w, smsengine.SampleCall(w, time.Now()))
	t := v1.Trial{Taken: err == nil, Status: status, Millis: int(took.Milliseconds())}
	if err != nil {
		t.Problem = smsengine.StatusOf(err).Text
	}
	return t
}
